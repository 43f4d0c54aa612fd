"""Stored payloads: reading them in every format, mending what fits none, and what waits for another release."""
