"""Scripts and their versions: what is in force, since when and why, and putting something else in force."""

from observations.admin.scripts import scripts, versions

__all__ = ["scripts", "versions"]
