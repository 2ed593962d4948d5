"""The demonstration: the whole portal with people, flows and real records, for as long as somebody looks."""
