"use strict";

// Leads to why a draft was not saved. `autofocus` does not: until everything is loaded django-unfold hides the whole page.
addEventListener("load", () => document.querySelector(".ce-refused")?.focus());
