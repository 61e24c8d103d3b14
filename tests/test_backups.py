"""Backups: of one moment while people work, encrypted, verified; back whole, or not at all."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import select

from ledger.backups import BackupDamaged, LedgerThere, back_up, marker, restore, verify
from ledger.backups.envelope import CHUNK, SealedReader, SealedWriter
from ledger.backups.keyring import PassphraseTooShort, back_up_keys, restore_keys
from ledger.book import Ledger, open_ledger
from ledger.desk import Desk
from ledger.domain.ids import PersonId
from ledger.domain.persons import Person
from ledger.journal import rotation, shredded
from ledger.journal.fsck import check
from ledger.journal.recorder import read_head
from ledger.journal.tables import person_key, session
from ledger.settings import ProvinceSettings
from tests.forgetting import adopt_terms, forget
from tests.world import Time, World

PASSPHRASE = "一个足够长的密钥备份口令"


@dataclass
class House:
    """A province as it stands in a data folder, so that it can be lost and brought back."""

    settings: ProvinceSettings
    world: World

    def again(self, folder: Path, url: str | None = None) -> ProvinceSettings:
        there = url or f"sqlite:///{folder / 'ledger.db'}"
        s = self.settings
        return ProvinceSettings(s.code, s.origin, s.name, s.short, there, folder)


@pytest.fixture
def house(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Iterator[House]:
    folder = tmp_path / "45"
    folder.mkdir()
    url = database_url if "postgresql" in database_url else f"sqlite:///{folder / 'ledger.db'}"
    settings = ProvinceSettings("45", "liangdi.example/guangxi", "广西", "桂", url, folder)
    time = Time()
    world = World(open_ledger(settings, clock=time.clock), time, "451224")
    adopt_terms(world)
    yield House(settings, world)
    world.ledger.close()


@pytest.fixture
def empty_url(request: pytest.FixtureRequest, house: House) -> str | None:
    """Where a backup of this house goes: nowhere to name for SQLite."""
    if house.world.ledger.database.is_sqlite:
        return None
    databases = request.getfixturevalue("postgres_databases")
    return str(databases.database())


def moved(house: House, to: Path) -> Path:
    """A new machine, with the keys from their own backup."""
    file = to.parent / "keys.backup"
    back_up_keys(house.world.ledger.vault.keyring.folder, file, PASSPHRASE)
    restore_keys(file, to / "keys", PASSPHRASE)
    return to


def name_of(ledger: Ledger, world: World, person: PersonId) -> str:
    with ledger.looking(world.look()) as reader:
        told = Person.of(reader.opened(reader.records(person)))
    return told.name


def head_of(ledger: Ledger) -> tuple[int, bytes]:
    with ledger.database.reading() as conn:
        frontier = read_head(conn, ledger.origin).frontier
    return frontier.size, frontier.root()


def test_what_comes_back_is_what_was_backed_up(
    house: House, empty_url: str | None, tmp_path: Path
) -> None:
    world = house.world
    person = world.worker("韦秀英")
    store = world.ledger.attachments
    assert store is not None
    with world.ledger.database.writing() as conn:
        kept = store.keep(conn, person, "身份证.jpg", "image/jpeg", b"scan" * 1000)
    file = tmp_path / "data.backup"

    taken = back_up(world.ledger, file)
    world.worker("后来的人")
    new = moved(house, tmp_path / "new")
    told = restore(file, new, url=empty_url)

    assert taken.attachments == 1
    restored = open_ledger(house.again(new, empty_url), clock=world.time.clock)
    assert head_of(restored) == (taken.size, bytes.fromhex(taken.root))
    assert (told.size, told.root) == (taken.size, taken.root)
    assert name_of(restored, world, person) == "韦秀英"
    assert restored.attachments is not None
    with restored.database.reading() as conn:
        assert restored.attachments.read(conn, kept).data == b"scan" * 1000
    assert check(restored.database, restored.origin, vault=restored.vault).sound
    restored.close()
    said = marker(new)
    assert said is not None
    assert said["size"] == taken.size
    assert marker(house.settings.folder) is None


def test_who_was_forgotten_after_the_backup_stays_forgotten(
    house: House, empty_url: str | None, tmp_path: Path
) -> None:
    world = house.world
    person, other = world.worker("韦秀英"), world.worker("黄大年")
    store = world.ledger.attachments
    assert store is not None
    with world.ledger.database.writing() as conn:
        store.keep(conn, person, "身份证.jpg", "image/jpeg", b"scan")
    Desk({"45": world.ledger}).open_account(world.ledger, "xiuying", person, "a long password")
    file = tmp_path / "data.backup"
    back_up(world.ledger, file)

    forget(world, person)
    told = restore(file, moved(house, tmp_path / "new"), url=empty_url)

    assert told.forgotten == 1
    restored = open_ledger(house.again(tmp_path / "new", empty_url), clock=world.time.clock)
    assert name_of(restored, world, person) == ""
    assert name_of(restored, world, other) == "黄大年"
    with restored.database.reading() as conn:
        query = select(person_key).where(person_key.c.person == person)
        assert conn.execute(query).first() is None
    assert Desk({"45": restored}).accounts(restored) == []
    files = (tmp_path / "new" / "attachments").rglob("*")
    assert [path for path in files if path.is_file()] == []
    assert check(restored.database, restored.origin, vault=restored.vault).sound
    restored.close()


def test_sessions_do_not_come_back(house: House, empty_url: str | None, tmp_path: Path) -> None:
    world = house.world
    desk = Desk({"45": world.ledger})
    desk.open_account(world.ledger, "lead", world.worker("负责人"), "a long password")
    desk.make_token(world.ledger, "lead", "脚本")
    file = tmp_path / "data.backup"
    back_up(world.ledger, file)

    restore(file, moved(house, tmp_path / "new"), url=empty_url)

    restored = open_ledger(house.again(tmp_path / "new", empty_url))
    with restored.database.reading() as conn:
        assert conn.execute(select(session)).first() is None
    restored.close()


def test_entries_go_on_while_it_is_taken_and_it_is_of_one_moment(
    house: House, empty_url: str | None, tmp_path: Path
) -> None:
    world, stop = house.world, Event()
    world.worker()

    def work() -> None:
        while not stop.is_set():
            world.worker()

    clerk = Thread(target=work)
    clerk.start()
    try:
        every = [back_up(world.ledger, tmp_path / f"{number}.backup") for number in range(3)]
    finally:
        stop.set()
        clerk.join()

    restore(tmp_path / "2.backup", moved(house, tmp_path / "new"), url=empty_url)
    restored = open_ledger(house.again(tmp_path / "new", empty_url))
    assert head_of(restored)[0] == every[-1].size <= head_of(world.ledger)[0]
    assert check(restored.database, restored.origin, vault=restored.vault).sound
    restored.close()


def test_nothing_is_restored_over_a_ledger(
    house: House, empty_url: str | None, tmp_path: Path
) -> None:
    file = tmp_path / "data.backup"
    back_up(house.world.ledger, file)
    url = None if empty_url is None else house.settings.url

    with pytest.raises(LedgerThere):
        restore(file, house.settings.folder, url=url)


def test_without_the_keys_it_is_noise(house: House, empty_url: str | None, tmp_path: Path) -> None:
    world = house.world
    world.worker("韦秀英")
    file = tmp_path / "data.backup"
    back_up(world.ledger, file)

    assert b"SQLite" not in file.read_bytes()
    assert b"per_" not in file.read_bytes()
    with pytest.raises(BackupDamaged, match="keys"):
        restore(file, tmp_path / "new", url=empty_url)
    with pytest.raises(BackupDamaged):
        verify(file, os.urandom(32))


def test_after_the_old_wrapping_key_is_retired_an_old_backup_says_what_it_needs(
    house: House, empty_url: str | None, tmp_path: Path
) -> None:
    world = house.world
    world.worker("韦秀英")
    file, keyring = tmp_path / "data.backup", world.ledger.vault.keyring
    back_up(world.ledger, file)
    before = tmp_path / "before.backup"
    back_up_keys(keyring.folder, before, PASSPHRASE)
    rotation.rotate(world.ledger.database, keyring)
    rotation.retire(world.ledger.database, keyring, 1)

    with pytest.raises(BackupDamaged, match="wrap-\\[1\\]"):
        restore(file, moved(house, tmp_path / "new"), url=empty_url)
    restore_keys(before, tmp_path / "new" / "keys", PASSPHRASE)
    restore(file, tmp_path / "new", url=empty_url)


@pytest.mark.parametrize("fault", ["flipped", "cut", "moved", "longer", "headed"])
def test_a_changed_or_torn_file_is_refused(tmp_path: Path, fault: str) -> None:
    path, secret = tmp_path / "x.backup", os.urandom(32)
    with SealedWriter(path, secret, {"what": "data"}) as into:
        into.write(os.urandom(3 * CHUNK))
    data = bytearray(path.read_bytes())
    start = len(data) - 3 * (CHUNK + 20)
    match fault:
        case "flipped":
            data[-CHUNK] ^= 1
        case "cut":
            del data[-(CHUNK + 20) :]
        case "moved":
            one, two = slice(start, start + CHUNK + 20), slice(start + CHUNK + 20, -(CHUNK + 20))
            data[one], data[two] = data[two], data[one]
        case "longer":
            data += b"x"
        case _:
            data[30] ^= 1
    path.write_bytes(bytes(data))

    def read() -> None:
        reader = SealedReader(path, secret)
        try:
            reader.drain()
        finally:
            reader.close()

    with pytest.raises(BackupDamaged):
        read()


def test_a_writer_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "x.backup"

    def fail() -> None:
        with SealedWriter(path, os.urandom(32), {}) as into:
            into.write(b"half")
            raise OSError("disk full")

    with pytest.raises(OSError, match="full"):
        fail()

    assert list(tmp_path.iterdir()) == []


KILLED = """
import sys
from pathlib import Path
from ledger.backups import back_up, restore
from ledger.book import open_ledger
from ledger.settings import ProvinceSettings
what, url, folder, file, new = sys.argv[1:]
def tell(step):
    print(step, flush=True)
    sys.stdin.readline()  # it goes on when it is told to
