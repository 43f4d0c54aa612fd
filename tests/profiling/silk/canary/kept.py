"""All that is kept for engineers: silk's tables and those of the capture, to the last column."""

import zlib

import msgspec

from clinical_engine.common.database import fetch_all


def kept(like: str = "") -> bytes:
    """Every value of every row, one a line; batches as JSON, other binary ones as they are stored. `like` names a single table."""
    columns = fetch_all(
        """
        SELECT c.table_name, c.column_name, c.data_type FROM information_schema.columns AS c
        JOIN information_schema.tables AS t USING (table_schema, table_name)
        WHERE table_schema = 'public' AND t.table_type = 'BASE TABLE'
            AND (table_name LIKE 'silk\\_%%' OR table_name LIKE 'profiling\\_%%') AND table_name LIKE %s
        """,
        [like or "%"],
    )
    assert like or len(columns) > 60
    return b"\n".join(
        value for table, column, sort in columns for value in _values(table, column, binary=sort == "bytea")
    )


def _values(table: str, column: str, *, binary: bool) -> list[bytes]:
    shown = f'"{column}"' if binary else f'"{column}"::text'
    rows = fetch_all(f'SELECT {shown} FROM "{table}" WHERE "{column}" IS NOT NULL')
    return [_unpacked(bytes(value)) if binary else value.encode() for (value,) in rows]


def _unpacked(value: bytes) -> bytes:
    """The numbers of a batch are single bytes there: beside each other they may read like a patient."""
    try:
        packed = zlib.decompress(value)
    except zlib.error:
        return value
    return msgspec.json.encode(msgspec.msgpack.decode(packed))
