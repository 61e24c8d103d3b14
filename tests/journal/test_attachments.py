"""Attachments: sealed, named by their commitment, and gone with the person."""

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from ledger.journal import attachments
from ledger.journal.attachments import Attachments, NotKept, TooBig
from ledger.journal.database import Database
from ledger.journal.tables import attachment, person_key
from ledger.journal.vault import SALT, Damaged, Keyring, Vault

PERSON = "per_a"
SCAN = b"\xff\xd8 a scanned form \n with a second line"


@pytest.fixture
def store(tmp_path: Path) -> Attachments:
    return Attachments(tmp_path / "attachments", Vault(Keyring(tmp_path / "keys")))


def kept(store: Attachments, database: Database, data: bytes = SCAN, person: str = PERSON) -> str:
    with database.writing() as conn:
        return store.keep(conn, person, "身份证.jpg", "image/jpeg", data)


def files(store: Attachments) -> list[Path]:
    return sorted(path for path in store.folder.rglob("*") if path.is_file())


def test_what_is_kept_is_read_again(store: Attachments, database: Database) -> None:
    committed = kept(store, database)

    with database.reading() as conn:
        found = store.read(conn, committed)
        mine = store.of(conn, PERSON)

    assert found == (committed, PERSON, "身份证.jpg", "image/jpeg", SCAN)
    assert mine == [committed]


def test_the_name_is_the_salted_commitment_of_what_was_given(
    store: Attachments, database: Database
) -> None:
    committed = kept(store, database)

    (path,) = files(store)
    box = path.read_bytes()
    with database.reading() as conn:
        opened = store._vault.open(
            conn, "", committed, 0, PERSON, attachments.GROUP, box, committed
        )
    assert opened is not None
    salt, payload = opened
    assert path.name == committed == hashlib.sha256(b"pc1" + salt + payload).hexdigest()
    assert len(salt) == SALT
    assert payload.endswith(b"\n" + SCAN)


def test_nothing_of_it_can_be_read_without_the_key(store: Attachments, database: Database) -> None:
    kept(store, database)

    (path,) = files(store)
    stored = path.read_bytes()

    assert b"scanned" not in stored
    assert "身份证".encode() not in stored
    assert path.stat().st_mode & 0o077 == 0


def test_the_same_file_twice_has_two_names(store: Attachments, database: Database) -> None:
    assert kept(store, database) != kept(store, database)


def test_an_attachment_that_is_too_big_is_refused(
    store: Attachments, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachments, "MOST", 10)

    with pytest.raises(TooBig):
        kept(store, database, b"x" * 11)

    assert files(store) == []
    assert kept(store, database, b"x" * 10)


@pytest.mark.parametrize("at", [0, 20, -1])
def test_one_byte_of_a_file(store: Attachments, database: Database, at: int) -> None:
    committed = kept(store, database)
    (path,) = files(store)
    changed = bytearray(path.read_bytes())
    changed[at] ^= 1
    path.write_bytes(changed)

    with database.reading() as conn:
        with pytest.raises(Damaged):
            store.read(conn, committed)
        assert [name for name, _ in store.faults(conn)] == [committed]


def test_a_file_that_went_missing(store: Attachments, database: Database) -> None:
    committed = kept(store, database)
    files(store)[0].unlink()

    with database.reading() as conn:
        with pytest.raises(Damaged, match="missing"):
            store.read(conn, committed)
        assert len(list(store.faults(conn))) == 1


def test_a_file_of_somebody_else_in_its_place(store: Attachments, database: Database) -> None:
    mine, other = kept(store, database), kept(store, database, b"other", "per_b")
    store.path(mine).write_bytes(store.path(other).read_bytes())

    with database.reading() as conn, pytest.raises(Damaged):
        store.read(conn, mine)


def test_it_goes_with_the_person(store: Attachments, database: Database) -> None:
    mine, other = kept(store, database), kept(store, database, b"other", "per_b")

    with database.writing() as conn:
        store._vault.forget(conn, PERSON)
    store.remove([mine])

    assert [path.name for path in files(store)] == [other]
    with database.reading() as conn:
        with pytest.raises(NotKept):
            store.read(conn, mine)
        assert store.read(conn, other).data == b"other"
        assert list(store.faults(conn)) == []


def test_without_its_key_it_is_noise(store: Attachments, database: Database) -> None:
    committed = kept(store, database)

    with database.writing() as conn:
        conn.execute(delete(person_key))
    store._vault._ciphers.clear()

    with database.reading() as conn:
        with pytest.raises(NotKept):
            store.read(conn, committed)
        assert len(list(store.faults(conn))) == 1


def test_a_transaction_that_fails_leaves_no_row(store: Attachments, database: Database) -> None:
    def failing() -> None:
        with database.writing() as conn:
            store.keep(conn, PERSON, "a", "text/plain", SCAN)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        failing()

    with database.writing() as conn:
        assert conn.execute(select(func.count()).select_from(attachment)).scalar() == 0
        assert conn.execute(select(func.count()).select_from(person_key)).scalar() == 0
        assert store.sweep(conn) == 1
    assert files(store) == []


def test_a_disk_that_fails_leaves_no_half_file(
    store: Attachments, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Any) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", fail)

    with pytest.raises(OSError, match="no space"):
        kept(store, database)

    assert files(store) == []


def test_an_unknown_commitment_is_not_kept(store: Attachments, database: Database) -> None:
    with database.reading() as conn, pytest.raises(NotKept):
        store.read(conn, "ab" * 32)
