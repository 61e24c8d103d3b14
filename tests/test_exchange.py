"""Two provinces: pull, verify, apply; each on a database of its own, and every way to cheat."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import func, select

from ledger import procedures
from ledger.domain.channels import Cause, GroupsRestricted, Link, NoLegalBasis
from ledger.domain.consents import Consent, Evidence, Purpose, Receiver
from ledger.domain.corrections import Why
from ledger.domain.ids import ConsentId, PersonId, new_consent
from ledger.domain.kernel import Basis, Code, Event, Group, NewerKind, Office, Redacted
from ledger.domain.partnerships import Partnership
from ledger.domain.persons import Person, PersonRegistered, PersonRenamed
from ledger.domain.unions import Union
from ledger.exchange import wire
from ledger.exchange.ahead import Ahead
from ledger.exchange.giving import Giving
from ledger.exchange.reading import Reading
from ledger.exchange.running import Exchanger, drain, standings
from ledger.exchange.wire import (
    Checkpoint,
    Line,
    NotARecord,
    NotSigned,
    OpeningDiffers,
    Owed,
    Page,
    PageDiffers,
    RecordTwice,
    RolledBack,
    TwoHistories,
    Unproven,
)
from ledger.journal import canonical, codec
from ledger.journal.codec import plan_of
from ledger.journal.merkle import root_at
from ledger.journal.recorder import LogReader, read_head
from ledger.journal.tables import channel_leaf, record, sealed, sharing, token
from ledger.journal.tiles import Asked
from ledger.projections import VIEWS, rebuild
from ledger.projections.channels import leaf_of, links_of
from ledger.projections.posting import channel_name
from tests.pair import BASIS, Pair, close, open_pair
from tests.world import World


@pytest.fixture(params=["sqlite", "postgresql"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    """The home province on SQLite; the host on SQLite, then on PostgreSQL."""
    url = str(request.getfixturevalue("postgres_url")) if request.param == "postgresql" else None
    opened = open_pair(tmp_path, url)
    yield opened
    close(opened)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Pair]:
    """Both on SQLite, where the database makes no difference."""
    opened = open_pair(tmp_path)
    yield opened
    close(opened)


def link(
    pair: Pair, person: PersonId, groups: Sequence[Group] | None = None,
    basis: Basis | None = BASIS,
) -> None:  # fmt: skip
    with pair.home.entry(pair.village, Office.LIAISON) as entry:
        procedures.share(entry, person, pair.host.origin, basis, Cause.ROSTER, groups=groups)


def opened(world: World, person: str) -> list[Event]:
    with world.ledger.looking(world.look()) as reader:
        return [fact.event for fact in reader.opened(reader.records(person))]


def rows(world: World, table: Any) -> int:
    with world.ledger.reading() as reader:
        return reader.conn.execute(select(func.count()).select_from(table)).scalar_one()


def own_kinds(world: World) -> list[str]:
    with world.ledger.database.reading() as conn:
        return [one.kind for one in world.ledger.recorder.page(conn, 0, 10_000)]


def rebuilt(world: World) -> None:
    """Every view, filled anew from the journal, shows what it showed; else `Differs`."""
    for view in VIEWS:
        if view.tables:
            rebuild(world.ledger.database, world.origin, view)


# ── what passes ──────────────────────────────────────────────────────────────────────────────


def test_signed_by_both_an_agreement_shows_each_the_others_unions(pair: Pair) -> None:
    pair.agree()

    for world in (pair.home, pair.host):
        with world.ledger.reading() as reader:
            assert reader.get(Partnership, pair.partnership).concluded
            assert reader.find(Union, pair.village).name() == "纳合村工会"
            assert reader.find(Union, pair.street).name() == "莞城街道工会"
        rebuilt(world)


def test_an_unsigned_proposal_is_all_that_passes(pair: Pair) -> None:
    pair.propose()
    pair.sync()

    with pair.host.ledger.reading() as reader:
        assert not reader.get(Partnership, pair.partnership).concluded
        assert reader.history(pair.village) == []


def test_a_link_brings_the_worker_with_her_texts_sealed_here_and_found_here(pair: Pair) -> None:
    pair.agree()
    person, _ = pair.member("韦秀英", "13800000000")

    link(pair, person)
    pair.sync()

    (told,) = opened(pair.host, person)
    assert isinstance(told, PersonRegistered)
    assert (told.name, told.phone) == ("韦秀英", "13800000000")
    vault = pair.host.ledger.vault
    with pair.host.ledger.reading() as reader:
        assert vault.find(reader.conn, name="韦秀英") == [person]
        assert vault.find(reader.conn, number=str(told.number)) == [person]
        assert reader.history(person)[0].at is not None
    rebuilt(pair.host)
    rebuilt(pair.home)


def test_groups_that_the_link_does_not_give_read_as_restricted(pair: Pair) -> None:
    pair.agree()
    person, _ = pair.member("韦秀英", "13800000000")

    link(pair, person, [Group.IDENTITY])
    pair.sync()

    (told,) = opened(pair.host, person)
    assert isinstance(told, PersonRegistered)
    assert told.name == "韦秀英"
    assert isinstance(told.phone, Redacted)
    assert told.phone.why == "restricted"


def test_without_a_legal_basis_nothing_is_shared(pair: Pair) -> None:
    pair.agree()
    person, _ = pair.member("韦秀英")

    with pytest.raises(NoLegalBasis):
        link(pair, person, basis=None)
    with pytest.raises(NoLegalBasis):
        link(pair, person, basis=Basis.SEPARATE_CONSENT)
    pair.sync()

    with pair.host.ledger.reading() as reader:
        assert reader.history(person) == []
    assert rows(pair.home, sharing) == 0


def test_what_was_given_is_written_down_with_its_basis(small: Pair) -> None:
    small.agree()
    person, _ = small.member("韦秀英")

    link(small, person)
    small.sync()

    with small.home.ledger.reading() as reader:
        (row,) = reader.conn.execute(select(sharing)).all()
    assert (row.person, row.basis, row.groups) == (person, BASIS.value, "identity membership")
    assert row.log == channel_name(small.home.origin, small.host.origin)


def test_a_link_widened_later_opens_what_was_read_before(pair: Pair) -> None:
    pair.agree()
    person, _ = pair.member("韦秀英", "13800000000")
    link(pair, person, [Group.IDENTITY])
    pair.sync()

    link(pair, person, [Group.CONTACT])
    pair.sync()

    (told,) = opened(pair.host, person)
    assert isinstance(told, PersonRegistered)
    assert (told.name, told.phone) == ("韦秀英", "13800000000")
    with pair.host.ledger.reading() as reader:
        assert pair.host.ledger.vault.find(reader.conn, phone="13800000000") == [person]


def consent(
    pair: Pair, person: PersonId, groups: Sequence[Group], until: date | None = None
) -> ConsentId:
    name = new_consent()
    with pair.home.entry(pair.village) as entry:
        entry.write(
            Consent.give(
                entry.act, name, person, Receiver("广东省总工会", Code(pair.host.origin)),
                Purpose.MEMBERSHIP, groups, Evidence.SIGNED_FORM, Code("GZ-1"), until=until,
            )
        )  # fmt: skip
    return name


def on_consent(pair: Pair, person: PersonId, *consents: ConsentId) -> None:
    for given in consents:
        with pair.home.entry(pair.village, Office.LIAISON) as entry:
            procedures.share(entry, person, pair.host.origin, None, Cause.ROSTER, consent=given)


def given_of(pair: Pair, person: PersonId) -> frozenset[Group] | None:
    """What home gives the host of a person; None where no link is open."""
    with pair.home.ledger.reading() as reader:
        found = links_of(reader.conn, pair.home.origin, [person])[person]
        open_ = [row["link"] for row in found if row["open"]]
        assert len(open_) <= 1
        return reader.get(Link, open_[0]).groups if open_ else None


def withdrawn(pair: Pair, given: ConsentId) -> None:
    with pair.home.entry(pair.village) as entry:
        procedures.withdraw_consent(entry, given)


def phones(world: World, person: PersonId) -> list[object]:
    """The telephone numbers of a person that can be read in a province."""
    told = [getattr(event, "phone", None) for event in opened(world, person)]
    return [phone for phone in told if phone and not isinstance(phone, Redacted)]


ENDS = date(2026, 4, 1)


def test_from_the_day_that_a_consent_ends_nothing_goes_though_the_clock_was_not_looked_at(
    small: Pair,
) -> None:
    small.agree()
    person, _ = small.member("韦秀英", "13800000000")
    on_consent(small, person, consent(small, person, [Group.IDENTITY, Group.CONTACT], ENDS))
    small.sync()
    before = rows(small.home, sharing)

    for world in (small.home, small.host):
        world.time.to(ENDS)
    with small.home.entry(small.village) as entry:
        entry.write(Person().change_contact(entry.act, person, "13900000001", "新地址"))
    small.sync()

    assert phones(small.host, person) == ["13800000000"]
    with small.host.ledger.reading() as reader:
        assert small.host.ledger.vault.find(reader.conn, phone="13900000001") == []
    assert rows(small.home, sharing) == before


def test_when_a_consent_has_ended_the_clock_closes_what_rested_on_it_and_the_partner_answers(
    small: Pair,
) -> None:
    small.agree()
    person, _ = small.member("韦秀英", "13800000000")
    on_consent(small, person, consent(small, person, [Group.IDENTITY, Group.CONTACT], ENDS))
    other, _ = small.member("陆阿妹", "13800000002")
    on_consent(small, other, consent(small, other, [Group.IDENTITY, Group.CONTACT]))
    third, _ = small.member("覃小妹", "13800000003")
    link(small, third, [Group.CONTACT])
    small.sync()

    small.home.time.to(ENDS - timedelta(days=1))
    procedures.due(small.home.ledger)
    assert given_of(small, person) == {Group.IDENTITY, Group.CONTACT}
    for world in (small.home, small.host):
        world.time.to(ENDS)
    procedures.due(small.home.ledger)
    small.sync()

    assert given_of(small, person) is None
    assert phones(small.host, person) == []
    assert given_of(small, other) == {Group.IDENTITY, Group.CONTACT}
    assert given_of(small, third) == {Group.CONTACT}
    entries = len(own_kinds(small.home))
    procedures.due(small.home.ledger)
    assert len(own_kinds(small.home)) == entries


def test_of_two_consents_each_carries_what_it_is_for(small: Pair) -> None:
    small.agree()
    person, _ = small.member("韦秀英", "13800000000")
    first = consent(small, person, [Group.IDENTITY])
    second = consent(small, person, [Group.CONTACT])
    on_consent(small, person, first, second)
    assert given_of(small, person) == {Group.IDENTITY, Group.CONTACT}

    withdrawn(small, first)
    assert given_of(small, person) == {Group.CONTACT}
    withdrawn(small, second)
    assert given_of(small, person) is None


def test_what_another_consent_of_hers_covers_goes_on(small: Pair) -> None:
    small.agree()
    person, _ = small.member("韦秀英")
    first = consent(small, person, [Group.IDENTITY, Group.CONTACT])
    on_consent(small, person, first)
    consent(small, person, [Group.IDENTITY])

    withdrawn(small, first)

    assert given_of(small, person) == {Group.IDENTITY}


def test_what_a_duty_opened_stays_when_a_consent_beside_it_ends(small: Pair) -> None:
    small.agree()
    first, _ = small.member("韦秀英")
    link(small, first, [Group.IDENTITY])
    on_consent(small, first, later := consent(small, first, [Group.CONTACT]))
    second, _ = small.member("陆阿妹")
    on_consent(small, second, earlier := consent(small, second, [Group.CONTACT]))
    link(small, second, [Group.IDENTITY])
    third, _ = small.member("覃小妹")
    on_consent(small, third, covered := consent(small, third, [Group.CONTACT]))
    link(small, third, [Group.IDENTITY, Group.CONTACT])
    for each in (first, second, third):
        assert given_of(small, each) == {Group.IDENTITY, Group.CONTACT}

    for given in (later, earlier, covered):
        withdrawn(small, given)
    procedures.due(small.home.ledger)

    assert given_of(small, first) == {Group.IDENTITY}
    assert given_of(small, second) == {Group.IDENTITY}
    assert given_of(small, third) == {Group.IDENTITY, Group.CONTACT}


def test_what_she_signed_on_a_list_goes_on_until_she_takes_a_consent_back(small: Pair) -> None:
    small.agree()
    person, _ = small.member("韦秀英")
    consent(small, person, [Group.IDENTITY], until=ENDS)  # over before the list is signed
    small.home.time.to(ENDS)
    with small.home.entry(small.village, Office.LIAISON, evidence=("ab" * 32,)) as entry:
        procedures.share(
            entry, person, small.host.origin, Basis.SEPARATE_CONSENT, Cause.ROSTER,
            groups=[Group.IDENTITY, Group.CONTACT],
        )  # fmt: skip
    given = consent(small, person, [Group.CONTACT])

    procedures.due(small.home.ledger)
    assert given_of(small, person) == {Group.IDENTITY, Group.CONTACT}
    withdrawn(small, given)
    procedures.due(small.home.ledger)

    assert given_of(small, person) == {Group.IDENTITY}


def test_a_consent_of_somebody_else_annulled_or_corrected_gives_no_longer(small: Pair) -> None:
    small.agree()
    person, _ = small.member("韦秀英", "13800000000")
    given = consent(small, person, [Group.IDENTITY, Group.CONTACT])
    on_consent(small, person, given)
    small.sync()
    with small.home.ledger.reading() as reader:
        (fact,) = reader.history(given)
    second = small.home.officer(small.village, Office.REVIEWER)

    with small.home.entry(small.village) as entry:
        procedures.correct(
            entry, fact.position, {"groups": (Group.IDENTITY,)}, Why.MISTYPED, "只同意提供身份",
            confirmed_by=second,
        )  # fmt: skip
    assert entry.receipt is not None
    assert given_of(small, person) == {Group.IDENTITY}
    with small.home.ledger.reading() as reader:
        last = reader.history(given)[-1]
    with small.home.entry(small.village) as entry:
        procedures.annul(
            entry, last.position, Why.WRONG_PERSON, "签在他人名下", confirmed_by=second
        )
    small.sync()

    assert given_of(small, person) is None
    assert phones(small.host, person) == []
    for world in (small.home, small.host):
        rebuilt(world)


def test_consent_withdrawn_closes_the_groups_at_the_partner_and_it_answers(pair: Pair) -> None:
    pair.agree()
    person, _ = pair.member("韦秀英", "13800000000")
    given = consent(pair, person, [Group.IDENTITY, Group.CONTACT])
    with pair.home.entry(pair.village, Office.LIAISON) as entry:
        procedures.share(entry, person, pair.host.origin, None, Cause.ROSTER, consent=given)
    pair.sync()
    assert isinstance(opened(pair.host, person)[0], PersonRegistered)

    with pair.home.entry(pair.village) as entry:
        procedures.withdraw_consent(entry, given, [Group.CONTACT])
    pair.sync()
    (told,) = opened(pair.host, person)
    assert isinstance(told, PersonRegistered)
    assert told.name == "韦秀英"
    assert isinstance(told.phone, Redacted)

    with pair.home.entry(pair.village) as entry:
        procedures.withdraw_consent(entry, given)
    with pair.home.entry(pair.village) as entry:
        entry.write(Person().rename(entry.act, person, "韦秀莲"))
    pair.sync()

    events = opened(pair.host, person)
    assert not any(isinstance(event, PersonRenamed) for event in events)
    assert all(isinstance(e.name, Redacted) for e in events if isinstance(e, PersonRegistered))
    with pair.host.ledger.reading() as reader:
        assert person not in pair.host.ledger.vault.find(reader.conn, name="韦秀英")
        assert reader.conn.execute(select(sealed).where(sealed.c.subject == person)).all() == []
        assert reader.conn.execute(select(token).where(token.c.person == person)).all() == []
    with pair.home.ledger.reading() as reader:
        answers = [
            fact.event
            for fact in reader.history(given_link(pair, person))
            if isinstance(fact.event, GroupsRestricted)
        ]
        assert [set(answer.groups) for answer in answers] == [
            {Group.CONTACT}, {Group.IDENTITY}, {Group.IDENTITY, Group.CONTACT},
        ]  # fmt: skip
        assert not reader.get(Link, given_link(pair, person)).open
    for world in (pair.home, pair.host):
        rebuilt(world)


def given_link(pair: Pair, person: str) -> str:

    with pair.home.ledger.reading() as reader:
        return links_of(reader.conn, pair.home.origin, [person])[person][0]["link"]


def test_a_forgotten_person_is_never_opened(small: Pair) -> None:
    small.agree()
    person, _ = small.member("韦秀英")
    link(small, person)
    with small.home.ledger.database.writing() as conn:
        small.home.ledger.vault.forget(conn, person)

    small.sync()

    (told,) = opened(small.host, person)
    assert isinstance(told, PersonRegistered)
    assert isinstance(told.name, Redacted)


def test_a_correction_read_later_stands_in_the_place_of_the_fact(pair: Pair) -> None:

    pair.agree()
    person, _ = pair.member("韦秀英")
    link(pair, person)
    pair.sync()
    with pair.home.ledger.reading() as reader:
        position = reader.records(person)[0].position
    second = pair.home.officer(pair.home.root, Office.REVIEWER)

    with pair.home.entry(pair.home.root) as entry:
        procedures.correct(
            entry, position, {"name": "韦秀兰"}, Why.MISTYPED, "身份证核对", confirmed_by=second
        )
    pair.sync()

    with pair.host.ledger.looking(pair.host.look()) as reader:
        facts = reader.opened(reader.records(person))
        assert Person.of(facts).names == ["韦秀兰"]
        assert pair.host.ledger.vault.find(reader.conn, name="韦秀英") == []
        assert pair.host.ledger.vault.find(reader.conn, name="韦秀兰") == [person]


def test_pages_of_any_size_give_the_same_mirror(small: Pair, tmp_path: Path) -> None:
    small.agree()
    for number in range(30):
        link(small, small.member(f"职工{number}")[0])

    for size in (1, 7, 1000):
        while small.at_host.once(size):
            pass

    with small.host.ledger.reading() as reader:
        mine = read_head(reader.conn, small.at_host.log).frontier
    with small.home.ledger.reading() as reader:
        assert read_head(reader.conn, small.at_host.log).frontier == mine
    rebuilt(small.host)


# ── newer than we are ────────────────────────────────────────────────────────────────────────


def test_a_newer_kind_is_mirrored_and_shown_as_one(
    small: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.agree()
    person, _ = small.member("韦秀英")
    link(small, person)
    with small.home.entry(small.village) as entry:
        entry.write(Person().rename(entry.act, person, "韦秀莲"))

    with monkeypatch.context() as older:
        older.delitem(Event.kinds, "PersonRenamed")
        _forget_plans()
        page = small.to_host.page
        older.setattr(small.to_host, "page", _as_newer(page, older))
        small.host_reads()
        with small.host.ledger.reading() as reader:
            events = [fact.event for fact in reader.history(person)]
    _forget_plans()

    assert [type(event).__name__ for event in events] == ["PersonRegistered", "NewerKind"]
    assert isinstance(events[1], NewerKind)
    assert events[1].kind == "PersonRenamed"
    assert isinstance(opened(small.host, person)[1], PersonRenamed)


def _forget_plans() -> None:

    plan_of.cache_clear()


def _as_newer(page: Callable[..., Page], older: pytest.MonkeyPatch) -> Callable[..., Page]:
    """The partner knows the kind that we do not."""

    def given(first: int, limit: int, size: int) -> Page:
        older.setitem(Event.kinds, "PersonRenamed", PersonRenamed)
        _forget_plans()
        made = page(first, limit, size)
        older.delitem(Event.kinds, "PersonRenamed")
        _forget_plans()
        return made

    return given


def test_a_record_that_cannot_be_applied_parks_its_own_stream_and_the_rest_flows(
    small: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:

    small.agree()
    stuck, _ = small.member("韦秀英")
    other, _ = small.member("陆阿妹")
    for person in (stuck, other):
        link(small, person)

    def strange(kind: str, body: Any) -> None:
        if kind == "PersonRegistered" and body["person"] == stuck:
            raise codec.Misfit("a shape of tomorrow")

    with monkeypatch.context() as older:
        older.setattr(wire.codec, "check", strange)
        small.sync()
        with small.home.entry(small.village) as entry:
            entry.write(Person().rename(entry.act, stuck, "韦秀莲"))
        small.sync()

    with small.host.ledger.reading() as reader:
        assert reader.history(stuck) == []
        assert len(reader.history(other)) == 1
    (standing,) = standings(small.host.ledger)
    assert standing.parked == 2
    assert own_kinds(small.host).count("RecordParked") == 1
    with small.home.ledger.reading() as reader:
        assert "RecordParked" in [
            f.event.__class__.__name__ for f in reader.history(small.home.origin)
        ]
    rebuilt(small.host)

    assert small.at_host.unpark() == 2

    events = opened(small.host, stuck)
    assert [type(event).__name__ for event in events] == ["PersonRegistered", "PersonRenamed"]
    with small.host.ledger.reading() as reader:
        assert small.host.ledger.vault.find(reader.conn, name="韦秀莲") == [stuck]
    assert standings(small.host.ledger)[0].parked == 0
    rebuilt(small.host)


# ── what cannot be proven ────────────────────────────────────────────────────────────────────


class Cheat:
    """A partner whose answers are changed on the way, or by itself."""

    def __init__(
        self,
        honest: Giving,
        page: Callable[[Page], Page] = lambda page: page,
        checkpoint: Callable[[Checkpoint], Checkpoint] = lambda said: said,
        owed: Callable[[Sequence[Owed]], Sequence[Owed]] = lambda said: said,
    ) -> None:
        self._honest, self._page, self._checkpoint, self._owed = honest, page, checkpoint, owed
        self.origin = honest.origin

    def checkpoint(self, read: int) -> Checkpoint:
        return self._checkpoint(self._honest.checkpoint(read))

    def page(self, first: int, limit: int, size: int) -> Page:
        return self._page(self._honest.page(first, limit, size))

    def owed(self, links: Sequence[str]) -> Sequence[Owed]:
        return self._owed(self._honest.owed(links))

    def tile(self, asked: Asked) -> bytes:
        return self._honest.tile(asked)

    def mirrored(self, note: bytes) -> None:
        self._honest.mirrored(note)


def unsigned(said: Checkpoint) -> Checkpoint:
    return said._replace(note=b"")


def changed_byte(page: Page) -> Page:
    lines = list(page.lines)
    lines[2] = lines[2]._replace(record=lines[2].record.replace(b"uni_", b"unj_", 1))
    return page._replace(lines=lines)


def changed_header(page: Page) -> Page:
    lines = list(page.lines)
    lines[2] = lines[2]._replace(header=lines[2].header.replace(b'"cause":', b'"cause":1', 1))
    return page._replace(lines=lines)


def reordered(page: Page) -> Page:
    first, second, *rest = page.lines
    return page._replace(lines=[second, first, *rest])


def withheld(page: Page) -> Page:
    return page._replace(lines=[page.lines[0], *page.lines[2:]])


def cut_short(page: Page) -> Page:
    return page._replace(lines=page.lines[:-1])


def repeated(page: Page) -> Page:
    return page._replace(lines=[page.lines[0], *page.lines])


def emptied(page: Page) -> Page:
    return page._replace(lines=[])


def not_canonical(page: Page) -> Page:
    lines = list(page.lines)
    lines[1] = lines[1]._replace(record=lines[1].record.replace(b'{"', b'{ "', 1))
    return page._replace(lines=lines)


def not_json(page: Page) -> Page:
    return page._replace(lines=[Line(b"\xff\xfe", b"", ()), *page.lines[1:]])


def huge(page: Page) -> Page:
    return page._replace(lines=[Line(page.lines[0].header, b'"' + b"x" * 70_000 + b'"\n{}', ())])


def deep(page: Page) -> Page:
    nested = b"[" * 4000 + b"]" * 4000
    return page._replace(lines=[Line(page.lines[0].header, nested + b"\n{}", ())])


def wrong_proof(page: Page) -> Page:
    return page._replace(proof=[b"\0" * 32])


def opening_changed(page: Page) -> Page:
    def lie(line: Line) -> Line:
        lies = [
            o._replace(payload=o.payload.replace("韦".encode(), "陆".encode()))
            for o in line.openings
        ]
        return line._replace(openings=lies)

    return page._replace(lines=[lie(line) for line in page.lines])


def opening_of_another(page: Page) -> Page:
    given = [o for line in page.lines for o in line.openings]
    return page._replace(lines=[line._replace(openings=given) for line in page.lines])


def opening_twice(page: Page) -> Page:
    return page._replace(
        lines=[line._replace(openings=[*line.openings, *line.openings]) for line in page.lines]
    )


CHEATS = [
    (changed_byte, PageDiffers),
    (changed_header, PageDiffers),
    (reordered, PageDiffers),
    (withheld, PageDiffers),
    (cut_short, PageDiffers),
    (repeated, PageDiffers),
    (emptied, PageDiffers),
    (wrong_proof, PageDiffers),
    (not_canonical, NotARecord),
    (not_json, NotARecord),
    (huge, NotARecord),
    (deep, NotARecord),
    (opening_changed, OpeningDiffers),
    (opening_of_another, OpeningDiffers),
    (opening_twice, OpeningDiffers),
]


@pytest.mark.parametrize(("cheat", "kind"), CHEATS, ids=lambda each: getattr(each, "__name__", ""))
def test_a_page_that_is_not_what_it_should_be_applies_nothing(
    small: Pair, cheat: Callable[[Page], Page], kind: type[Unproven]
) -> None:
    small.agree()
    person, _ = small.member("韦秀英")
    link(small, person)
    before = own_kinds(small.host), rows(small.host, record), rows(small.host, sealed)

    reading = Reading(small.host.ledger, Cheat(small.to_host, cheat))
    with pytest.raises(kind):
        reading.once()

    assert (own_kinds(small.host), rows(small.host, record), rows(small.host, sealed)) == before
    (standing,) = standings(small.host.ledger)
    assert standing.fault == kind.__name__
    assert standing.fault_at is not None
    small.sync()
    assert standings(small.host.ledger)[0].fault == ""
    assert opened(small.host, person)


def test_openings_that_were_owed_and_come_twice_are_refused(small: Pair) -> None:
    small.agree()
    person, _ = small.member("韦秀英")
    link(small, person)
    small.sync()
    with small.home.entry(small.village) as entry:
        procedures.stop_sharing(entry, person, small.host.origin)
    link(small, person)

    twice = Cheat(small.to_host, owed=lambda said: [*said, *said])
    with pytest.raises(OpeningDiffers):
        drain(Reading(small.host.ledger, twice))

    assert standings(small.host.ledger)[0].fault == "OpeningDiffers"
    small.sync()
    assert opened(small.host, person)


def test_two_histories_of_one_size_are_told(small: Pair) -> None:
    small.agree()
    lie = Cheat(small.to_host, checkpoint=lambda said: said._replace(root=b"\1" * 32))

    with pytest.raises(TwoHistories):
        Reading(small.host.ledger, lie).once()


def test_a_shorter_channel_is_a_rollback_where_it_is_how_ours_began(small: Pair) -> None:
    small.agree()
    with small.home.ledger.reading() as reader:
        then = root_at(LogReader(reader.conn, small.at_host.log, channel=True), 2)

    with pytest.raises(RolledBack):
        Reading(
            small.host.ledger, Cheat(small.to_host, checkpoint=lambda _: Checkpoint(2, then))
        ).once()
    with pytest.raises(TwoHistories):
        Reading(
            small.host.ledger, Cheat(small.to_host, checkpoint=lambda _: Checkpoint(2, b"\2" * 32))
        ).once()


def test_a_longer_channel_with_another_beginning_is_not_read(small: Pair, tmp_path: Path) -> None:
    small.agree()
    (tmp_path / "other").mkdir()
    other = open_pair(tmp_path / "other")
    other.agree()
    for _ in range(5):
        link(other, other.member()[0])
    try:
        with pytest.raises(PageDiffers):
            Reading(small.host.ledger, Cheat(other.to_host, checkpoint=unsigned)).once()
        with pytest.raises(NotSigned):
            Reading(small.host.ledger, other.to_host).once()
    finally:
        close(other)


def test_a_record_of_another_journal_is_refused_though_the_partner_committed_to_it(
    small: Pair,
) -> None:
    small.agree()
    forged = Committed(
        small, lambda line: line.replace(b"liangdi.example/guangxi", b"liangdi.example/hunan")
    )

    with pytest.raises(NotARecord):
        Reading(small.host.ledger, forged).once()


def test_one_position_with_two_records_is_refused_though_the_partner_committed_to_it(
    small: Pair,
) -> None:
    small.agree()
    forged = Committed(small, lambda line: line.replace(b"\xe7\xba\xb3", b"\xe9\x82\xa3"))

    with pytest.raises(RecordTwice):
        Reading(small.host.ledger, forged).once()


@pytest.mark.parametrize("text", [rb"\u0000", rb"\\\u0000", rb"\ud800"])
def test_a_text_that_no_column_takes_in_is_refused_though_the_partner_committed_to_it(
    pair: Pair, text: bytes
) -> None:
    pair.agree()
    in_stream = Committed(pair, lambda line: line.replace(b'"stream":"', b'"stream":"' + text))
    in_body = Committed(pair, lambda line: line.replace("纳合".encode(), text))

    for forged in (in_stream, in_body):
        with pytest.raises(NotARecord):
            Reading(pair.host.ledger, forged).once()


def test_what_only_looks_like_such_a_text_is_read(pair: Pair) -> None:
    pair.agree()
    pair.home.union(r"反斜杠\u0000工会")

    assert pair.host_reads() > 0
    assert pair.host_reads() == 0


class Committed:
    """A partner that adds a changed copy of one of its records to its own tree."""

    def __init__(self, pair: Pair, change: Callable[[bytes], bytes]) -> None:
        self.origin = pair.home.origin
        with pair.host.ledger.reading() as reader:
            self._mine = read_head(reader.conn, pair.at_host.log).frontier
        size = self._mine.size
        known = pair.to_host.page(1, size, size).lines
        line = next(line for line in known if "纳合".encode() in line.record)
        said = canonical.parse(line.header)
        header = canonical.encode({**said, "number": size + 1})
        self._line = Line(header, change(line.record), ())

        self._grown = self._mine.extend([leaf_of(header, self._line.record)])

    def checkpoint(self, read: int) -> Checkpoint:
        return Checkpoint(self._grown.size, self._grown.root())

    def page(self, first: int, limit: int, size: int) -> Page:
        return Page([self._line], [])

    def owed(self, links: Sequence[str]) -> Sequence[Owed]:
        return []

    def tile(self, asked: Asked) -> bytes:
        raise LookupError(asked.path)

    def mirrored(self, note: bytes) -> None:
        pass


# ── whatever happens on the way ──────────────────────────────────────────────────────────────


class Away:
    """A partner that cannot be reached, until it can."""

    def __init__(self, honest: Giving) -> None:
        self._honest, self.origin, self.away = honest, honest.origin, True

    def _there(self) -> Giving:
        if self.away:
            raise ConnectionRefusedError("no route to the partner")
        return self._honest

    def checkpoint(self, read: int) -> Checkpoint:
        return self._there().checkpoint(read)

    def page(self, first: int, limit: int, size: int) -> Page:
        return self._there().page(first, limit, size)

    def owed(self, links: Sequence[str]) -> Sequence[Owed]:
        return self._there().owed(links)

    def tile(self, asked: Asked) -> bytes:
        return self._there().tile(asked)

    def mirrored(self, note: bytes) -> None:
        self._there().mirrored(note)


def test_a_partner_away_for_three_days_stops_nobody_and_drains_in_order(small: Pair) -> None:
    small.agree()
    partner = Away(small.to_host)
    reading = Reading(small.host.ledger, partner)
    people: list[PersonId] = []
    for day in range(3):
        small.home.time.to(date(2026, 3, 3) + timedelta(days=day))
        small.host.worker(f"东莞{day}")
        people.append(small.member(f"职工{day}")[0])
        link(small, people[-1])
        with pytest.raises(ConnectionRefusedError):
            reading.once()

    partner.away = False
    while reading.once(3):
        pass

    with small.host.ledger.reading() as reader:
        for day, person in enumerate(people):
            (fact,) = reader.history(person)
            assert fact.at is not None
            assert fact.on == date(2026, 3, 3) + timedelta(days=day)
        numbers = reader.conn.execute(
            select(channel_leaf.c.number, channel_leaf.c.read_at)
            .where(channel_leaf.c.log == reading.log)
            .order_by(channel_leaf.c.number)
        ).all()
    assert [row[0] for row in numbers] == list(range(1, len(numbers) + 1))
    assert [row[1] for row in numbers] == sorted(row[1] for row in numbers)
    rebuilt(small.host)


class Told(Cheat):
    """An honest partner that notes what it is asked; `fault` may spoil the answer to one page."""

    def __init__(
        self, honest: Giving, fault: Callable[[int, Page], Page] = lambda _, page: page
    ) -> None:
        super().__init__(honest)
        self.asked: list[str] = []
        self._fault = fault

    def checkpoint(self, read: int) -> Checkpoint:
        self.asked.append("checkpoint")
        return super().checkpoint(read)

    def page(self, first: int, limit: int, size: int) -> Page:
        self.asked.append(f"page {first}")
        return self._fault(first, super().page(first, limit, size))


def read_to(small: Pair) -> int:
    with small.host.ledger.reading() as reader:
        return read_head(reader.conn, small.at_host.log).frontier.size


def thirteen(small: Pair) -> int:
    """Records in the channel that the host has not read; returns where it is."""
    small.agree()
    for _ in range(13):
        link(small, small.member()[0])
    return read_to(small)


def test_one_page_is_fetched_ahead_and_the_checkpoint_is_asked_for_once(small: Pair) -> None:
    begun = thirteen(small)
    told = Told(small.to_host)
    ahead = Ahead(told)
    size = told.checkpoint(0).size

    page = ahead.page(begun + 1, 5, size)
    wait(lambda: told.asked[-1] == f"page {begun + 6}")
    assert told.asked.count(f"page {begun + 11}") == 0  # one page, and no more
    assert ahead.page(begun + 6, 5, size) == small.to_host.page(begun + 6, 5, size)
    assert page == small.to_host.page(begun + 1, 5, size)
    ahead.checkpoint(0)  # by now nothing is on its way any more
    told.asked.clear()
    drain(Reading(small.host.ledger, Ahead(told)), 5)

    pages = [f"page {first}" for first in range(begun + 1, size + 1, 5)]
    assert told.asked[: len(pages) + 1] == ["checkpoint", *pages]
    mirrored_once(small)
    rebuilt(small.host)


def test_a_partner_that_dies_between_two_pages_is_read_on_from_there(small: Pair) -> None:
    begun = thirteen(small)
    dead = True

    def dies(first: int, page: Page) -> Page:
        if first == begun + 6 and dead:
            raise ConnectionResetError("in the middle of an answer")
        return page

    reading = Reading(small.host.ledger, Ahead(Told(small.to_host, dies)))
    with pytest.raises(ConnectionResetError):
        drain(reading, 5)
    assert read_to(small) == begun + 5  # the page before stands

    dead = False
    drain(reading, 5)

    mirrored_once(small)
    rebuilt(small.host)


@pytest.mark.parametrize("bad", [changed_byte, reordered, withheld])
def test_a_bad_page_after_a_good_one_is_refused_and_the_good_one_stands(
    small: Pair, bad: Callable[[Page], Page]
) -> None:
    begun = thirteen(small)
    spoilt = True

    def spoils(first: int, page: Page) -> Page:
        return bad(page) if first == begun + 6 and spoilt else page

    told = Told(small.to_host, spoils)
    reading = Reading(small.host.ledger, Ahead(told))
    with pytest.raises(Unproven):
        drain(reading, 5)
    assert read_to(small) == begun + 5

    spoilt = False
    told.asked.clear()
    drain(reading, 5)

    assert f"page {begun + 6}" in told.asked  # what was refused is asked for again
    mirrored_once(small)
    rebuilt(small.host)


def test_a_page_that_nobody_comes_for_is_dropped_whatever_became_of_it(small: Pair) -> None:
    begun = thirteen(small)

    def dies(first: int, page: Page) -> Page:
        if first == begun + 6:
            raise ConnectionResetError("in the middle of an answer")
        return page

    ahead = Ahead(Told(small.to_host, dies))
    size = small.to_host.checkpoint(0).size
    ahead.page(begun + 1, 5, size)
    assert ahead.checkpoint(0).size == size
    assert len(ahead.page(begun + 1, 3, size).lines) == 3


def test_in_the_background_news_passes_by_itself_and_a_failure_is_shown(small: Pair) -> None:
    small.agree()
    away = Away(small.to_host)
    ways = [(small.host.ledger, away), (small.home.ledger, small.to_home)]
    with Exchanger(ways, every=0.02, longest=0.05):
        person, membership = small.member("韦秀英")
        offer = small.offer(membership)
        wait(lambda: standings(small.host.ledger)[0].fault == "ConnectionRefusedError")
        away.away = False
        wait(lambda: knows(small.host, person))
        small.accept(membership, offer)
        wait(lambda: small.holders(membership) == (small.host.origin,) * 2)
        wait(lambda: "MembershipReceived" in own_kinds(small.host))

    assert standings(small.host.ledger)[0].fault == ""
    assert standings(small.host.ledger)[0].read == standings(small.host.ledger)[0].size


def test_what_nobody_had_foreseen_ends_no_reading_and_is_shown_until_it_has_passed(
    small: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    small.agree()
    faults: list[Exception] = [ZeroDivisionError("nobody had foreseen this")]

    def once(_: int, page: Page) -> Page:
        if faults:
            raise faults.pop()
        return page

    def always(_: int, page: Page) -> Page:
        raise ZeroDivisionError("and it does not pass")

    small.home.union("照常办理的工会")
    passing = Exchanger([(small.host.ledger, Told(small.to_host, once))], every=0.02, longest=0.05)
    with passing:
        wait(lambda: small.to_host.checkpoint(0).size == standings(small.host.ledger)[0].read)
    assert "nobody had foreseen this" in caplog.text

    small.home.union("又一个工会")
    lasting = Exchanger(
        [(small.host.ledger, Told(small.to_host, always))], every=0.02, longest=0.05
    )
    lasting.start()
    wait(lambda: standings(small.host.ledger)[0].fault == "ZeroDivisionError")
    with pytest.raises(ZeroDivisionError):
        lasting.stop()


def test_what_is_wrong_while_partners_are_looked_for_does_not_end_the_looking(small: Pair) -> None:
    small.agree()
    faults: list[Exception] = [ZeroDivisionError("nobody had foreseen this")]

    def find() -> list[Any]:
        if faults:
            raise faults.pop()
        return [(small.host.ledger, small.to_host)]

    small.home.union("照常办理的工会")
    with Exchanger([], every=0.02, find=find):
        wait(lambda: small.to_host.checkpoint(0).size == standings(small.host.ledger)[0].read)


def knows(world: World, person: str) -> bool:
    with world.ledger.reading() as reader:
        return bool(reader.history(person))


def wait(until: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def test_two_readers_of_one_channel_apply_each_record_once(pair: Pair) -> None:
    pair.agree()
    for _ in range(20):
        link(pair, pair.member()[0])

    def read() -> None:
        drain(Reading(pair.host.ledger, pair.to_host), 3)

    threads = [Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pair.sync()

    mirrored_once(pair)


def mirrored_once(pair: Pair) -> None:
    """The host's mirror is the home's channel, record for record, and each was read once."""
    log = pair.at_host.log
    found: list[list[tuple[Any, ...]]] = []
    for world in (pair.home, pair.host):
        with world.ledger.reading() as reader:
            leaves = reader.conn.execute(
                select(channel_leaf.c.number, channel_leaf.c.position, channel_leaf.c.leaf)
                .where(channel_leaf.c.log == log)
                .order_by(channel_leaf.c.number)
            )
            found.append([(number, at, bytes(leaf)) for number, at, leaf in leaves])
            frontier = read_head(reader.conn, log).frontier
            assert frontier.size == len(found[-1])
    assert found[0] == found[1]
    with pair.host.ledger.reading() as reader:
        facts = [f.event for f in reader.history(pair.home.origin)]
        said = [(e.first, e.last) for e in facts if type(e).__name__ == "PartnerRead"]  # type: ignore[attr-defined]
        assert said[0][0] == 1
        assert said[-1][1] == len(found[0])
        assert all(a[1] + 1 == b[0] for a, b in pairwise(said))
    assert pair.host.ledger.recorder.max_tracking_id(log) == len(found[0])


CHILD = """
import sys
from pathlib import Path
from ledger.book import Ledger, Province
from ledger.exchange.giving import Giving
from ledger.exchange.reading import Reading
from ledger.exchange.running import sync
from ledger.journal.database import Database
from ledger.journal.vault import Keyring
from tests.world import Time

