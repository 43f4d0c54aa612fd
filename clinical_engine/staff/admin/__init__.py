"""The base of every ModelAdmin, and the pages of the platform's own rows."""

from clinical_engine.staff.admin import accounts, audit
from clinical_engine.staff.admin.base import StaffModelAdmin, detail_button

__all__ = ["StaffModelAdmin", "accounts", "audit", "detail_button"]
