"""What commands have in common: how they exit, what they say then, and whose account acts."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.models import User
from django.core.management.base import CommandError
from django.db import InterfaceError, OperationalError

from clinical_engine.common.errors import RefusedError
from clinical_engine.common.guards import why_no_answer

WRONG_USE = 2
NO_ANSWER = 3
INTERRUPTED = 130


@contextmanager
def sentences(*wrong_use: type[Exception], ending: str = "") -> Iterator[None]:
    """Make a CommandError of one sentence out of a refusal, of the errors given, and of a database that does not answer.

    The errors given say all by themselves; `ending` stands behind what the others say.
    """
    try:
        yield
    except RefusedError as error:
        texts = [f"{refusal.field}: {refusal.message}" for refusal in error.refusals]
        raise CommandError(f"{' '.join(texts)}{ending}", returncode=WRONG_USE) from None
    except wrong_use as error:
        raise CommandError(str(error), returncode=WRONG_USE) from None
    except (OperationalError, InterfaceError) as error:
        raise CommandError(f"{why_no_answer(error)}{ending}", returncode=NO_ANSWER) from None


@contextmanager
def all_or_nothing(*wrong_use: type[Exception]) -> Iterator[None]:
    """As `sentences`, of what is stored as a whole: says that nothing was, also when it is interrupted."""
    try:
        with sentences(*wrong_use, ending=" Nothing was stored."):
            yield
    except KeyboardInterrupt:
        raise CommandError("Interrupted; nothing was stored.", returncode=INTERRUPTED) from None


@contextmanager
def writing(what: str, returncode: int = 1) -> Iterator[None]:
    """Make a CommandError of one sentence out of a file that cannot be written."""
    try:
        yield
    except OSError as error:
        raise CommandError(f"{what} cannot be written: {error.strerror}.", returncode=returncode) from None


def account(name: str, permission: str = "") -> User:
    """The account that `--actor` names. Raises CommandError unless it is active and has the permission."""
    user = User.objects.filter(username=name, is_active=True).first()
    if user is None:
        raise CommandError("--actor: is the name of an active account.", returncode=WRONG_USE)
    if permission and not user.has_perm(permission):
        raise CommandError(f"--actor: this account lacks the permission {permission}.", returncode=WRONG_USE)
    return user
