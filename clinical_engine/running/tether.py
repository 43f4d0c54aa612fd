"""Runs a program that must not outlive its parent: a script for `processes.tethered`.

    tether.py PARENT SIGNAL USER GROUP PROGRAM [ARGUMENT ...]

On Linux the kernel sends the program SIGNAL when its parent dies, however that happens. Elsewhere the next start of
the embedded servers ends what was left behind. USER and GROUP are numbers, or '-' to stay who we are.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def tie_to_parent(signal_number: int) -> None:
    """Have the kernel send us the signal when our parent dies; does nothing where the kernel cannot."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(PR_SET_PDEATHSIG, int(signal_number), 0, 0, 0)


def main() -> None:
    """Become PROGRAM, as USER, tied to the life of PARENT."""
    parent, signal_number, user, group, *command = sys.argv[1:]
    if user != "-":
        os.setgroups([])
        os.setgid(int(group))
        os.setuid(int(user))
    # After the change of user: the kernel forgets the signal when credentials change.
    tie_to_parent(int(signal_number))
    # The parent may have died before the line above: then nobody would send the signal.
    if os.getppid() != int(parent):
        sys.exit(1)
    os.execv(command[0], command)  # noqa: S606  the arguments are our own, and there is no shell


if __name__ == "__main__":
    main()
