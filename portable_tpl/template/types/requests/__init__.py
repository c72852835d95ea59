"""What a chat request can bring, as sets of values."""
