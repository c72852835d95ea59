"""What runs inside the worker processes; each module is one engine's side of the protocol."""
