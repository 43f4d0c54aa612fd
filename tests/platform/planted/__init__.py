"""An app that asks for one row after another, for processes that are to notice it."""
