"""Accounts of staff and their roles, for who has Django's permissions for them: no role of ours has, a superuser does."""

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from clinical_engine.staff.admin.base import StaffModelAdmin
from clinical_engine.staff.navigation import Menu

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class StaffUserAdmin(StaffModelAdmin, UserAdmin):  # type: ignore[type-arg,misc]  # Django's own types differ in detail
    """An account is never deleted, since the audit trail names it: take away 'active' instead."""

    menu = Menu(90, "Set-up", "badge")
    allow_add = True
    allow_change = True
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm


@admin.register(Group)
class RoleAdmin(StaffModelAdmin, GroupAdmin):  # type: ignore[misc]  # as above
    """Roles are made by `manage.py create_roles`; this page shows what each may do."""

    menu = Menu(91, "Set-up", "group")
    list_display = ("name",)
    fieldsets = ((None, {"fields": ("name", "permissions")}),)
