"""Backfills: every result of a script over a period brought current, and what another version would have given instead."""
