"""Statements by the vitals app."""

from patients.api.views.batches import ActivationBatchView, DeactivationBatchView
from patients.api.views.moves import MovesView
from patients.api.views.statements import ActivationsView, DeactivationsView

__all__ = [
    "ActivationBatchView",
    "ActivationsView",
    "DeactivationBatchView",
    "DeactivationsView",
    "MovesView",
]
