"""Processor time: what something costs, whatever else the machine is doing meanwhile."""

from time import process_time

import psutil
from django.db import connection


def processor_seconds() -> float:
    """What this process, and the server's process of its connection, have spent so far: the latter to a hundredth of a second."""
    connection.ensure_connection()
    spent = psutil.Process(connection.connection.info.backend_pid).cpu_times()
    return process_time() + float(spent.user + spent.system)
