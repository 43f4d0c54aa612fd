"""Every reason for which a reading or a request is refused: what it means, and what to do. docs/catalogue.md says the same."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """What was wrong, and what whoever sends it does about it."""

    meaning: str
    remedy: str


_COMPLETE = "Send every field that the API's description requires."
_AS_DESCRIBED = "Send the field as the API's description has it."
_IDENTIFIERS = "Send ids of 1 to 128 printable characters, without white space at the ends."
_CLOCK = "Set the clock of the device or the sender."
_UNIT = "Send one of the code's units, or add the unit to the code in the catalogue."
_KIND = "Send what the code's kind of value asks for; look it up in the catalogue."
_NUMBER = "Mend the sender: no device measures such a number."
_FHIR = "Send Observations as the page about FHIR describes them."
_PARTS = "Send the parts that the catalogue has for the code, each once."
_SMALLER = "Send less at once: docs/api.md and docs/rosters.md say how much."
_WHOLE_LIST = "Write and send the whole list again."

REASONS: Mapping[str, Reason] = {
    "invalid": Reason(
        "a field, or the whole item, is not of the form that is asked for, or is none that there is",
        _AS_DESCRIBED,
    ),
    "no_json": Reason(
        "the body of a request is not JSON; nothing of it was taken", "Mend what writes the JSON."
    ),
    "duplicate_key": Reason(
        "an item, or a body, has a key twice, and which of the two counts cannot be told",
        "Mend what writes the JSON: send each field once.",
    ),
    "compressed": Reason(
        "the body of a request is compressed; nothing of it was taken",
        "Send it without compression and without `Content-Encoding`: only rosters are taken packed.",
    ),
    "missing": Reason("a field is not there", _COMPLETE),
    "empty": Reason("a text or a list is empty", _COMPLETE),
    "too_long": Reason("a text is longer than the field takes", _AS_DESCRIBED),
    "not_printable": Reason(
        "an id has characters that cannot be seen, or white space at an end", _IDENTIFIERS
    ),
    "not_text": Reason(
        "the code takes a text, and something else was sent; or a text is not UTF-8", _AS_DESCRIBED
    ),
    "time_zone_missing": Reason(
        "a time has no offset", "Send times with an offset, such as 2026-01-31T08:00:00+01:00."
    ),
    "no_such_offset": Reason("a time has an offset beyond 14 hours", _CLOCK),
    "in_the_future": Reason("a time is more than 10 minutes ahead of the engine's clock", _CLOCK),
    "too_early": Reason("a time is before 1900", _CLOCK),
    "unknown_code": Reason(
        "the catalogue does not have the code, or only as one that scripts compute",
        "Add the code to the catalogue, or let the sender use another.",
    ),
    "unit_missing": Reason("a quantity has no unit", "Send the unit, in UCUM."),
    "unknown_unit": Reason("UCUM has no such unit, or none that can be worked with", _UNIT),
    "wrong_dimension": Reason("the unit measures something else than the code does", _UNIT),
    "wrong_unit": Reason("the unit could be converted, but is none of the code's", _UNIT),
    "unit_not_taken": Reason(
        "the unit is none of the code's; so many other ones were sent within a minute that UCUM was not asked about it",
        _UNIT,
    ),
    "unit_not_allowed": Reason(
        "a unit was sent with what is no quantity", "Send no unit with it; each component has its own."
    ),
    "not_a_number": Reason("the code takes a quantity, and the value is no number", _KIND),
    "not_finite": Reason(
        "the number is infinite; in JSON, which has no such numbers, `not_a_number` says so", _NUMBER
    ),
    "too_large": Reason(
        "the number is 10^15 or more in size, as sent or in the canonical unit, or a FHIR resource or a list is larger than is"
        " read",
        "A number: mend the sender, no device measures such a one. A resource or a list: send less in one.",
    ),
    "too_many_digits": Reason("the number has more than 30 digits", _NUMBER),
    "not_boolean": Reason("the code takes true or false", _KIND),
    "not_a_code": Reason("the code takes the code of an answer, as a text", _KIND),
    "unknown_answer": Reason(
        "the code has answers, and this is none of them",
        "Send one of the answers, or add it to the code in the catalogue.",
    ),
    "value_and_components": Reason("a reading has a value and components", _KIND),
    "components_not_allowed": Reason("the code takes a single value", _KIND),
    "unknown_component": Reason("the code has no such part", _PARTS),
    "component_twice": Reason("a part stands there twice", _PARTS),
    "component_missing": Reason("a part that is required is not there", _PARTS),
    "too_many": Reason("a reading has more than 100 components", _PARTS),
    "replaces_itself": Reason(
        "a correction has the id of what it corrects", "Send a correction under a `client_id` of its own."
    ),
    "replaced_already": Reason("another reading has replaced it already", "Correct that other one."),
    "replaces_in_a_circle": Reason(
        "what a correction replaces is a correction of it itself, directly or through others: none would count",
        "Send what is right under a `client_id` of its own, as a correction of the one that counts.",
    ),
    # Files that staff import.
    "not_csv": Reason(
        "a line has another number of values than the head of the file, or a quote out of place",
        "Mend the line and import it again.",
    ),
    "not_json": Reason("the components of a line are no list in JSON", "Mend the line and import it again."),
    # FHIR.
    "status_not_final": Reason(
        "an Observation is preliminary, cancelled or of an unknown status",
        "Send it once it is final, amended or corrected.",
    ),
    "replaces_twice": Reason(
        "an Observation replaces more than one", "Send one Observation for each that is replaced."
    ),
    "unknown_element": Reason("a resource has an element that is not read", _FHIR),
    "resource_not_supported": Reason("a resource is no Observation", _FHIR),
    "request_not_supported": Reason("an entry asks for something else than storing an Observation", _FHIR),
    "condition_not_supported": Reason("an entry has a condition", _FHIR),
    "subject_not_understood": Reason("the subject names no patient in a way that is understood", _FHIR),
    "unknown_patient": Reason(
        "the subject is no patient of the sender's organisations",
        "Name the patient by an id of the organisation.",
    ),
    "unknown_organisation": Reason(
        "the organisation is none that the sender's key may act for",
        "Give the API client the organisation, or send its own.",
    ),
    "code_system_not_supported": Reason(
        "a code is of another system than the catalogue's", "Send the code of LOINC, or ours."
    ),
    "unit_system_not_supported": Reason(
        "a unit is of another system than UCUM", "Send the unit in UCUM, with its system."
    ),
    "value_twice": Reason("an Observation has more than one value", _FHIR),
    "value_absent": Reason(
        "an Observation says that there is no value", "Send nothing for what was not measured."
    ),
    "comparator_not_supported": Reason(
        "a value is only known to be above or below", "Send exact values only."
    ),
    "time_twice": Reason("an Observation has more than one time", _FHIR),
    "date_without_time": Reason(
        "an Observation has a date and no time of day", "Send the time, with its offset."
    ),
    "no_instant": Reason(
        "an Observation is of a period, or of a schedule", "Send the instant of the reading."
    ),
    "value_type_not_supported": Reason("an Observation has a value of a type that is not taken", _FHIR),
    "focus_not_supported": Reason(
        "an Observation is about somebody or something else than its subject", _FHIR
    ),
    "modifier_not_understood": Reason(
        "an Observation has a modifier, which may change its meaning, and which is not known here", _FHIR
    ),
    # Requests to store something, as a whole.
    "body_too_large": Reason("the body of a request is larger than is read", _SMALLER),
    "body_cut_short": Reason("the body of a request ended before its end", "Send it again."),
    "body_too_slow": Reason(
        "the body of a request did not come in time",
        "Send the roster again, packed with gzip.",
    ),
    "unsupported_media_type": Reason(
        "the body of a request says that it is of another media type, or packed in a way that is not read",
        "Name the media type that the API's description has.",
    ),
    "not_acceptable": Reason(
        "the sender takes no answer of a media type that there is", "Accept the media type that is answered."
    ),
    "idempotency_key_invalid": Reason(
        "the header `Idempotency-Key` holds no key", "Send a UUID, new for each request."
    ),
    "idempotency_key_reused": Reason(
        "an `Idempotency-Key` was used before with another body; nothing of this one was taken",
        "Send a new key with each new request.",
    ),
    "permission_denied": Reason(
        "the sender's key lacks the scope that the request needs", "Give the API client the scope."
    ),
    "not_found": Reason(
        "what a request is about is not there, or none that the sender's key may see",
        "Send the ids that were answered when it was stored.",
    ),
    "unknown_submitter": Reason(
        "the submitter is none that the sender's key may act for",
        "Give the API client its organisation, or send another.",
    ),
    "another_organisation": Reason(
        "a move goes to a submitter of another organisation",
        "State both halves, each with its own organisation.",
    ),
    "same_submitter": Reason(
        "a move goes to the submitter that is left", "Mend what chooses the submitters."
    ),
    "contradicts_another_item": Reason(
        "another statement of the same batch gives the patient another time",
        "Send one of them, or both one after the other.",
    ),
    "unknown_fact": Reason("there is no fact of this name", _AS_DESCRIBED),
    "unknown_value": Reason("the fact cannot have this value", _AS_DESCRIBED),
    "not_a_whole_number": Reason("the fact is a whole number, and something else was sent", _AS_DESCRIBED),
    "out_of_range": Reason("the number is none that the fact can be", _AS_DESCRIBED),
    "unknown_parameter": Reason("a request has a parameter that there is not", _AS_DESCRIBED),
    # Lists of active patients.
    "older_roster": Reason(
        "a list as of a later time was applied, or waits for a person", "Nothing: the later list counts."
    ),
    "no_header": Reason(
        "a list in CSV does not begin with its header, is not in UTF-8, or its lines end with CR alone",
        _WHOLE_LIST,
    ),
    "too_many_lines": Reason("a list has more lines than are read", _SMALLER),
    "line_too_long": Reason("a line of a list is longer than is read", _WHOLE_LIST),
    "truncated_gzip": Reason("a packed list was cut off", _WHOLE_LIST),
    "broken_gzip": Reason("a packed list cannot be unpacked", _WHOLE_LIST),
}
