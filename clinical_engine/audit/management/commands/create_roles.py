"""`manage.py create_roles`: the groups that staff accounts are put into."""

from typing import Any

from django.core.management.base import BaseCommand

from clinical_engine.audit.roles import create_roles


class Command(BaseCommand):
    """Creates the roles, or brings their permissions up to date after a release."""

    help = "Create the roles (groups with their permissions), or bring them up to date."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401, ARG002 - Django's signature
        """Print the roles' names."""
        self.stdout.write(f"Roles: {', '.join(create_roles())}")
