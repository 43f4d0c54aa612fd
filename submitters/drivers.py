"""What statements may grow with of submitters."""

from clinical_engine.profiling.drivers import Driver, about


def submitters() -> float:
    """How many submitters there are. As accurate as `about`, so exact."""
    return about("submitters_submitter")


DRIVERS = (Driver("submitters", "submitters", submitters),)
