"""What each operation of the language gives for sets of values."""
