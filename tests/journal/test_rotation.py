"""Rotation of the wrapping key: resumable, beside the work, killed at any moment; then retired."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import select

from ledger.journal import rotation
from ledger.journal.database import Database
from ledger.journal.rotation import StillInUse, begin_rotation, retire, rotate, wrappings
from ledger.journal.tables import person_key
from ledger.journal.vault import Keyring, Retired, Sealer, Vault


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    return Keyring(tmp_path / "keys")


def with_keys(database: Database, keyring: Keyring, count: int) -> list[str]:
    persons = [f"per_{number:05}" for number in range(count)]
    sealer = Vault(keyring).sealer()
    with database.writing() as conn:
        sealer.ready(conn, persons)
        sealer.keep(conn)
    return persons


def opened(database: Database, keyring: Keyring, persons: list[str]) -> int:
    """How many of these persons' keys can be unwrapped by somebody who just came."""
    with database.reading() as conn:
        return len(Vault(Keyring(keyring.folder)).ciphers(conn, persons))


def test_every_key_is_wrapped_anew_and_still_opens(database: Database, keyring: Keyring) -> None:
    persons = with_keys(database, keyring, 50)
    told: list[tuple[int, int]] = []

    changed = rotate(database, keyring, tell=lambda done, total: told.append((done, total)))

    assert changed == 50
    assert told[-1] == (50, 50)
    assert [(w.number, w.persons) for w in wrappings(database, keyring)] == [(1, 0), (2, 50)]
    assert opened(database, keyring, persons) == 50


def test_an_interrupted_rotation_goes_on_with_the_same_key(
    database: Database, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "BATCH", 10)
    persons = with_keys(database, keyring, 50)

    def stop(done: int, total: int) -> None:
        if done >= 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotate(database, keyring, tell=stop)
    assert begin_rotation(database, keyring) == 2

    assert rotate(database, keyring) == 30
    assert keyring.newest == 2
    assert opened(database, keyring, persons) == 50


def test_a_key_in_use_is_not_retired_and_one_that_is_not_is_gone(
    database: Database, keyring: Keyring
) -> None:
    persons = with_keys(database, keyring, 3)
    old = (keyring.folder / "wrap-1").read_bytes()
    with pytest.raises(ValueError, match="newest"):
        retire(database, keyring, 1)
    keyring.add_wrap()
    with pytest.raises(StillInUse):
        retire(database, keyring, 1)

    rotate(database, keyring)
    retire(database, keyring, 1)

    assert not (keyring.folder / "wrap-1").exists()
    assert old not in b"".join(p.read_bytes() for p in keyring.folder.iterdir())
    assert opened(database, keyring, persons) == 3


def test_a_process_that_was_there_before_follows_the_rotation(
    database: Database, keyring: Keyring
) -> None:
    earlier = Vault(Keyring(keyring.folder))
    persons = with_keys(database, keyring, 3)
    rotate(database, keyring)
    retire(database, keyring, 1)

    with database.reading() as conn:
        assert len(earlier.ciphers(conn, persons)) == 3
    sealer = earlier.sealer()
    with database.writing() as conn:
        sealer.ready(conn, ["per_new"])
        sealer.keep(conn)
    with database.reading() as conn:
        kek = conn.execute(select(person_key.c.kek).where(person_key.c.person == "per_new"))
        assert kek.scalar() == 2


def test_a_key_made_while_its_wrapping_key_is_retired_is_refused_whole(
    database: Database, keyring: Keyring
) -> None:
    vault = Vault(keyring)
    sealer = vault.sealer()

    def seal() -> None:
        with database.writing() as conn:
            _keep_with_an_old_look(sealer, conn, keyring)

    with pytest.raises(Retired):
        seal()

    with database.reading() as conn:
        assert conn.execute(select(person_key)).first() is None


def _keep_with_an_old_look(sealer: Sealer, conn: Any, keyring: Keyring) -> None:
    """The file goes between the look into the folder and the commit."""
    sealer.ready(conn, ["per_a"])
    real = keyring.still_there

    def gone(number: int) -> None:
        (keyring.folder / f"wrap-{number}").unlink()
        real(number)

    keyring.still_there = gone
    sealer.keep(conn)


def test_clerks_go_on_writing_meanwhile(
    database: Database, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "BATCH", 5)
    persons = with_keys(database, keyring, 60)
    added: list[str] = []

    def write() -> None:
        vault = Vault(Keyring(keyring.folder))
        for number in range(30):
            sealer = vault.sealer()
            with database.writing() as conn:
                sealer.ready(conn, [f"per_z{number:03}"])
                sealer.keep(conn)
            added.append(f"per_z{number:03}")

    clerk = Thread(target=write)
    clerk.start()
    rotate(database, keyring)
    clerk.join()
    rotate(database, keyring) if begin_rotation(database, keyring) == 2 else None

    assert opened(database, keyring, persons + added) == 90


KILLED = """
import sys
from pathlib import Path
from ledger.journal import rotation
from ledger.journal.database import Database
from ledger.journal.vault import Keyring
rotation.BATCH = 25
def tell(done, total):
    print(done, flush=True)
rotation.rotate(Database(sys.argv[1]), Keyring(Path(sys.argv[2])), tell=tell)
"""


@pytest.mark.parametrize("after", [1, 7, 20])
def test_a_rotation_that_is_killed_loses_no_key(
    database: Database, keyring: Keyring, after: int
) -> None:
    persons = with_keys(database, keyring, 1000)
    url = database.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", KILLED, url, str(keyring.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for _ in range(after):
            process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)

    assert opened(database, keyring, persons) == 1000
    assert begin_rotation(database, keyring) == 2
    rotate(database, keyring)
    retire(database, keyring, 1)
    assert opened(database, keyring, persons) == 1000
