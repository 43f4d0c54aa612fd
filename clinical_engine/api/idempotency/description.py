"""The OpenAPI side: what every operation that takes an `Idempotency-Key` has in common."""

from drf_spectacular.utils import OpenApiParameter

from clinical_engine.api.idempotency.answers import KEPT_FOR, REPLAYED
from clinical_engine.api.idempotency.keys import HEADER

_HOURS = int(KEPT_FOR.total_seconds() // 3600)
PARAMETERS = (
    OpenApiParameter(
        HEADER,
        str,
        OpenApiParameter.HEADER,
        description="1 to 255 visible ASCII characters, bare or as a quoted string, new for each request. The same request"
        f" with the same key is answered as the first was, for {_HOURS} hours, and does nothing again.",
    ),
    OpenApiParameter(
        REPLAYED,
        str,
        OpenApiParameter.HEADER,
        enum=["true"],
        response=[202, 409, 422],
        description="There when this is the answer that was given before",
    ),
)
# By status: what the answer can mean beside what it means without a key.
ANSWERS = (
    ("400", f"The {HEADER} is not as described"),
    (
        "409",
        f"A request with this {HEADER} is being worked on: send the same again after `Retry-After` seconds",
    ),
    ("422", f"The {HEADER} was used before with another body"),
)
