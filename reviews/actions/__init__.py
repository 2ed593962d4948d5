"""What may happen: each action locks, asks, does, moves, in one transaction."""
