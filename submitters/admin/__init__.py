"""Organisations, their submitters and API clients."""

from submitters.admin import clients, organisations

__all__ = ["clients", "organisations"]
