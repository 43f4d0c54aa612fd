"""What a statement cost, drawn: against its driver, and day by day."""
