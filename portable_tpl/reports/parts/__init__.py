"""What the formats share: findings joined with their proof, differences, places, words, and printable text."""
