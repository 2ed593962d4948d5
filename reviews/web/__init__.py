"""The pages of reviews: each view parses, asks or does one thing, and answers."""
