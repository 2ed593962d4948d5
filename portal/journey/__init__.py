"""The journey: real records go from a flow to its executor on a portal of their own; all of it is checked."""
