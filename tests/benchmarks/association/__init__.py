"""What linking patients costs: one of them among many, a roster, a batch, and the same by Django's own means."""
