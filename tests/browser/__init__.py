"""Journeys through the real services in a real browser."""
