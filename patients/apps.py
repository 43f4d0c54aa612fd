from django.apps import AppConfig


class PatientsConfig(AppConfig):
    """Patients, the statements about them, and the associations that follow from those."""

    name = "patients"

    def ready(self) -> None:
        """Register the job kinds, the probes, what statements may grow with, and what the admin's pages show of this app."""
        from clinical_engine.jobs import registry  # noqa: PLC0415 - needs loaded models
        from clinical_engine.monitoring import probes  # noqa: PLC0415
        from clinical_engine.profiling import drivers  # noqa: PLC0415
        from patients.admin.offers import offer  # noqa: PLC0415
        from patients.drivers import DRIVERS  # noqa: PLC0415
        from patients.jobs import KINDS  # noqa: PLC0415
        from patients.probes import PROBES  # noqa: PLC0415

        for kind in KINDS:
            registry.register(kind)
        probes.register(*PROBES)
        drivers.register(*DRIVERS)
        offer()
