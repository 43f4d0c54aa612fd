"""Refusals of a service, shown at the fields of a form."""

from django import forms

from clinical_engine.common.errors import RefusedError


def refuse(form: forms.Form, error: RefusedError) -> None:
    """Show each refusal at its field, or above the form when it has no such field."""
    for refusal in error.refusals:
        known = refusal.field in form.fields
        form.add_error(
            refusal.field if known else None,
            refusal.message if known else f"{refusal.field}: {refusal.message}",
        )
