"""The proof: entries, exhibits, sealing, verification. Never imports reviews or the shell."""
