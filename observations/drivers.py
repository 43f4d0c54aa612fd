"""What statements about measurements may grow with."""

from clinical_engine.profiling.drivers import Driver, about


def measurements() -> float:
    """How many measurements there are, held, replaced and retracted ones too. As accurate as `about`."""
    return about("observations_measurement")


DRIVERS = (Driver("measurements", "measurements", measurements),)
