"""Epochs: a real restore where records were lost, and both provinces going on with all that is left."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from ledger import procedures, replay
from ledger.backups import back_up, marker, restore
from ledger.backups.envelope import BackupDamaged
from ledger.book import Ledger, Look, open_ledger
from ledger.domain.channels import Cause
from ledger.domain.epochs import (
    EpochBegun,
    Epochs,
    Head,
    HeadNotCited,
    LossByOne,
    LossDeclared,
    LossNotDeclared,
    NothingLost,
    Span,
)
from ledger.domain.kernel import Act, Code, Office
from ledger.domain.offices import NotYourOffice
from ledger.domain.persons import Person
from ledger.evidence.subjects import Kind, Subject
from ledger.exchange import returning
from ledger.exchange.returning import (
    Found,
    GivenDiffers,
    begin_epoch,
    compare,
    give_back,
    read_given,
)
from ledger.exchange.running import standings
from ledger.exchange.signals import signals
from ledger.exchange.wire import OpeningDiffers
from ledger.exchange.witnessing import NotWitnessed, attest, offer
from ledger.journal import checkpoints, epochs
from ledger.journal.fsck import check
from ledger.journal.keys import Role
from ledger.journal.merkle import Frontier, consistency_proof, leaf_hash
from ledger.journal.notes import Checkpoint, Note, Proof, sign
from ledger.journal.recorder import LogReader, read_head
from ledger.journal.signing import ReadOnly
from ledger.journal.tables import checkpoint
from ledger.journal.witness import Request, begins_with
from ledger.projections import VIEWS, rebuild
from ledger.settings import ProvinceSettings
from tests.dossiers import taken, verdict
from tests.journal.test_merkle import Shelf
from tests.pair import BASIS, Pair, close, open_pair
from tests.world import World, open_province

PASSPHRASE = "一个足够长的归还口令"
EPOCH_2 = "liangdi.example/guangxi/epoch/2"


@dataclass
class Disaster:
    """A home province that was restored from a backup older than what its partner has seen."""

    pair: Pair
    settings: ProvinceSettings
    folder: Path
    backup: Path

    @property
    def home(self) -> World:
        return self.pair.home

    @property
    def host(self) -> World:
        return self.pair.host

    def lose(self, url: str | None = None) -> Ledger:
        """The machine is gone; the keys and the backup are left."""
        time, root, officers = self.home.time, self.home.root, self.home._officers
        self.home.ledger.close()
        new = self.folder / "new"
        (new / "keys").mkdir(parents=True)
        for each in (self.settings.folder / "keys").iterdir():
            if each.is_file() and each.name[0] != ".":
                shutil.copy2(each, new / "keys" / each.name)
        restore(self.backup, new, url=url)
        there = url or f"sqlite:///{new / 'ledger.db'}"
        self.settings = replace(self.settings, url=there, folder=new)
        return self.open(World.at(self.home.ledger, time, root, officers))

    def open(self, world: World | None = None) -> Ledger:
        """The restored ledger, opened (once more)."""
        before = world or self.home
        ledger = open_ledger(self.settings, clock=before.time.clock)
        made = World.at(ledger, before.time, before.root, before._officers)
        made.number_from(500)
        partnership = self.pair.partnership
        self.pair = again(self.pair, made)
        self.pair.partnership = partnership
        return ledger

    def given(self, after: int = 0) -> returning.Given:
        """What the partner holds, through a file as it would travel."""
        file = self.folder / "given"
        look = Look(
            self.host.officer(self.host.root, Office.LIAISON), self.host.root, "mirror", "归还"
        )
        give_back(self.host.ledger, self.home.origin, file, PASSPHRASE, look, after=after)
        return read_given(file, PASSPHRASE)

    def found(self) -> Found:
        return compare(self.home.ledger, [self.given()])

    def begin(self, found: Found | None = None, **changed: Any) -> str:
        first = changed.get("first") or self.act(Office.CHAIR)
        second = changed.get("second") or self.act(Office.PRIVACY)
        return begin_epoch(
            self.home.ledger, found or self.found(), first, second,
            changed.get("witnesses", [f"{self.host.origin}/witness"]),
        )  # fmt: skip

    def act(self, office: Office) -> Act:
        ledger = self.home.ledger
        person = self.home._officers[self.home.root, office]
        return Act(person, self.home.root, office, ledger.today, ledger.today)


def again(pair: Pair, home: World) -> Pair:
    """The same two provinces, one of them opened anew."""
    made = Pair.__new__(Pair)
    made.__dict__.update(pair.__dict__)
    made.home = home
    from ledger.exchange.giving import Giving
    from ledger.exchange.reading import Reading

    made.to_host = Giving(home.ledger, pair.host.origin)
    made.at_host = Reading(pair.host.ledger, made.to_host)
    made.at_home = Reading(home.ledger, made.to_home)
    return made


@pytest.fixture
def disaster(tmp_path: Path, database_url: str) -> Iterator[Disaster]:
    """Both agree; a backup is taken; more is recorded, and the partner sees all of it."""
    folder = tmp_path / "45"
    folder.mkdir()
    url = database_url if "postgresql" in database_url else f"sqlite:///{folder / 'ledger.db'}"
    settings = ProvinceSettings("45", "liangdi.example/guangxi", "广西", "桂", url, folder)
    host = open_province(tmp_path, "44")
    home = World(open_ledger(settings, clock=host.time.clock), host.time, "451224")
    pair = Pair(home, host)
    pair.agree()
    for office in (Office.CHAIR, Office.PRIVACY, Office.APPROVER, Office.CLERK):
        home.officer(home.root, office)
    for office in (Office.LIAISON, Office.CLERK, Office.CHAIR, Office.REVIEWER, Office.APPROVER):
        home.officer(pair.village, office)
    pair.sync()
    made = Disaster(pair, settings, tmp_path, tmp_path / "data.backup")
    back_up(home.ledger, made.backup)
    yield made
    made.home.ledger.close()
    made.host.ledger.close()


@pytest.fixture
def new_url(request: pytest.FixtureRequest, disaster: Disaster) -> str | None:
    """Where the backup goes: nowhere to name for SQLite."""
    if disaster.home.ledger.database.is_sqlite:
        return None
    return str(request.getfixturevalue("postgres_databases").database())


def size(world: World) -> int:
    with world.ledger.database.reading() as conn:
        return read_head(conn, world.origin).frontier.size


def share(pair: Pair, person: Any) -> None:
    with pair.home.entry(pair.village, Office.LIAISON) as entry:
        procedures.share(entry, person, pair.host.origin, BASIS, Cause.ROSTER)


def name_of(world: World, person: str) -> str:
    with world.ledger.looking(world.look()) as reader:
        return Person.of(reader.opened(reader.records(person))).name


def sound(world: World) -> bool:
    keys = world.ledger.signer.keys.public(Role.LOG)
    report = check(world.ledger.database, world.origin, vault=world.ledger.vault, keys=keys)
    assert not report.faults
    return report.sound


def rebuilt(world: World) -> None:
    """Every view made anew from the journal says what the live one says, or this raises."""
    rebuild(world.ledger.database, world.origin, *[each for each in VIEWS if each.tables])


# ── the whole way ────────────────────────────────────────────────────────────────────────────


def test_what_was_shared_comes_back_and_what_was_not_is_declared_lost(
    disaster: Disaster, new_url: str | None
) -> None:
    pair, before = disaster.pair, size(disaster.home)
    shared, membership = pair.member("韦秀英")
    share(pair, shared)
    private = disaster.home.worker("陆阿妹")
    with disaster.home.entry(pair.village) as entry:
        entry.write(Person().rename(entry.act, shared, "韦秀莲"))
    pair.sync()
    until = size(disaster.home)
    records = {one.position: one.bytes for one in all_of(disaster.home)}

    ledger = disaster.lose(new_url)
    with pytest.raises(ReadOnly), ledger.entry(disaster.act(Office.CHAIR)):
        pass
    found = disaster.found()
    log = disaster.begin(found)

    assert (log, ledger.log, ledger.origin) == (EPOCH_2, EPOCH_2, disaster.home.origin)
    assert ledger.signer.bar is None
    assert marker(disaster.settings.folder) is None
    assert found.loss.held == before
    assert found.loss.until == until
    home = disaster.home
    now = {one.position: one for one in all_of(home)}
    lost = _positions(found.loss.lost)
    assert lost
    for at in range(before + 1, until + 1):
        if at in lost:
            assert now[at].kind == "RecordLost"
        else:
            assert now[at].bytes == records[at]
    assert [now[at].kind for at in (until + 1, until + 2)] == ["LossDeclared", "EpochBegun"]
    assert name_of(home, shared) == "韦秀莲"
    assert disaster.home.ledger.vault is ledger.vault
    with ledger.reading() as reader:
        assert ledger.vault.find(reader.conn, name="韦秀莲") == [shared]
        assert reader.get(Person, private).id is None
        assert reader.get(Epochs, home.root).begun[0].log == EPOCH_2
    assert sound(home)
    rebuilt(home)

    disaster.pair.sync()
    with home.entry(disaster.pair.village) as entry:
        entry.write(entry.read(Person, shared).rename(entry.act, shared, "韦秀兰"))
    disaster.pair.sync()
    dossier = taken(home, Subject(Kind.WORKER, shared))
    code, said = verdict(dossier.data, disaster.folder)
    assert (code, said["faults"]) == (0, [])

    assert name_of(disaster.host, shared) == "韦秀兰"
    assert disaster.pair.holders(membership) == (home.origin, home.origin)
    with ledger.database.reading() as conn:
        kept = checkpoints.last(conn, EPOCH_2)
    assert kept is not None
    assert kept.size > until
    assert {each.name for each in kept.note.signatures} >= {
        EPOCH_2,
        f"{disaster.host.origin}/witness",
    }
    for world in (home, disaster.host):
        assert sound(world)
        rebuilt(world)
        with world.ledger.reading() as reader:
            assert signals(reader) == []
    assert standings(home.ledger)[0].cosigned == size(home)


def all_of(world: World) -> list[Any]:
    with world.ledger.database.reading() as conn:
        return world.ledger.recorder.page(conn, 0, 10_000)


def test_evidence_of_both_epochs_convinces_whoever_has_the_keys(
    disaster: Disaster, new_url: str | None
) -> None:
    pair = disaster.pair
    with disaster.home.ledger.database.reading() as conn:
        old = checkpoints.proof(conn, disaster.home.origin, 2)
    disaster.home.worker("陆阿妹")
    disaster.home.union("之后的工会")
    pair.sync()
    with disaster.home.ledger.database.reading() as conn:
        given_out = checkpoints.proof(conn, disaster.home.origin, size(disaster.home))
    until = size(disaster.home)
    disaster.lose(new_url)
    disaster.begin()
    disaster.pair.sync()

    keys = [
        *disaster.home.ledger.signer.keys.public(Role.LOG), *disaster.host.ledger.witness.keys
    ]  # fmt: skip
    with disaster.home.ledger.database.reading() as conn:
        again_ = checkpoints.proof(conn, disaster.home.origin, 2)
        new = checkpoints.proof(conn, disaster.home.origin, until + 2)
        states = checkpoints.states(conn, disaster.home.origin, [2, until + 2])
    assert again_ == old
    for each, log in (
        (old, disaster.home.origin),
        (given_out, disaster.home.origin),
        (new, EPOCH_2),
    ):
        assert each is not None
        read = Proof.parse(each.to_bytes())
        assert read.extra is not None
        proven = read.proves(leaf_hash(read.extra), keys)
        assert proven.checkpoint.origin == log
        assert {each.key.name for each in proven.by} >= {log, f"{disaster.host.origin}/witness"}
    assert all(each.signed and each.witnessed for each in states.values())


# ── who may, and on what ─────────────────────────────────────────────────────────────────────


def test_one_officer_alone_begins_nothing(disaster: Disaster, new_url: str | None) -> None:
    disaster.pair.member("韦秀英")
    disaster.pair.sync()
    disaster.lose(new_url)
    before = size(disaster.home)
    chair = disaster.act(Office.CHAIR)

    with pytest.raises(LossByOne):
        disaster.begin(second=chair)
    with pytest.raises(NotYourOffice):
        disaster.begin(second=replace(disaster.act(Office.PRIVACY), office=Office.CHAIR))
    with pytest.raises(HeadNotCited):
        disaster.begin(witnesses=[f"{disaster.host.origin}/witness", "example.org/witness"])

    assert size(disaster.home) == before
    assert disaster.home.ledger.log == disaster.home.origin
    disaster.begin()
    assert disaster.home.ledger.log == EPOCH_2


def test_where_nothing_is_lost_no_epoch_begins_and_all_of_it_comes_back(
    disaster: Disaster, new_url: str | None
) -> None:
    disaster.home.union("之后的工会")
    disaster.home.ledger.signer.sign(disaster.home.ledger.clock.now())
    disaster.pair.host_reads()
    attest(disaster.home.ledger, [disaster.host.ledger.witness])
    disaster.pair.at_host.once()
    until = size(disaster.home)
    ledger = disaster.lose(new_url)
    found = disaster.found()
    assert found.loss.lost == []
    with pytest.raises(NothingLost):
        disaster.begin(found)
    made = returning.take_back(ledger, found)

    assert made.size == until
    assert ledger.signer.bar is None

    assert size(disaster.home) == until
    assert ledger.log == disaster.home.origin
    assert sound(disaster.home)
    disaster.pair.sync()


def test_a_declaration_of_something_else_is_none(disaster: Disaster) -> None:
    disaster.pair.member("韦秀英")
    disaster.pair.sync()
    disaster.lose() if disaster.home.ledger.database.is_sqlite else pytest.skip("the rule alone")
    loss = disaster.found().loss
    act = disaster.act(Office.PRIVACY)

    with pytest.raises(LossNotDeclared):
        Epochs().begin(act, loss, 2, EPOCH_2, "key")
    declared = Epochs.declare(disaster.act(Office.CHAIR), loss, [])
    with pytest.raises(LossNotDeclared):
        Epochs.told(declared).begin(act, loss._replace(lost=[Span(1, 2)]), 2, EPOCH_2, "key")


# ── the partner ──────────────────────────────────────────────────────────────────────────────


def test_a_partner_that_has_not_read_the_declaration_does_not_know_the_new_log(
    disaster: Disaster, new_url: str | None
) -> None:
    disaster.pair.member("韦秀英")
    disaster.pair.sync()
    ledger = disaster.lose(new_url)
    disaster.begin()
    ledger.signer.sign(ledger.clock.now())

    with pytest.raises(NotWitnessed) as refused:
        offer(ledger, disaster.host.ledger.witness)
    assert refused.value.answer.status == 404

    disaster.pair.host_reads()
    assert offer(ledger, disaster.host.ledger.witness)


def test_a_new_epoch_that_hides_what_the_partner_cosigned_is_not_believed(
    disaster: Disaster, new_url: str | None
) -> None:
    """The declaration cites an older head than the partner's last."""
    disaster.pair.member("韦秀英")
    disaster.pair.sync()
    ledger = disaster.lose(new_url)
    found = disaster.found()
    (head,) = found.loss.heads
    other = replace(head, root=type(head.root)("00" * 32))
    disaster.begin(found._replace(loss=found.loss._replace(heads=(other,))))
    disaster.pair.host_reads()
    ledger.signer.sign(ledger.clock.now())

    with pytest.raises(NotWitnessed) as refused:
        offer(ledger, disaster.host.ledger.witness)

    assert refused.value.answer.status == 404
    with disaster.host.ledger.reading() as reader:
        assert [each.kind for each in signals(reader)] == ["EpochDoubted"]


