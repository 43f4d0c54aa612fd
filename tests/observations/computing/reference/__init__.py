"""What must be current, worked out from everything that was accepted in the plainest way: slow, in memory, all of it anew.

It shares nothing with `observations.computing`, `observations.scripts` and `observations.engine`: units, windows, periods, the time
line and the scripts themselves are written a second time here, as plain functions over plain lists.
"""
