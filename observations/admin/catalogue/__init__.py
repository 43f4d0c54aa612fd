"""The catalogue of codes: shown, and edited by who may."""

from observations.admin.catalogue import codes

__all__ = ["codes"]
