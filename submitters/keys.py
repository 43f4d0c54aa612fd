"""API keys: made here, kept only as a hash."""

import hashlib
import secrets

PREFIX_LENGTH = 12


def new_key() -> str:
    """A key of 256 random bits."""
    return f"ce_{secrets.token_urlsafe(32)}"


def prefix_of(key: str) -> str:
    """The part of a key by which it is looked up; not secret."""
    return key[:PREFIX_LENGTH]


def hash_key(key: str) -> str:
    """SHA-256 of a key. Keys are 256 random bits, so a slow password hash would add nothing but time to every request."""
    return hashlib.sha256(key.encode()).hexdigest()
