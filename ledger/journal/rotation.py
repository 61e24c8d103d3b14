"""New keys for old (换钥): every person's key wrapped anew, and the old wrapping key destroyed.

A key that wraps others has a term, and one that may have been seen must go. Rotation touches no
record and no box: only the few bytes that wrap each person's key. It works in batches, each a
transaction; killed at any moment it goes on where it was, and clerks go on writing meanwhile.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.keywrap import aes_key_unwrap, aes_key_wrap
from sqlalchemy import Connection, bindparam, func, select, text, update

from ledger.journal.database import Database, Statement
from ledger.journal.tables import person_key
from ledger.journal.vault import Keyring

BATCH = 2000


class StillInUse(Exception):
    """A wrapping key cannot be destroyed: persons' keys are still wrapped by it."""

    def __init__(self, number: int, persons: int) -> None:
        super().__init__(f"wrap-{number} still wraps {persons} keys: rotate first")
        self.number, self.persons = number, persons


class Wrapping(NamedTuple):
    """One wrapping key, and how many persons' keys it wraps."""

    number: int
    persons: int
    newest: bool


def wrappings(database: Database, keyring: Keyring) -> list[Wrapping]:
    """All wrapping keys of the folder, the oldest first."""
    newest = keyring.look_again()
    with database.reading() as conn:
        rows = conn.execute(select(person_key.c.kek, func.count()).group_by(person_key.c.kek))
        counts = {kek: count for kek, count in rows}  # noqa: C416  (rows, not pairs)
    return [
        Wrapping(number, counts.get(number, 0), number == newest)
        for number in sorted(keyring.wraps.keys() | counts.keys())
    ]


def begin_rotation(database: Database, keyring: Keyring) -> int:
    """The number of the key to wrap with: a new one, or that of a rotation that was interrupted."""
    found = wrappings(database, keyring)
    if any(one.persons for one in found if not one.newest):
        return keyring.newest
    return keyring.add_wrap()


_NEXT = Statement(
    select(person_key.c.person, person_key.c.wrapped, person_key.c.kek)
    .where(person_key.c.person > bindparam("after"))
    .order_by(person_key.c.person)
    .limit(bindparam("most"))
)
_REWRAP = Statement(
    update(person_key)
    .where(person_key.c.person == bindparam("whose"), person_key.c.kek == bindparam("was"))
    .values(wrapped=bindparam("now"), kek=bindparam("by"))
)


def rotate(
    database: Database, keyring: Keyring, *, tell: Callable[[int, int], None] | None = None
) -> int:
    """Wraps every person's key by the newest wrapping key; returns how many were wrapped anew.

    `tell(done, total)` after each batch. Raises: Retired where a wrapping key is lost.
    """
    newest = begin_rotation(database, keyring)
    with database.reading() as conn:
        total = conn.execute(select(func.count()).select_from(person_key)).scalar_one()
    done = changed = 0
    after = ""
    while True:
        with database.reading() as conn:
            rows = _NEXT.rows(conn, after=after, most=BATCH)
        if not rows:
            break
        wrapped = [_wrapped(keyring, newest, row) for row in rows if row[2] != newest]
        if wrapped:
            with database.writing() as conn:
                _REWRAP.run_many(conn, wrapped)
        changed += len(wrapped)
        done += len(rows)
        after = rows[-1][0]
        if tell is not None:
            tell(done, max(total, done))
    return changed


def _wrapped(keyring: Keyring, newest: int, row: Sequence[Any]) -> dict[str, Any]:
    person, wrapped, kek = row
    key = aes_key_unwrap(keyring.wrap(kek), bytes(wrapped))
    return {
        "whose": person, "was": kek, "now": aes_key_wrap(keyring.wrap(newest), key), "by": newest,
    }  # fmt: skip


def retire(database: Database, keyring: Keyring, number: int) -> None:
    """Destroys an old wrapping key, once it wraps nothing.

    Backups of the data that are older than the rotation can then be opened by the key backup alone.

    Raises: StillInUse; ValueError for the newest one.
    """
    if number == keyring.look_again():
        raise ValueError(f"wrap-{number} is the newest: rotate first")
    with database.writing() as conn:
        _hold(conn)
        count = conn.execute(
            select(func.count()).select_from(person_key).where(person_key.c.kek == number)
        ).scalar_one()
        if count:
            raise StillInUse(number, count)
        # Within the lock: who is making a key at this moment looks for the file once more after it.
        keyring.retire(number)
    database.scrub(person_key)


def _hold(conn: Connection) -> None:
    if conn.dialect.name == "postgresql":
        conn.execute(text('LOCK TABLE "person_key" IN SHARE ROW EXCLUSIVE MODE'))