def opened(code, origin, url, keys):
    return Ledger(
        Province(code, origin, code, code), Database(url), Keyring(Path(keys)), Time().clock
    )

a, b = opened(*sys.argv[1:5]), opened(*sys.argv[5:9])
print("ready", flush=True)
sync(a, b, limit=1)
print("done", flush=True)
"""


def test_killed_at_any_moment_it_goes_on_where_it_was(pair: Pair, tmp_path: Path) -> None:
    pair.agree()
    offers = [pair.member(f"职工{number}")[1] for number in range(12)]
    with pair.home.entry(pair.village, Office.LIAISON) as entry:
        made = procedures.hand_over(entry, offers, pair.street, basis=BASIS)
    pair.host_reads()
    with pair.host.entry(pair.street, Office.LIAISON) as entry:
        assert len(procedures.accept_list(entry, made.offers.items()).done) == len(offers)
    for _ in range(12):
        link(pair, pair.member()[0])
    arguments: list[str] = []
    for world, name in ((pair.home, "guangxi"), (pair.host, "guangdong")):
        url = world.ledger.database.url.render_as_string(hide_password=False)
        arguments += [
            world.ledger.province.code, world.origin, url, str(tmp_path / f"{name}-keys"),
        ]  # fmt: skip
    dice = random.Random(7)
    kills = 0
    for _ in range(6):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, *arguments],
            stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        )  # fmt: skip
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        try:
            child.wait(dice.uniform(0.01, 0.3))
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
            child.wait()
            kills += 1
        done = child.stdout.read()
        child.stdout.close()
        if done == "done\n":
            break

    pair.sync()

    assert kills > 0
    mirrored_once(pair)
    for membership in offers:
        assert pair.holders(membership) == (pair.host.origin, pair.host.origin)
    assert own_kinds(pair.home).count("MembershipReleased") == len(offers)
    assert own_kinds(pair.host).count("MembershipReceived") == len(offers)
    for world in (pair.home, pair.host):
        rebuilt(world)
