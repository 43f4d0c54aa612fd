"""What would become of a conflict's second content if it were taken now: told before anybody decides."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from observations.catalogue import catalogue
from observations.intake.checking import check
from observations.intake.resolving import client_id_of_second, reading_of_second
from observations.models import Correction, CorrectionKind, Measurement, MeasurementConflict
from patients.models import Association


@dataclass(frozen=True, slots=True)
class Prospect:
    """`obstacles` are sentences about why it cannot be taken; none when it can. The others say what it would be then."""

    obstacles: Sequence[str]
    is_implausible: bool = False
    is_held: bool = False


def prospect_of(conflict: MeasurementConflict) -> Prospect:
    """What taking the second content of an unresolved conflict would come to, as things stand; some queries, nothing changed."""
    checked = check(reading_of_second(conflict), catalogue(), timezone.now())
    obstacles = [*_obstacles(conflict)]
    if isinstance(checked, list):
        obstacles += [refusal.message for refusal in checked]
    if isinstance(checked, list) or obstacles:
        return Prospect(obstacles)
    return Prospect([], checked.is_implausible, is_held=not _is_covered(conflict))


def _obstacles(conflict: MeasurementConflict) -> Iterator[str]:
    second = client_id_of_second(conflict)
    own = Q(organisation=conflict.organisation_id)
    replaced = Correction.objects.filter(
        own, target_client_id=conflict.measurement.client_id, kind=CorrectionKind.REPLACED
    )
    if replaced.exclude(replacement_client_id=second).exists():
        yield (
            "Another measurement replaces the first already, and both would count. If the second is right, its sender sends it "
            "again under another id, to replace that one."
        )
    if Measurement.objects.filter(own, client_id=second).exists():
        yield "A measurement with the id that the second would get is there already: somebody else sent it."


def _is_covered(conflict: MeasurementConflict) -> bool:
    time = conflict.measured_at
    return Association.objects.filter(
        Q(dissociated_at=None) | Q(dissociated_at__gt=time),
        patient__organisation=conflict.organisation_id,
        patient__external_id=conflict.external_id,
        associated_at__lte=time,
    ).exists()
