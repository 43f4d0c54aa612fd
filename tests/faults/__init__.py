"""Faults, struck at real processes and servers under load: nothing is lost, nothing is done twice. Run by `make faults`."""