def test_the_old_log_is_over_once_the_new_one_is_believed(
    disaster: Disaster, new_url: str | None
) -> None:
    pair = disaster.pair
    pair.member("韦秀英")
    pair.sync()
    with pair.home.ledger.database.reading() as conn:
        kept = checkpoints.last(conn, pair.home.origin)
    assert kept is not None
    ours = tuple(each for each in kept.note.signatures if each.name == pair.home.origin)
    disaster.lose(new_url)
    disaster.begin()
    disaster.pair.sync()

    note = kept.note._replace(signatures=ours)
    answer = disaster.host.ledger.witness.add_checkpoint(Request(kept.size, (), note).to_bytes())

    assert answer.status == 404
    assert EPOCH_2 in answer.body.decode()
    assert disaster.host.ledger.witness.latest(disaster.home.origin) is not None


# ── what does not fit, and what is killed ────────────────────────────────────────────────────


def test_a_mirror_that_was_changed_is_not_taken_back(disaster: Disaster) -> None:
    if not disaster.home.ledger.database.is_sqlite:
        pytest.skip("nothing is written")
    person, _ = disaster.pair.member("韦秀英")
    share(disaster.pair, person)
    disaster.pair.sync()
    ledger = disaster.lose()
    given = disaster.given()

    early = [given.lines[0]._replace(record=given.lines[0].record.replace(b"uni_", b"unj_", 1))]
    with pytest.raises(GivenDiffers):
        compare(ledger, [given._replace(lines=[*early, *given.lines[1:]])])
    with pytest.raises(GivenDiffers):
        compare(ledger, [given._replace(log="liangdi.example/guangxi/to/elsewhere")])
    opened = next(at for at, line in enumerate(given.lines) if line.openings)
    one = given.lines[opened]
    spoilt = [one.openings[0]._replace(payload=b'{"name":"another"}')]
    lines = [*given.lines]
    lines[opened] = one._replace(openings=spoilt)
    with pytest.raises(OpeningDiffers):
        compare(ledger, [given._replace(lines=lines)])
    with pytest.raises(BackupDamaged):
        read_given(disaster.folder / "given", "another passphrase")
    twice = [given, given]
    assert compare(ledger, twice).digest == compare(ledger, [given]).digest


