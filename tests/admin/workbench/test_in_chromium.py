"""The editor and the rows of a draft, as an author uses them: in a browser."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from observations.models import ScriptVersion
from tests.admin import world
from tests.admin.browser import browsing, log_in, serving
from tests.admin.workbench.drafts import CASES, INPUTS, SOURCE, draft, page_of

pytestmark = pytest.mark.usefixtures("committed_db")


@contextmanager
def editing(version: ScriptVersion) -> Iterator[Page]:
    """The page of the draft, with the first check answered."""
    author = world.account("Administrator")
    with serving() as address, browsing(address) as page:
        log_in(page, author.username, world.PASSWORD)
        page.goto(page_of(version))
        expect(status(page)).to_have_text("No problem in the text.")
        yield page


def editor(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Script", exact=True)


def status(page: Page) -> Locator:
    return page.locator(".ce-editor-status")


def row(page: Page, name: str) -> Locator:
    """The row of an input or output."""
    return page.locator(".ce-row").filter(has=page.locator(f'input[value="{name}"]'))


def given(page: Page, name: str, case: int) -> Locator:
    return page.get_by_label(f"{name}, given in case {case}")


def expected(page: Page, name: str, case: int) -> Locator:
    return page.get_by_label(f"{name}, expected in case {case}")


def test_an_error_is_marked_at_its_line_and_column_while_it_is_typed_and_cleared_when_it_is_mended() -> None:
    with editing(draft()) as page:
        editor(page).press("Control+End")
        page.keyboard.type("x = 1 + wieght")
        expect(status(page)).to_have_text("1 problem")
        mark = page.locator(".cm-lintRange-error")
        expect(mark).to_have_text("wieght")
        expect(page.locator(".cm-gutter-lint .cm-lint-marker-error")).to_have_count(1)
        assert line_of(page.locator(".cm-lint-marker-error")) == line_of(mark)
        mark.hover()
        expect(page.locator(".cm-tooltip")).to_contain_text("wieght")
        editor(page).press("Control+Home")
        page.get_by_role("list", name="Problems").get_by_role("button", name="line 8, column 9").click()
        page.keyboard.press("Control+Shift+ArrowRight")
        page.keyboard.type("pulse")
        expect(status(page)).to_have_text("No problem in the text.")
        expect(mark).to_have_count(0)
        expect(page.get_by_role("list", name="Problems").get_by_role("listitem")).to_have_count(0)


def line_of(mark: Locator) -> int:
    box = mark.bounding_box()
    assert box is not None
    return round((box["y"] + box["height"] / 2) / 20)


def test_keys_indent_by_four_spaces_match_brackets_and_leave_the_editor() -> None:
    with editing(draft()) as page:
        editor(page).press("Control+End")
        page.keyboard.press("ArrowLeft")
        expect(page.locator(".cm-matchingBracket")).to_have_text(["{", "}"])
        type_lines_and_tabs(page)
        page.keyboard.press("Escape")
        page.keyboard.press("Tab")
        expect(row(page, "bp").get_by_label("Name")).to_be_focused()


def type_lines_and_tabs(page: Page) -> None:
    editor(page).press("Control+a")
    page.keyboard.type("if pulse > 1:\nresult = [\n1,\n2\n")
    page.keyboard.press("Backspace")
    page.keyboard.type("]\nelse:\nresult = 1")
    typed = page.locator("#id_source")
    lines = ["if pulse > 1:", "    result = [", "        1,", "        2", "    ]", "else:", "    result = 1"]
    expect(typed).to_have_value("\n".join(lines))
    page.keyboard.press("Tab")
    page.keyboard.insert_text("\t#")
    expect(typed).to_have_value("\n".join(lines) + "      #")


def test_words_are_coloured_by_what_they_are_and_inputs_follow_their_rows() -> None:
    with editing(draft()) as page:
        expect(page.locator(".ce-script-input")).to_have_text(["pulse", "bp"])
        expect(page.locator(".ce-script-keyword")).to_have_text(["if", "else"])
        expect(page.locator(".ce-script-comment")).to_have_text(["# Pulse over systolic pressure."])
        row(page, "pulse").get_by_label("Name").fill("heart")
        expect(page.locator(".ce-script-input")).to_have_text(["bp"])
        expect(status(page)).to_have_text("1 problem")
        row(page, "pulse").get_by_label("Name").fill("pulse")
        page.get_by_role("button", name="Add: input").click()
        page.keyboard.type("age")
        expect(page.get_by_text("age is an input that the script never reads.")).to_be_visible()


def test_rows_are_added_renamed_removed_and_saved() -> None:
    version = draft()
    with editing(version) as page:
        rename_the_pulse(page)
        add_an_input(page)
        add_a_case(page)
        page.locator(".ce-cases [data-row]").nth(1).get_by_role("button", name="Remove").click()
        editor(page).press("Control+s")
        expect(page.get_by_text("Saved.")).to_be_visible()
        expect(status(page)).to_have_text("No problem in the text.")
        expect(given(page, "years", 2)).to_have_value("70")
    saved = ScriptVersion.objects.get(pk=version.pk)
    assert saved.source == SOURCE.replace("pulse", "heart") + "old = years > 65"
    assert saved.inputs == {
        "heart": INPUTS["pulse"],
        "bp": INPUTS["bp"],
        "years": {"fact": "age", "missing": "default", "default": 40},
    }
    values = {"heart": 60, "bp": {"systolic": 120}}
    assert saved.test_cases == [
        {**CASES[0], "inputs": values},
        {"inputs": {**values, "years": 70}, "expected": {"ratio": 0.5, "risk": "low"}},
    ]


def rename_the_pulse(page: Page) -> None:
    row(page, "pulse").get_by_label("Name").fill("heart")
    editor(page).press("Control+a")
    page.keyboard.insert_text(SOURCE.replace("pulse", "heart") + "old = years > 65")
    expect(given(page, "heart", 1)).to_have_value("60")


def add_an_input(page: Page) -> None:
    page.get_by_role("button", name="Add: input").click()
    page.keyboard.type("years")
    new = page.locator(".ce-row").filter(has=page.locator(":focus"))
    new.get_by_label("Is", exact=True).select_option("A fact about the patient")
    expect(new.get_by_label("Code")).to_be_hidden()
    new.get_by_label("Fact").select_option("age")
    expect(new.get_by_label("Default")).to_be_hidden()
    new.get_by_label("Without a value").select_option("The default is taken")
    new.get_by_label("Default").fill("40")
    expect(status(page)).to_have_text("No problem in the text.")


def add_a_case(page: Page) -> None:
    page.get_by_role("button", name="Add: test case").click()
    given(page, "heart", 3).fill("60")
    given(page, "bp", 3).fill('{"systolic": 120}')
    given(page, "years", 3).fill("70")
    expected(page, "ratio", 3).fill("0.5")
    expected(page, "risk", 3).fill('"low"')


def test_a_row_says_what_the_catalogue_knows_and_what_is_refused_and_keeps_what_was_typed() -> None:
    with editing(draft()) as page:
        see_what_the_catalogue_knows(page)
        page.get_by_role("button", name="Add: input").click()
        page.keyboard.type("weight")
        given(page, "pulse", 1).fill("sixty")
        page.get_by_role("button", name="Save draft").click()
        expect(row(page, "weight")).to_contain_text("This field is required.")
        expect(page.locator(".ce-cases").get_by_text("Inputs: pulse: Write a number")).to_be_visible()
        expect(given(page, "pulse", 1)).to_have_value("sixty")
        see_that_it_was_not_saved(page)
        row(page, "weight").get_by_role("button", name="Remove").click()
        given(page, "pulse", 1).fill("60")
        page.get_by_label("Note").fill("ticket 7")
        page.get_by_role("button", name="Save draft").click()
        expect(page.get_by_text("Saved.")).to_be_visible()


def see_that_it_was_not_saved(page: Page) -> None:
    banner = page.get_by_role("alert").filter(has_text="Not saved: 2 things to mend.")
    expect(banner).to_be_in_viewport()
    expect(banner).to_be_focused()
    banner.get_by_role("link", name="input weight: Code: This field is required.").click()
    expect(row(page, "weight")).to_be_focused()
    banner.get_by_role("link", name="test case calm: Inputs: pulse: Write a number").click()
    expect(page.locator(".ce-cases [data-row]").first).to_be_focused()


def see_what_the_catalogue_knows(page: Page) -> None:
    pulse = row(page, "pulse")
    expect(pulse).to_contain_text("Heart rate")
    expect(pulse.get_by_label("Parts")).to_be_hidden()
    pulse.get_by_label("Code").fill("85354-9")
    expect(pulse).to_contain_text("Blood pressure")
    expect(pulse.get_by_label("Parts")).to_be_visible()
    expect(pulse.get_by_label("Unit (UCUM)")).to_be_hidden()
    pulse.get_by_label("Code").fill("29463-7")
    expect(pulse.locator("datalist option").first).to_have_attribute("value", "kg")


def test_the_check_that_does_not_answer_says_so_and_an_old_answer_is_dropped() -> None:
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    with editing(draft()) as page:
        page.route("**/check/", hold_the_first)
        editor(page).press("Control+End")
        with page.expect_request("**/check/"):
            page.keyboard.type("x = ")
        with page.expect_response("**/check/"):
            page.keyboard.type("1")
        expect(status(page)).to_have_text("No problem in the text.")
        with page.expect_response("**/check/") as old:
            held[0].fulfill(json={"problems": [{"line": 1, "column": 1, "message": "old"}], "unread": []})
        old.value.finished()
        # Two frames later whatever the page makes of it would be there.
        page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        expect(status(page)).to_have_text("No problem in the text.")
        page.route("**/check/", lambda route: route.fulfill(status=204))
        page.get_by_role("button", name="Check", exact=True).click()
        expect(status(page)).to_contain_text("The check did not answer.")


def test_a_text_that_is_longer_than_a_script_may_be_is_told_so_without_being_sent() -> None:
    asked: list[str] = []
    with editing(draft()) as page:
        page.on("request", lambda request: asked.append(request.url))
        editor(page).press("Control+a")
        page.keyboard.insert_text("#" * 1_000_000)
        expect(status(page)).to_have_text("1 problem")
        problems = page.get_by_role("list", name="Problems")
        expect(problems).to_have_text("A script has at most 20,000 characters; this one has 1,000,000.")
        assert not asked
        # Characters, not the units of which a browser makes some of them.
        editor(page).press("Control+a")
        page.keyboard.insert_text("#" + "\N{DROPLET}" * 19_990 + "\nresult=1")
        expect(status(page)).to_have_text("No problem in the text, but:")
    assert any(url.endswith("/check/") for url in asked)


def test_without_javascript_a_draft_is_edited_and_saved() -> None:
    version = draft()
    author = world.account("Administrator")
    with serving() as address, browsing(address) as page:
        log_in(page, author.username, world.PASSWORD)
        assert page.context.browser is not None
        plain = page.context.browser.new_context(
            base_url=address, java_script_enabled=False, storage_state=page.context.storage_state()
        ).new_page()
        plain.goto(page_of(version))
        plain.get_by_label("Script", exact=True).fill(SOURCE + "old = age > 65\n")
        new = plain.locator(".ce-row").nth(len(INPUTS))
        new.get_by_label("Name").fill("age")
        new.get_by_label("Is", exact=True).select_option("A fact about the patient")
        new.get_by_label("Fact").select_option("age")
        plain.get_by_role("button", name="Save draft").click()
        expect(plain.get_by_text("Saved.")).to_be_visible()
    saved = ScriptVersion.objects.get(pk=version.pk)
    assert saved.source.endswith("old = age > 65\n")
    assert saved.inputs == {**INPUTS, "age": {"fact": "age"}}
    assert saved.test_cases == CASES
