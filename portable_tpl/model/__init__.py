"""The data that every layer speaks of; it imports nothing but itself."""
