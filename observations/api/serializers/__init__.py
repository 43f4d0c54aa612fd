"""What the API takes and gives of measurements, observations and patients."""

from observations.api.serializers.measurements import (
    CorrectionAcceptedSerializer,
    EnteredInErrorByClientIdRequestSerializer,
    EnteredInErrorRequestSerializer,
    MeasurementPageSerializer,
    MeasurementSerializer,
)
from observations.api.serializers.observations import (
    ObservationPageSerializer,
    ObservationSerializer,
)
from observations.api.serializers.patients import (
    LookupRequestSerializer,
    PatientSerializer,
)
from observations.api.serializers.sending import (
    MeasurementResultsSerializer,
    MeasurementsProblemSerializer,
    MeasurementsRequestSerializer,
)

__all__ = [
    "CorrectionAcceptedSerializer",
    "EnteredInErrorByClientIdRequestSerializer",
    "EnteredInErrorRequestSerializer",
    "LookupRequestSerializer",
    "MeasurementPageSerializer",
    "MeasurementResultsSerializer",
    "MeasurementSerializer",
    "MeasurementsProblemSerializer",
    "MeasurementsRequestSerializer",
    "ObservationPageSerializer",
    "ObservationSerializer",
    "PatientSerializer",
]
