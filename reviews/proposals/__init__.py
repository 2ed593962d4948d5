"""Proposals: the kinds of configuration that need a second person, what each would change, and who may decide."""
