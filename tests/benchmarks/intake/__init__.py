"""What taking measurements in costs: against COPY, among twenty million, in memory, and with all the rest at once."""
