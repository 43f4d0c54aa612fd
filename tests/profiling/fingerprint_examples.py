"""Statements of all kinds with the fingerprints and shapes they had when fingerprints were first stored."""

EXAMPLES: list[tuple[str, str, str]] = []
