"""Accounts: people, roles, access, second factors and the signing ceremony."""
