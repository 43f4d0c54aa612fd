"""Files as they come in: taken as a whole or not at all."""

import gzip
from collections.abc import Iterator

import pytest

from clinical_engine.audit.models import AuditEntry
from clinical_engine.common.errors import RefusedError
from clinical_engine.common.lines import Bounds, LineForm
from clinical_engine.jobs.models import Job
from observations.importing import staging
from observations.models import ImportedLine, MeasurementImport
from submitters.models import Organisation
from tests import factories
from tests.observations.importing.support import HEADER, csv, item, ndjson, readings, received, row


@pytest.fixture
def clinic(db: None) -> Organisation:
    return factories.organisation()


def refused(clinic: Organisation, body: bytes, form: LineForm = LineForm.CSV, **options: object) -> str:
    """The code for which the whole file is refused; nothing is left of it."""
    with pytest.raises(RefusedError) as error:
        received(clinic, body, form, **options)  # type: ignore[arg-type]
    assert_nothing_is_left()
    [refusal] = error.value.refusals
    assert "secret" not in str(error.value)
    return refusal.code


def assert_nothing_is_left() -> None:
    for model in (ImportedLine, MeasurementImport, Job, AuditEntry):
        assert not model.objects.exists()


def test_a_file_is_kept_with_the_job_that_answers_it_and_who_sent_it_why(clinic: Organisation) -> None:
    person = factories.user()
    file = received(clinic, csv(row("m-1"), row("m-2")), LineForm.CSV, actor=person, reason="ticket 12")
    assert (file.lines, file.columns, file.actor) == (2, HEADER.split(","), person)
    lines = ImportedLine.objects.filter(measurement_import=file).order_by("line")
    assert list(lines.values_list("line", "content")) == [(2, row("m-1")), (3, row("m-2"))]
    job = Job.objects.get(pk=file.job_id)
    assert (job.kind, job.queue, job.organisation_id) == ("import", "reruns", clinic.pk)
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.reason, entry.target_id) == (person, "ticket 12", str(file.pk))
    assert entry.details == {"lines": 2, "dry_run": False}


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "no_header"),
        (f"{HEADER},name", "unknown_column"),
        (row("secret"), "unknown_column"),
        (HEADER.replace(",", ";"), "unknown_column"),
        (HEADER.replace("client_id", "Client_ID"), "unknown_column"),
        (f"{HEADER},unit", "repeated_column"),
        (HEADER.replace("measured_at", "replaces"), "missing_column"),
        (HEADER.replace("value,unit", "unit"), "missing_column"),
        (f'"{HEADER}', "no_header"),
    ],
)
def test_a_csv_without_a_header_as_described_is_refused(clinic: Organisation, header: str, code: str) -> None:
    assert refused(clinic, csv(row("secret"), header=header)) == code


@pytest.mark.parametrize("body", [b"", b"\n \n", csv()])
def test_a_file_without_lines_is_refused(clinic: Organisation, body: bytes) -> None:
    form = LineForm.CSV if body == csv() else LineForm.NDJSON
    assert refused(clinic, body, form) == "empty"


def test_what_is_too_large_is_refused_as_a_whole(
    clinic: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert refused(clinic, ndjson(item("secret" * 20_000)), LineForm.NDJSON) == "line_too_long"
    monkeypatch.setattr(staging, "BOUNDS", Bounds("file", 3, line_bytes=1000, total_bytes=2000))
    assert received(clinic, csv(row("m-1"), row("m-2"), row("m-3")), LineForm.CSV).lines == 3
    MeasurementImport.objects.all().delete()
    ImportedLine.objects.all().delete()
    Job.objects.all().delete()
    AuditEntry.objects.all().delete()
    assert refused(clinic, readings(4), LineForm.NDJSON) == "too_many_lines"
    swollen = gzip.compress(b" " * 900 + b"\n" + b" " * 900 + b"\n" + b" " * 900)
    assert refused(clinic, swollen, LineForm.NDJSON, gzipped=True) == "too_large"


def test_a_packed_file_is_unpacked_and_one_that_was_cut_off_refused(clinic: Organisation) -> None:
    packed = gzip.compress(readings(3000))
    assert refused(clinic, packed[:-9], LineForm.NDJSON, gzipped=True) == "truncated_gzip"
    assert received(clinic, packed, gzipped=True).lines == 3000


def test_an_upload_that_breaks_off_leaves_nothing(clinic: Organisation) -> None:
    def broken() -> Iterator[bytes]:
        yield readings(5000)
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        received(clinic, broken())
    assert_nothing_is_left()


@pytest.mark.parametrize("reason", ["", "  "])
def test_without_a_reason_nothing_is_taken(clinic: Organisation, reason: str) -> None:
    assert refused(clinic, readings(1), LineForm.NDJSON, reason=reason) == "missing"


def test_the_name_of_a_file_is_kept_as_far_as_it_can_be(clinic: Organisation) -> None:
    assert received(clinic, readings(1)).file_name == "readings.csv"


def in_other_words(encoding: str) -> bytes:
    return csv(row("secret")).decode().encode(encoding)


UTF_16 = "The file is in UTF-16; it must be in UTF-8."
CR_ALONE = "The lines of the file end with CR alone; they must end with LF or CRLF."


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (in_other_words("utf-16"), UTF_16),
        (in_other_words("utf-16-le"), UTF_16),
        (in_other_words("utf-16-be"), UTF_16),
        (in_other_words("utf-32"), "The file is in UTF-32; it must be in UTF-8."),
        (b"PK\x03\x04\x14\x00", "Line 1 must be the header; in the file it is no text in UTF-8."),
        (b"client_id,gr\xf6\xdfe\n", "Line 1 must be the header; in the file it is no text in UTF-8."),
        (csv(row("secret")).replace(b"\n", b"\r"), CR_ALONE),
        (csv(*[row("secret")] * 2_000).replace(b"\n", b"\r"), CR_ALONE),
    ],
)
def test_a_csv_in_another_encoding_or_with_other_ends_of_lines_is_told_so(
    clinic: Organisation, body: bytes, message: str
) -> None:
    with pytest.raises(RefusedError) as error:
        received(clinic, body, LineForm.CSV)
    [refusal] = error.value.refusals
    assert (refusal.code, refusal.message) == ("no_header", message)
    assert_nothing_is_left()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r\r\n"])
def test_a_csv_in_utf_8_is_taken_with_a_mark_or_without_and_with_cr_before_lf(
    clinic: Organisation, encoding: str, end: bytes
) -> None:
    body = csv(row("m-1")).decode().encode(encoding).replace(b"\n", end)
    assert received(clinic, body, LineForm.CSV).lines == 1
