"""Routing policies: YAML documents of rules with CEL conditions, and what they decide about an item."""
