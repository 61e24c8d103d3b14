"""Questions about many keys: the same answer whichever way the keys go in."""

from typing import Any

import pytest
from sqlalchemy import select

from ledger.journal.database import ByKey, Database, load
from ledger.journal.tables import token

PERSONS = ["per_a", "per_b", 'per_"c', "per_\\d", "per_韦", "per_𬭎"]
_COLUMNS = {
    "text": (token.c.person, PERSONS),
    "whole numbers": (token.c.position, list(range(6))),
    "bytes": (token.c.token, [bytes([at]) * 16 for at in range(6)]),
}


@pytest.mark.parametrize("kind", _COLUMNS)
@pytest.mark.parametrize("many", [0, 1, 2, 5, 6])
def test_many_keys_find_what_each_of_them_finds(database: Database, kind: str, many: int) -> None:
    column, keys = _COLUMNS[kind]
    rows = [("name", bytes([at]) * 16, person, "o", at) for at, person in enumerate(PERSONS)]
    asked = ByKey(select(token.c.position), column)
    with database.writing() as conn:
        load(conn, token, rows)
    with database.reading() as conn:
        wanted: list[Any] = keys[6 - many :]
        assert sorted(asked.rows(conn, wanted)) == [(at,) for at in range(6 - many, 6)]
