"""The differential runner: conversations, mismatches, the smallest of them, and their causes."""
