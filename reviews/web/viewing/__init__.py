"""How a file is shown: what its bytes are, and what of it can stand on a page of ours without harm."""
