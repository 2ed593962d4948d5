"""What pages show of items: facts of an item worked out for reading, without a request and without HTML."""
