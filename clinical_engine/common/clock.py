"""What every part knows about time."""

from datetime import timedelta

# As in FHIR and XML Schema. PostgreSQL refuses anything from 16 hours on, which would fail a whole request.
LARGEST_OFFSET = timedelta(hours=14)
