"""The machine's doors: parse, one action or query, answer."""
