"""SQLite rows: what a call does inside its transaction, statement by statement."""

import json
import sqlite3
from typing import Any, Iterable, Optional, Tuple, Union

from microframe.store import Lease, Verdict
from microframe.stores.counting import Counted

Row = Tuple[Any, ...]

# The value last: what stands before it is found without reading it.
TABLES = """
CREATE TABLE IF NOT EXISTS microframe_number (number INTEGER NOT NULL);
INSERT INTO microframe_number SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM microframe_number);
CREATE TABLE IF NOT EXISTS microframe_values (
  key TEXT PRIMARY KEY NOT NULL, version INTEGER NOT NULL, ends REAL, is_counter INTEGER NOT NULL, value BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS microframe_values_end ON microframe_values (ends) WHERE ends IS NOT NULL;
CREATE INDEX IF NOT EXISTS microframe_values_age ON microframe_values (version) WHERE NOT is_counter;
CREATE TABLE IF NOT EXISTS microframe_tags (
  tag TEXT NOT NULL, key TEXT NOT NULL REFERENCES microframe_values (key) ON DELETE CASCADE, PRIMARY KEY (tag, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS microframe_tags_of ON microframe_tags (key);
CREATE TABLE IF NOT EXISTS microframe_limits (key TEXT PRIMARY KEY NOT NULL, ends REAL NOT NULL, state TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS microframe_limits_end ON microframe_limits (ends);
CREATE TABLE IF NOT EXISTS microframe_locks (key TEXT PRIMARY KEY NOT NULL, ends REAL NOT NULL, fence INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS microframe_locks_end ON microframe_locks (ends);
"""
HAS_TABLES = "SELECT 1 FROM sqlite_master WHERE name = 'microframe_locks_end'"
WITH_END = ("microframe_values", "microframe_limits", "microframe_locks")

WRITE = """
INSERT INTO microframe_values (key, version, ends, is_counter, value) VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE
SET version = excluded.version, ends = excluded.ends, is_counter = excluded.is_counter, value = excluded.value
"""
COUNT = """
INSERT INTO microframe_limits (key, ends, state) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE
SET ends = excluded.ends, state = excluded.state
"""
HOLD = """
INSERT INTO microframe_locks (key, ends, fence) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE
SET ends = excluded.ends, fence = excluded.fence
"""
UNDER = "FROM microframe_values WHERE key IN (SELECT key FROM microframe_tags WHERE tag = ?)"
OLDEST = "SELECT key FROM microframe_values WHERE NOT is_counter ORDER BY version LIMIT ?"


def next_number(connection: sqlite3.Connection) -> int:
    """A version or a fence."""
    connection.execute("UPDATE microframe_number SET number = number + 1")
    (number,) = connection.execute("SELECT number FROM microframe_number").fetchone()
    return int(number)


# Values --------------------------------------------------------------------------------------------------------------


def find(connection: sqlite3.Connection, now: float, key: str) -> Optional[Row]:
    """Value, version and end of what is there."""
    row: Optional[Row] = connection.execute(
        "SELECT value, version, ends FROM microframe_values WHERE key = ?", (key,)
    ).fetchone()
    return row if row is not None and (row[2] is None or row[2] > now) else None


def version_of(row: Optional[Row]) -> str:
    """The version of what is there, `""` where there is nothing."""
    return "" if row is None else str(row[1])


def write(
    connection: sqlite3.Connection, key: str, value: bytes, ends: Optional[float], tags: Iterable[str] = ()
) -> str:
    version = next_number(connection)
    connection.execute(WRITE, (key, version, ends, False, bytes(value)))
    connection.execute("DELETE FROM microframe_tags WHERE key = ?", (key,))
    connection.executemany(
        "INSERT INTO microframe_tags (tag, key) VALUES (?, ?)", [(tag, key) for tag in tags]
    )
    return str(version)


def write_count(connection: sqlite3.Connection, key: str, total: int, ends: Optional[float]) -> None:
    connection.execute(WRITE, (key, next_number(connection), ends, True, b"%d" % total))


def delete(connection: sqlite3.Connection, key: str) -> None:
    connection.execute("DELETE FROM microframe_values WHERE key = ?", (key,))


def forget(connection: sqlite3.Connection, now: float, tag: str) -> int:
    connection.execute(f"DELETE {UNDER} AND ends <= ?", (tag, now))  # they do not count
    return connection.execute(f"DELETE {UNDER}", (tag,)).rowcount


# Limits and locks ----------------------------------------------------------------------------------------------------


def count(connection: sqlite3.Connection, now: float, name: str, counted: Counted, cost: int) -> Verdict:
    """Go on with what is kept under this name."""
    row = connection.execute("SELECT state FROM microframe_limits WHERE key = ?", (name,)).fetchone()
    if row is not None:
        counted.restore(json.loads(row[0]))
    verdict = counted.hit(now, cost)
    if verdict.allowed:  # otherwise nothing has changed
        connection.execute(COUNT, (name, counted.expires, json.dumps(counted.state())))
    return verdict


def take(connection: sqlite3.Connection, now: float, key: str, ttl: float) -> Union[Lease, float]:
    row = connection.execute("SELECT ends FROM microframe_locks WHERE key = ?", (key,)).fetchone()
    if row is not None and row[0] > now:
        return float(row[0] - now)
    fence = next_number(connection)
    connection.execute(HOLD, (key, now + ttl, fence))
    return Lease(key, fence)


def prolong(connection: sqlite3.Connection, now: float, lease: Lease, ttl: float) -> bool:
    statement = "UPDATE microframe_locks SET ends = ? WHERE key = ? AND fence = ? AND ends > ?"
    return connection.execute(statement, (now + ttl, lease.key, lease.fence, now)).rowcount > 0


def let_go(connection: sqlite3.Connection, now: float, lease: Lease) -> bool:
    statement = "DELETE FROM microframe_locks WHERE key = ? AND fence = ? AND ends > ?"
    return connection.execute(statement, (lease.key, lease.fence, now)).rowcount > 0


# Room ----------------------------------------------------------------------------------------------------------------


def sweep(connection: sqlite3.Connection, now: float, most: int) -> int:
    """Delete some of what is over, and give how much it was."""
    found = 0
    for table in WITH_END:
        over = f"SELECT key FROM {table} WHERE ends <= ? ORDER BY ends LIMIT ?"  # noqa: S608  # names of ours
        found += connection.execute(f"DELETE FROM {table} WHERE key IN ({over})", (now, most)).rowcount  # noqa: S608
    return found


def forget_oldest(connection: sqlite3.Connection, most: int) -> int:
    """Delete so many of the values written longest ago, and give how many there were."""
    return connection.execute(f"DELETE FROM microframe_values WHERE key IN ({OLDEST})", (most,)).rowcount  # noqa: S608
