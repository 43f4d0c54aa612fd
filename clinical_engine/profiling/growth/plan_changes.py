from clinical_engine.profiling.durations import Durations


def changed_by(usual: Durations, recent: Durations) -> float | None:
    return None
