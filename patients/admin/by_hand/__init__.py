"""Stating by hand that a patient is active or inactive, or moves: asked, shown as it would be, then done."""