if what == "back_up":
    settings = ProvinceSettings("45", "liangdi.example/guangxi", "广西", "桂", url, Path(folder))
    back_up(open_ledger(settings), Path(file), tell=tell)
else:
    from ledger.backups import restoring
    real = restoring._made_fit
    def slow(*given):
        told = real(*given)
        tell("fit")
        return told
    restoring._made_fit = slow
    restore(Path(file), Path(new), url=None if url == "-" else url)
"""


def killed(*arguments: str, after: str) -> None:
    """Runs until it says `after`, and kills it then and there."""
    command = [sys.executable, "-c", KILLED, *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        while (line := process.stdout.readline().strip()) != after:
            assert line, "it ended before"
            process.stdin.write("\n")
            process.stdin.flush()
        os.kill(process.pid, signal.SIGKILL)


@pytest.mark.parametrize("step", ["database", "attachments"])
def test_a_backup_that_is_killed_leaves_the_last_one_as_it_was(
    house: House, tmp_path: Path, step: str
) -> None:
    file = tmp_path / "data.backup"
    back_up(house.world.ledger, file)
    before = sha256(file.read_bytes()).hexdigest()
    settings = house.settings

    killed("back_up", settings.url, str(settings.folder), str(file), "-", after=step)

    assert sha256(file.read_bytes()).hexdigest() == before
    house.world.worker()
    back_up(house.world.ledger, file)
    left = {path.name for path in tmp_path.iterdir() if path.name.startswith(".")}
    assert left == set()


def test_a_restore_that_is_killed_is_begun_again(
    house: House, empty_url: str | None, tmp_path: Path
) -> None:
    world = house.world
    person = world.worker("韦秀英")
    file = tmp_path / "data.backup"
    taken = back_up(world.ledger, file)
    new = moved(house, tmp_path / "new")

    killed("restore", empty_url or "-", "-", str(file), str(new), after="fit")

    assert not (new / "ledger.db").exists()
    restore(file, new, url=empty_url)
    restored = open_ledger(house.again(new, empty_url))
    assert head_of(restored)[0] == taken.size
    assert name_of(restored, world, person) == "韦秀英"
    restored.close()


# ── the keys ─────────────────────────────────────────────────────────────────────────────────


def test_keys_come_back_only_by_their_passphrase_and_replace_none(tmp_path: Path) -> None:
    keys, file = tmp_path / "keys", tmp_path / "keys.backup"
    keys.mkdir()
    for name in ("search", "wrap-1"):
        (keys / name).write_bytes(os.urandom(32))
    person = "per_" + "a" * 26
    shredded.note(keys, [(person, "2026-03-02")])
    with pytest.raises(PassphraseTooShort):
        back_up_keys(keys, file, "kurz")

    assert back_up_keys(keys, file, PASSPHRASE) == 3

    assert (keys / "search").read_bytes() not in file.read_bytes()
    with pytest.raises(BackupDamaged):
        restore_keys(file, tmp_path / "new", "ein anderes Passwort")
    assert restore_keys(file, tmp_path / "new", PASSPHRASE) == ["search", "wrap-1"]
    assert list(shredded.read(tmp_path / "new")) == [person]
    assert restore_keys(file, tmp_path / "new", PASSPHRASE) == []
    (tmp_path / "new" / "search").write_bytes(os.urandom(32))
    with pytest.raises(BackupDamaged, match="other keys"):
        restore_keys(file, tmp_path / "new", PASSPHRASE)


def test_a_newer_list_of_the_forgotten_can_be_given(
    house: House, empty_url: str | None, tmp_path: Path
) -> None:
    world = house.world
    person = world.worker("韦秀英")
    file = tmp_path / "data.backup"
    back_up(world.ledger, file)
    new = moved(house, tmp_path / "new")  # the keys as they were before she was forgotten
    forget(world, person)
    newer = shredded.read(world.ledger.vault.keyring.folder)

    told = restore(file, new, url=empty_url, forgotten=newer)

    assert told.forgotten == 1
