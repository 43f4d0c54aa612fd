"""Dated facts about patients, by the vitals app."""

from patients.api.facts.views import FactInErrorByClientIdView, FactInErrorView, FactsView

__all__ = ["FactInErrorByClientIdView", "FactInErrorView", "FactsView"]
