"""Examples: real public records, routing policies, data contracts and the items a flow would make of them."""
