"""A patient's measurements as drawings: one for each code, below the patient's associations on the same axis of time."""
