"""The ledger's own doors: checkpoints, tiles and proofs for whoever verifies."""
