"""Why a request with an `Idempotency-Key` is not worked on. Their texts never repeat the key, which may be anything."""

from rest_framework.exceptions import APIException


class InvalidKeyError(APIException):
    """The header is there and holds no key."""

    status_code = 400
    default_code = "idempotency_key_invalid"
    default_detail = (
        "Idempotency-Key must be 1 to 255 visible ASCII characters, bare or as a quoted string of a structured field;"
        " nothing was stored."
    )


class KeyInUseError(APIException):
    """A request with this key is being worked on."""

    status_code = 409
    default_code = "idempotency_key_in_use"
    default_detail = "A request with this Idempotency-Key is being worked on. Send the same again soon."
    # The framework makes it the Retry-After.
    wait = 1


class KeyReusedError(APIException):
    """The key was used before with another body."""

    status_code = 422
    default_code = "idempotency_key_reused"
    default_detail = "This Idempotency-Key was used before with another body; nothing was stored. A new request needs a new key."
