"""The library comes in through drafts and tests, and never overrules what people have decided."""

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from clinical_engine.common.errors import NotAllowedNowError, RefusedError
from observations.catalogue import catalogue
from observations.models import ObservationScript, Publication, ScriptVersion
from observations.scripts.content import ScriptContent, content_of
from observations.scripts.drafting import create_script, draft_version, save_draft
from observations.scripts.library import GLUCOSE_7D, LIBRARY, LibraryScript
from observations.scripts.library.installing import State, install, install_library
from observations.scripts.publishing import propose, publish_proposed, roll_back, withdraw
from tests import factories
from tests.factories import NOON

pytestmark = pytest.mark.django_db
CHANGED = replace(GLUCOSE_7D, source=f"{GLUCOSE_7D.source}# Said otherwise.\n")
CHANGED_AGAIN = replace(GLUCOSE_7D, source=f"{GLUCOSE_7D.source}# Said otherwise again.\n")


def published() -> list[int | None]:
    """The version of each publication in turn."""
    return list(Publication.objects.order_by("pk").values_list("version__number", flat=True))


def two_people() -> tuple[User, User]:
    return factories.user(), factories.user()


def publish_by_people(version: ScriptVersion) -> None:
    author, reviewer = two_people()
    propose(actor=author, version=version, effective_from=NOON)
    version.refresh_from_db()
    publish_proposed(actor=reviewer, version=version)


def draft_of_our_own() -> ScriptVersion:
    owner = ObservationScript.objects.get(name=GLUCOSE_7D.name)
    content = ScriptContent(
        CHANGED_AGAIN.source, GLUCOSE_7D.inputs, GLUCOSE_7D.outputs, GLUCOSE_7D.test_cases
    )
    return draft_version(actor=factories.user(), script=owner, code=GLUCOSE_7D.code, content=content)


def run(*arguments: str) -> list[str]:
    output = io.StringIO()
    call_command("load_scripts", *arguments, stdout=output, stderr=output)
    return output.getvalue().splitlines()


def test_the_whole_library_is_published_with_its_cases_green_and_then_there_is_nothing_left_to_do() -> None:
    assert [version.script.name for version in install_library(scripts=LIBRARY)] == [
        script.name for script in LIBRARY
    ]
    assert {install(script).state for script in LIBRARY} == {State.UNCHANGED}
    assert set(published()) == {1}
    first = Publication.objects.get(script__name="news2")
    assert first.effective_from == LIBRARY[0].default_effective_from


def test_every_code_of_the_library_is_in_the_catalogue_with_the_units_and_answers_that_it_is_given_in() -> (
    None
):
    codes = catalogue().by_code
    for script in LIBRARY:
        assert codes[script.code].is_computed, script.code
        for field, output in script.outputs.items():
            if "code" in output:
                entry = codes[output["code"]]
                assert output.get("unit", "") in {"", *entry.units}, field
                assert set(output.get("answers", [])) == (
                    entry.answers.keys() if "answers" in output else set()
                )


def test_a_changed_script_becomes_a_new_version() -> None:
    install(GLUCOSE_7D)
    state, version = install(CHANGED)
    assert (state, version.number, content_of(version).source) == (State.UPDATED, 2, CHANGED.source)
    assert published() == [1, 2]


@pytest.mark.parametrize("what", ["source", "inputs", "outputs", "test_cases"])
def test_any_part_of_a_script_that_changed_makes_a_new_version(what: str) -> None:
    install(GLUCOSE_7D)
    days_14 = {"glucose": GLUCOSE_7D.inputs["glucose"] | {"window_seconds": 14 * 86400}}
    changes: dict[str, Any] = {
        "source": CHANGED.source,
        "inputs": days_14,
        "outputs": GLUCOSE_7D.outputs | {"mean": {"code": "glucose-mean-7d"}},
        "test_cases": GLUCOSE_7D.test_cases[1:],
    }
    assert install(replace(GLUCOSE_7D, **{what: changes[what]})).state is State.UPDATED


def published_by_people(_: ScriptVersion) -> None:
    publish_by_people(draft_of_our_own())


def rolled_back(first: ScriptVersion) -> None:
    install(CHANGED_AGAIN)
    roll_back(actor=factories.user(), to=first, effective_from=NOON, reason="The new one is wrong")


def withdrawn(first: ScriptVersion) -> None:
    withdraw(actor=factories.user(), script=first.script, effective_from=NOON, reason="Not used here")


