"""What the past costs of a statement say of its future. Pure: days in, a verdict out; no database and no clock.

`series` and `verdicts` are cheap to import; `estimating` needs numpy.
"""
