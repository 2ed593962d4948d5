"""Bringing an empty production database into use, once; running it again finds everything there."""
