"""A patient's associations as a drawing: one lane for each submitter, to scale, in the organisation's time zone."""
