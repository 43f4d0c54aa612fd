"""Files of measurements, imported by staff: received line by line, and worked off by a job."""
