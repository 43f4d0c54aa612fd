"""The embedded Redis."""

import signal
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

import redis

from clinical_engine.running.binaries import redis_program
from clinical_engine.running.folders import private_folder
from clinical_engine.running.processes import RunAs
from clinical_engine.running.servers import EmbeddedServer

SOCKET = "redis.sock"


class RedisServer(EmbeddedServer):
    """Redis at `home`/redis."""

    name = "redis"
    program = "redis-server"
    ending = ((signal.SIGTERM, 10.0),)
    on_parent_death = signal.SIGTERM
    default_settings: ClassVar[Mapping[str, str]] = {
        "port": "0",
        "unixsocketperm": "700",
        "daemonize": "no",
        "appendonly": "yes",
        # The append-only file is the whole record; snapshots beside it would only fork.
        "save": "",
        # A full Redis must refuse a ring loudly rather than drop another one silently.
        "maxmemory-policy": "noeviction",
        "databases": "16",
    }

    def url(self, database: int = 0) -> str:
        """Where to connect to the numbered database."""
        return f"unix://{quote(str(self.sockets / SOCKET))}?db={database}"

    def _prepare(self) -> tuple[list[str | Path], RunAs]:
        private_folder(self.data)
        (self.sockets / SOCKET).unlink(missing_ok=True)
        settings = {**self.settings, "dir": str(self.data), "unixsocket": str(self.sockets / SOCKET)}
        arguments = [part for key, value in settings.items() for part in (f"--{key}", value)]
        return [redis_program(), *arguments], RunAs()

    def _answers(self) -> bool:
        client = redis.Redis(unix_socket_path=str(self.sockets / SOCKET), socket_timeout=5)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()