@pytest.mark.parametrize("decide", [published_by_people, rolled_back, withdrawn])
def test_what_people_decided_stands_and_the_new_text_waits_as_a_draft(
    decide: Callable[[ScriptVersion], None],
) -> None:
    decide(install(GLUCOSE_7D).version)
    before = published()
    state, draft = install(CHANGED)
    assert (state, draft.published_at, draft.source) == (State.WITHHELD, None, CHANGED.source)
    assert published() == before


def test_a_withheld_draft_is_made_once_and_follows_the_library() -> None:
    install(GLUCOSE_7D)
    publish_by_people(draft_of_our_own())
    [first, again, later] = [
        install(script) for script in (CHANGED, CHANGED, replace(CHANGED, test_cases=CHANGED.test_cases[:2]))
    ]
    assert {state for state, _ in (first, again, later)} == {State.WITHHELD}
    assert {version.pk for _, version in (again, later)} == {first.version.pk}
    assert len(later.version.test_cases) == 2


def test_when_people_publish_the_withheld_draft_the_next_text_of_the_library_is_published_again() -> None:
    install(GLUCOSE_7D)
    publish_by_people(draft_of_our_own())
    publish_by_people(install(CHANGED).version)
    assert install(CHANGED).state is State.UNCHANGED
    assert install(replace(CHANGED, test_cases=CHANGED.test_cases[:2])).state is State.UPDATED


def test_a_withheld_draft_that_somebody_edits_is_theirs() -> None:
    install(GLUCOSE_7D)
    publish_by_people(draft_of_our_own())
    draft = install(CHANGED).version
    ours = replace(content_of(draft), source=f"{CHANGED.source}# Ours.\n")
    save_draft(actor=factories.user(), version=draft, content=ours, seen=draft.edited_at)
    assert install(CHANGED).version.pk != draft.pk
    draft.refresh_from_db()
    assert draft.source == ours.source


def test_a_draft_that_somebody_began_under_the_name_is_not_overruled() -> None:
    create_script(actor=None, name=GLUCOSE_7D.name, title="Ours")
    draft_of_our_own()
    assert install(GLUCOSE_7D).state is State.WITHHELD
    assert published() == []


def test_a_script_whose_own_case_fails_is_not_stored() -> None:
    wrong = replace(
        GLUCOSE_7D, test_cases=[{"inputs": {"glucose": [100]}, "expected": {"mean": 1, "in_range": 1}}]
    )
    with pytest.raises(NotAllowedNowError, match="test case 1"):
        install(wrong)
    assert not ObservationScript.objects.exists()


def test_a_script_that_reads_another_is_refused_without_it() -> None:
    with pytest.raises(RefusedError, match="no script of this name"):
        install(by_name("bmi-class"))


def by_name(name: str) -> LibraryScript:
    return next(script for script in LIBRARY if script.name == name)


def test_the_command_says_what_became_of_each_script() -> None:
    assert run("bmi", "glucose-7d") == ["glucose-7d: new, version 1", "bmi: new, version 1"]
    publish_by_people(draft_of_our_own())
    assert run("bmi")[0] == "bmi: unchanged, version 1"
    assert ScriptVersion.objects.filter(script__name="bmi").count() == 1


def test_the_command_says_what_was_withheld() -> None:
    # The text of an earlier release.
    install(CHANGED)
    publish_by_people(draft_of_our_own())
    assert run("glucose-7d") == [
        "glucose-7d: withheld, version 3 is a draft: what was decided here last stands. Look at it, and propose it."
    ]


def test_a_dry_run_goes_through_everything_and_stores_nothing() -> None:
    lines = run("--dry-run")
    assert lines == [
        *(f"{script.name}: new, version 1" for script in LIBRARY),
        "A dry run: nothing was stored.",
    ]
    assert not ObservationScript.objects.exists()


def test_the_others_are_installed_when_one_is_refused() -> None:
    output = io.StringIO()
    with pytest.raises(CommandError, match=r"Not installed: bmi-class\."):
        call_command("load_scripts", "bmi-class", "glucose-7d", stdout=output, stderr=output)
    assert "bmi-class: refused" in output.getvalue()
    assert published() == [1]


def test_a_name_that_the_library_does_not_have_is_refused_with_those_that_it_has() -> None:
    with pytest.raises(CommandError, match=r"no nonsense\. It has: glucose-7d"):
        run("nonsense")


def test_the_list_names_every_script_with_its_source_and_licence() -> None:
    listed = " ".join(" ".join(run("--list")).split())
    for script in LIBRARY:
        assert f"{script.name} title: {script.title}" in listed
        assert script.licence in listed
    assert not ObservationScript.objects.exists()
