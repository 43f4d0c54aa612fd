"""Slow queries: what is found of them and when, and what it costs to look."""
