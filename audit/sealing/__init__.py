"""Sealing: the log's Merkle tree, its signed checkpoints, the proofs made from it and their verification."""
