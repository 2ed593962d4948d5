"""The floor of the house: small, domain-free tools that import nothing of ours."""