def test_only_what_is_missing_has_to_travel(disaster: Disaster) -> None:
    if not disaster.home.ledger.database.is_sqlite:
        pytest.skip("nothing is written")
    disaster.pair.member("韦秀英")
    disaster.pair.sync()
    ledger = disaster.lose()
    with ledger.database.reading() as conn:
        have = read_head(conn, disaster.pair.to_host.log).frontier.size

    few = disaster.given(have)

    assert compare(ledger, [few]).loss == disaster.found().loss
    assert len(few.lines) < len(disaster.given().lines)
    with pytest.raises(GivenDiffers):
        disaster.given(10_000)
    with pytest.raises(GivenDiffers):
        compare(ledger, [few._replace(root=bytes(32))])


def killed_at(disaster: Disaster, where: str) -> None:
    """Begins the epoch in a process of its own, which is killed there."""
    officers = [disaster.home._officers[disaster.home.root, each] for each in SIGNERS]
    disaster.given()
    told = subprocess.run(
        [sys.executable, "-c", _BEGUN_AND_KILLED, where, disaster.settings.url,
         str(disaster.settings.folder), str(disaster.folder / "given"), PASSPHRASE,
         disaster.home.root, *officers],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == -signal.SIGKILL, told.stderr


SIGNERS = (Office.CHAIR, Office.PRIVACY)
_BEGUN_AND_KILLED = """
import os, signal, sys
from pathlib import Path
from pkgutil import resolve_name
from ledger.book import open_ledger
from ledger.domain.kernel import Act, Office
from ledger.exchange.returning import begin_epoch, compare, read_given
from ledger.settings import ProvinceSettings

where, url, folder, given, passphrase, root, *officers = sys.argv[1:]
holder, _, name = where.rpartition(".")
setattr(resolve_name(holder), name, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
settings = ProvinceSettings("45", "liangdi.example/guangxi", "广西", "桂", url, Path(folder))
ledger = open_ledger(settings)
acts = [
    Act(who, root, office, ledger.today, ledger.today)
    for who, office in zip(officers, (Office.CHAIR, Office.PRIVACY))
]
begin_epoch(ledger, compare(ledger, [read_given(Path(given), passphrase)]), *acts, [])
"""


def test_killed_before_its_end_nothing_has_happened_and_it_is_begun_again(
    disaster: Disaster, new_url: str | None
) -> None:
    disaster.pair.member("韦秀英")
    disaster.pair.sync()
    ledger = disaster.lose(new_url)
    before = size(disaster.home)

    ledger.close()
    killed_at(disaster, "ledger.book.entry.Entry._posted")
    ledger = disaster.open()
    assert (size(disaster.home), ledger.log) == (before, disaster.home.origin)
    ledger.close()
    killed_at(disaster, "ledger.journal.signing.JournalSigner.begin")
    ledger = disaster.open()

    assert ledger.log == EPOCH_2
    assert isinstance(ledger.signer.bar, ReadOnly)  # the mark of the restore still stands
    note = disaster.host.ledger.witness.latest(disaster.home.origin)
    assert note is not None
    ledger.signer.resume([Note.parse(note)])
    disaster.pair.sync()
    assert sound(disaster.home)


def lost_again(disaster: Disaster) -> None:
    """The machine is gone once more, and there is no newer backup."""
    shutil.move(disaster.folder / "new", disaster.folder / "lost")
    disaster.settings = replace(disaster.settings, folder=disaster.folder / "lost")
    disaster.lose()


def test_a_backup_older_than_an_epoch_does_not_take_its_name_again(
    disaster: Disaster, new_url: str | None
) -> None:
    if new_url is not None:
        pytest.skip("the same on one database is enough")
    disaster.pair.member("韦秀英")
    disaster.pair.sync()
    disaster.lose()
    disaster.begin()
    disaster.pair.sync()
    person, _ = disaster.pair.member("覃志远")
    share(disaster.pair, person)
    disaster.pair.sync()
    until = size(disaster.home)

    lost_again(disaster)
    found = disaster.found()
    assert (found.loss.log, found.loss.until, found.epoch) == (EPOCH_2, until, 3)
    assert disaster.begin(found) == "liangdi.example/guangxi/epoch/3"
    disaster.pair.sync()

    with disaster.host.ledger.reading() as reader:
        assert [each.number for each in epochs.epochs(reader.conn, disaster.home.origin)] == [2, 3]
        assert signals(reader) == []
    assert name_of(disaster.home, person) == "覃志远"
    assert sound(disaster.home)


def test_an_epoch_of_which_nobody_has_read_is_not_begun_a_second_time(
    disaster: Disaster, new_url: str | None
) -> None:
    if new_url is not None:
        pytest.skip("the same on one database is enough")
    disaster.pair.member("韦秀英")
    disaster.pair.sync()
    ledger = disaster.lose()
    disaster.begin()
    ledger.signer.sign(ledger.clock.now())
    signed = size(disaster.home)

    lost_again(disaster)  # the signer's file was kept
    found = disaster.found()
    assert (found.loss.log, found.loss.until, found.epoch) == (disaster.home.origin, signed, 3)
    disaster.begin(found)
    disaster.pair.sync()

    with disaster.host.ledger.reading() as reader:
        assert [each.number for each in epochs.epochs(reader.conn, disaster.home.origin)] == [3]
        assert signals(reader) == []
    assert sound(disaster.home)


@pytest.mark.parametrize("read", [False, True])
def test_a_transfer_that_is_open_when_a_disk_is_lost_ends_with_one_holder(
    disaster: Disaster, new_url: str | None, read: bool
) -> None:
    """The release is on the lost disk; the partner has read it, or not."""
    pair = disaster.pair
    _, membership = pair.member("韦秀英")
    offer = pair.offer(membership)
    pair.sync()
    pair.accept(membership, offer)
    pair.home_reads()  # and releases
    attest(pair.home.ledger, [pair.host.ledger.witness])
    assert pair.holders(membership)[0] == disaster.host.origin
    if read:
        pair.host_reads()

    disaster.lose(new_url)
    disaster.begin()
    disaster.pair.sync()
    disaster.pair.sync()

    assert disaster.pair.holders(membership) == (disaster.host.origin, disaster.host.origin)
    for world in (disaster.home, disaster.host):
        assert sound(world)
        rebuilt(world)


def test_who_woke_up_with_an_old_disk_cosigns_nothing_until_it_was_checked(
    disaster: Disaster, new_url: str | None
) -> None:
    """It does not remember what it cosigned: another history could be put beside that."""
    pair = disaster.pair
    attest(pair.host.ledger, [pair.home.ledger.witness])
    pair.host.union("之后的工会")
    attest(pair.host.ledger, [pair.home.ledger.witness])
    pair.sync()
    disaster.lose(new_url)
    pair.host.union("又一工会")

    with pytest.raises(ConnectionError, match="503"):
        attest(disaster.host.ledger, [disaster.home.ledger.witness])
    disaster.begin() if disaster.found().loss.lost else returning.take_back(
        disaster.home.ledger, disaster.found()
    )
    attest(disaster.host.ledger, [disaster.home.ledger.witness])

    note = disaster.home.ledger.witness.latest(disaster.host.origin)
    assert note is not None
    with disaster.host.ledger.database.reading() as conn:
        kept = checkpoints.last(conn, disaster.host.origin)
    assert kept is not None
    assert kept.note.text == Note.parse(note).text


def test_where_a_record_of_hers_is_lost_her_file_says_so(disaster: Disaster) -> None:
    if not disaster.home.ledger.database.is_sqlite:
        pytest.skip("the same on one database is enough")
    person, _ = disaster.pair.member("韦秀英")
    share(disaster.pair, person)
    for name in ("韦秀莲", "韦秀兰"):
        with disaster.home.entry(disaster.pair.village) as entry:
            entry.write(entry.read(Person, person).rename(entry.act, person, name))
    disaster.pair.sync()
    disaster.lose()
    found = disaster.found()
    of_hers = [at for at in sorted(found.back) if found.back[at].record.stream == person]
    gone = of_hers[-2]  # of three: nobody has kept the first renaming
    back = {at: each for at, each in found.back.items() if at != gone}
    spans = returning.spans([*_positions(found.loss.lost), gone])
    loss = found.loss._replace(lost=spans, recovered=len(back))
    disaster.begin(found._replace(back=back, channels={}, loss=loss))

    with disaster.home.ledger.looking(disaster.home.look()) as reader:
        lines = replay.worker(reader, person).lines

    told = [line.text for line in lines if line.ref.endswith(f"#{gone}")]
    assert told == ["此处原有一笔登记，已声明丢失"]
    assert name_of(disaster.home, person) == "韦秀兰"


def _positions(lost: Sequence[Span]) -> list[int]:
    return [at for span in lost for at in range(span.first, span.last + 1)]


def test_a_second_loss_begins_a_third_epoch(disaster: Disaster, new_url: str | None) -> None:
    if new_url is not None:
        pytest.skip("the same on one database is enough")
    disaster.pair.member("韦秀英")
    disaster.pair.sync()
    disaster.lose()
    disaster.begin()
    disaster.pair.sync()
    back_up(disaster.home.ledger, disaster.folder / "second.backup")
    disaster.home.worker("陆阿妹")
    disaster.pair.sync()
    disaster.backup = disaster.folder / "second.backup"
    shutil.move(disaster.folder / "new", disaster.folder / "lost")
    disaster.settings = replace(disaster.settings, folder=disaster.folder / "lost")

    disaster.lose()
    assert disaster.begin() == "liangdi.example/guangxi/epoch/3"
    disaster.pair.sync()

    assert sound(disaster.home)
    with disaster.host.ledger.database.reading() as conn:
        assert [each.number for each in epochs.epochs(conn, disaster.home.origin)] == [2, 3]


# ── what a declaration does not undo ─────────────────────────────────────────────────────────


def declared(pair: Pair, changed: int | None = None, **begun: Any) -> Request:
    """The home province declares its last record lost, and offers the tree of the next epoch.

    `changed` is the index of a leaf that is another one now.
    """
    home, host, root = pair.home.ledger, pair.host.ledger, pair.home.root
    with host.database.reading() as conn:
        seen = checkpoints.last_vouched(conn, home.origin)
    assert seen is not None
    key = home.signer.keys.of(EPOCH_2)
    head = Head(Code(f"{host.origin}/witness"), seen.size, Code(seen.root.hex()))
    lost = (Span(seen.size, seen.size),)
    pair.home.write(
        LossDeclared(root, Code(home.origin), 0, seen.size, seen.size - 1, lost, (head,)),
        root, Office.CHAIR,
    )  # fmt: skip
    one = EpochBegun(root, 2, Code(EPOCH_2), Code(str(key)), Code(home.origin))
    pair.home.write(replace(one, **begun), root, Office.APPROVER)
    pair.host_reads()
    shelf = Shelf()
    with home.database.reading() as conn:
        until = read_head(conn, home.origin).frontier.size
        leaves = [*LogReader(conn, home.origin).leaves(0, until)]
    if changed is not None:
        leaves[changed] = leaf_hash(b"another record")
    shelf.append(leaves)
    text = Checkpoint(EPOCH_2, until, Frontier().extend(leaves).root()).text
    note = Note(text, tuple(sign(text, each) for each in home.signer.keys.signing(Role.LOG)))
    with host.database.reading() as conn:
        start = begins_with(conn, EPOCH_2)
    old = start.size if start else 0
    return Request(old, tuple(consistency_proof(shelf, old, until)), note)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Pair]:
    opened = open_pair(tmp_path).agree()
    opened.member("韦秀英")
    opened.sync()
    yield opened
    close(opened)


