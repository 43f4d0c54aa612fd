"""Once a day for each statement: whether it grows, with what, and when it reaches its limit.

Only `driving` loads the estimate with its numerics: a web process shows what is stored.
"""
