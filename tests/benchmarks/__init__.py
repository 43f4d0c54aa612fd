"""Measurements of the engine, run by `make bench`. They are no timed tests: they print a table and write JSON."""
