"""The editor of a script's source, as a widget."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.forms.renderers import BaseRenderer
from django.forms.widgets import Script
from django.urls import reverse
from django.utils.html import format_html, json_script
from django.utils.safestring import SafeString
from unfold.widgets import TEXTAREA_CLASSES

from observations.engine.functions import FUNCTIONS
from observations.engine.limits import MAX_SOURCE

_HERE = "observations/editor"
_CONSTANTS = ("True", "False", "None")
# What the language has of Python's keywords: docs/script-language.md.
_KEYWORDS = ("if", "elif", "else", "for", "in", "and", "or", "not", "is")


class ScriptEditor(forms.Textarea):
    """A textarea that becomes an editor of the script language; without JavaScript it stays a textarea.

    Lines are numbered, words coloured by what they are, brackets matched and lines indented by four spaces. The source is
    checked while it is typed (`workbench.checking`), with the names that the form's fields with `data-input-name` have
    (`InputRows` makes them), or else with `names`. A page shows the form's `media` in its head. Its form holds the CSRF token.
    A button with `data-script-check` (and `hidden`) checks at once. Ctrl-S submits the form, unless somebody who listens for
    the event `workbench:save` on the textarea or above it prevents that. No script stands in the page itself; where the
    policy of the page wants a nonce for styles, the one that the script tags have is used.
    """

    def __init__(self, *, names: Iterable[str] = (), attrs: Mapping[str, Any] | None = None) -> None:
        usual = {"rows": 20, "spellcheck": "false", "class": " ".join([*TEXTAREA_CLASSES, "ce-code"])}
        super().__init__(attrs={**usual, **(attrs or {})})
        self.names = [*names]

    def render(
        self,
        name: str,
        value: Any,  # noqa: ANN401 - Django's signature
        attrs: dict[str, Any] | None = None,
        renderer: BaseRenderer | None = None,
    ) -> SafeString:
        """The textarea, and beside it what the editor wants to know."""
        about = f"{name}-editor"
        textarea = super().render(name, value, {**(attrs or {}), "data-script-editor": about}, renderer)
        return format_html("{}{}", textarea, json_script(self._config(), about))

    def _config(self) -> Mapping[str, object]:
        return {
            "check": reverse("admin:observations_scriptversion_check"),
            "names": self.names,
            "longest": MAX_SOURCE,
            "words": {"keyword": _KEYWORDS, "constant": _CONSTANTS, "function": [*FUNCTIONS]},
        }

    class Media:
        css = {"all": [f"{_HERE}/editor.css"]}
        js = [
            Script(f"{_HERE}/{file}", defer=True)
            for file in (
                "vendor/codemirror.js",
                "language.js",
                "typing.js",
                "checking.js",
                "problems.js",
                "editor.js",
            )
        ]
