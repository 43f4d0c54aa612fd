"""Plays the vitals app against a running engine, over HTTP only, and checks everything that the engine makes of it.

What is expected is worked out here once more, from nothing but what was sent: no module below imports anything of the engine,
except `own_client`, which makes a key on a development engine. docs/simulator.md is its manual.
"""

from observations.simulator.options import Options, Target
from observations.simulator.running import simulate
from observations.simulator.summary import Summary

__all__ = ["Options", "Summary", "Target", "simulate"]
