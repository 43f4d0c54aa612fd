"""Once a day for each statement: whether it grows, with what, and when it reaches its limit.

Only `driving` loads the estimate with its numerics, and a web process for the page of a statement: elsewhere what is stored is
shown.
"""