def test_a_declared_loss_does_not_let_what_stands_before_it_be_changed(small: Pair) -> None:
    """Nor where it claims that all before came back from somebody: `held` is 0 in it."""
    witness = small.host.ledger.witness
    asked = declared(small, changed=4)

    from_nothing = witness.add_checkpoint(asked._replace(old=0, proof=()).to_bytes())
    from_what_was_cosigned = witness.add_checkpoint(asked.to_bytes())

    assert asked.old > 5
    assert (from_nothing.status, from_nothing.body) == (409, f"{asked.old}\n".encode())
    assert from_what_was_cosigned.status == 422
    with small.host.ledger.reading() as reader:
        assert [each.kind for each in signals(reader)] == ["RewriteRefused"]


def test_a_new_epoch_begins_with_what_was_cosigned_before_the_loss(small: Pair) -> None:
    witness = small.host.ledger.witness
    asked = declared(small)

    assert asked.old > 5
    assert witness.add_checkpoint(asked.to_bytes()).status == 200


def test_a_witness_that_cosigned_nothing_so_short_takes_the_new_epoch_as_a_new_log(
    small: Pair,
) -> None:
    host = small.host.ledger
    with host.database.writing() as conn:
        seen = checkpoints.last_vouched(conn, small.home.origin)
        assert seen is not None
        of_home = (checkpoint.c.log == small.home.origin, checkpoint.c.size < seen.size)
        conn.execute(delete(checkpoint).where(*of_home))

    asked = declared(small)

    assert asked.old == 0
    assert host.witness.add_checkpoint(asked.to_bytes()).status == 200


@pytest.mark.parametrize(
    "begun", [{"before": EPOCH_2}, {"before": "elsewhere"}, {"number": 3}, {"log": "elsewhere"}]
)
def test_an_epoch_that_takes_the_place_of_no_log_is_none(
    small: Pair, begun: dict[str, Any]
) -> None:
    asked = declared(small, **begun)

    assert small.host.ledger.witness.add_checkpoint(asked.to_bytes()).status == 404
    with small.host.ledger.reading() as reader:
        assert epochs.epochs(reader.conn, small.home.origin) == []
        assert signals(reader) == []
