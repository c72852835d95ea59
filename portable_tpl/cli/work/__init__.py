"""The work of the commands: what they share, and what is too much for a command's own file."""
