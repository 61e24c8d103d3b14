"""Rotation of the wrapping key: persons' keys wrapped anew a second."""

import os
from functools import partial

from cryptography.hazmat.primitives.keywrap import aes_key_wrap

from bench.rows import Places, Row, rate
from ledger import schema
from ledger.journal.database import Database, load
from ledger.journal.rotation import rotate
from ledger.journal.tables import person_key
from ledger.journal.vault import Keyring

MINUTES = 5
"""In how many minutes a million persons are wanted."""


def keys(place: Places) -> list[Row]:
    """How fast a rotation goes, on each database."""
    count = place.size(200_000, 20_000)
    rows: list[Row] = []
    for kind in ("sqlite", "postgresql"):
        database = Database(place.url(kind))
        schema.upgrade(database)
        keyring = Keyring(place.folder / f"keys-{kind}")
        _fill(database, keyring, count)
        speed = rate(count, partial(rotate, database, keyring))
        rows.append(Row("keys wrapped anew", kind, speed, "keys/s", aim=1_000_000 / (MINUTES * 60)))
        database.close()
    return rows


def _fill(database: Database, keyring: Keyring, count: int) -> None:
    wrap = keyring.wrap(keyring.newest)
    for start in range(0, count, 10_000):
        some = range(start, min(count, start + 10_000))
        with database.writing() as conn:
            load(conn, person_key, [
                (f"per_{number:026}", aes_key_wrap(wrap, os.urandom(32)), keyring.newest)
                for number in some
            ])  # fmt: skip
