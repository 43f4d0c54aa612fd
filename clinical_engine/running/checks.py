"""What is tried before anything is started, so that a person reads one sentence instead of a traceback."""

import errno
import os
import socket
from contextlib import closing
from typing import Any

import environ
import psycopg2
import redis

from clinical_engine.running.errors import CannotRunError

HOST = "127.0.0.1"
DEFAULT_PORT = "8000"
LARGEST_PORT = 65535
OLDEST_POSTGRES = 140000
SECONDS_TO_CONNECT = 5


def port_from(text: str) -> int:
    """The TCP port that `text` names; CannotRunError when it names none."""
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= LARGEST_PORT):
        raise CannotRunError(f"PORT must be a number from 1 to {LARGEST_PORT}, not {text!r}.")
    return int(text)


def require_free_port(port: int) -> None:
    """CannotRunError when we could not listen on `port`."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        # As gunicorn will: a connection that still lingers from the last run is no reason to refuse.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            reason = (
                "is taken by another program"
                if taken
                else f"cannot be used ({os.strerror(error.errno or 0)})"
            )
            raise CannotRunError(
                f"Port {port} {reason}: choose another one, as in `make run PORT=8001`."
            ) from None


def require_database(variable: str, url: str) -> None:
    """CannotRunError when the database that `variable` names does not answer, or is too old."""
    try:
        with closing(psycopg2.connect(**_connection_parameters(url))) as connection:
            version = connection.info.server_version
    except (psycopg2.Error, ValueError, UnicodeError) as error:
        # psycopg2 names host, port, role and database; never the password.
        reason = (str(error).strip().splitlines() or ["no reason given"])[0]
        raise CannotRunError(f"The database that {variable} names does not answer: {reason}") from None
    if version < OLDEST_POSTGRES:
        raise CannotRunError(
            f"The database that {variable} names is too old: the engine needs PostgreSQL 14 to 18."
        )


def require_broker(variable: str, url: str) -> None:
    """CannotRunError when the Redis that `variable` names does not answer."""
    try:
        limits = {"socket_timeout": SECONDS_TO_CONNECT}
        if not url.startswith("unix://"):
            limits["socket_connect_timeout"] = SECONDS_TO_CONNECT
        with closing(redis.Redis.from_url(url, **limits)) as client:
            client.ping()
    except (redis.RedisError, ValueError, UnicodeError) as error:
        raise CannotRunError(f"The Redis that {variable} names does not answer: {error}") from None


def _connection_parameters(url: str) -> dict[str, Any]:
    """As settings.py reads the URL, so that both mean the same server."""
    if not url.startswith(("postgres://", "postgresql://")):
        raise ValueError("its URL must begin with postgres://")
    read = environ.Env.db_url_config(url)
    named = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    given = {keyword: read[key] for keyword, key in named.items() if read.get(key)}
    return {"connect_timeout": SECONDS_TO_CONNECT, **read.get("OPTIONS", {}), **given}
