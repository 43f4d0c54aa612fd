"""Runs the engine on one machine: embedded PostgreSQL and Redis, and web, workers and scheduler beside them.

Knows nothing of Django or of patients. `python -m clinical_engine.running` is its front door, and
docs/operations/running.md its manual.
"""
