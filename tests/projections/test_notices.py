"""Notices: who stands on one while it runs, what is left of it, and the same when it is rebuilt."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from ledger import procedures
from ledger.domain.aid import NoBasisToPublish, NoticeTakenDown
from ledger.domain.channels import Cause
from ledger.domain.consents import Consent, Evidence, Purpose, Receiver
from ledger.domain.corrections import Why, annul
from ledger.domain.ids import ConsentId, GrantId, PersonId, new_consent
from ledger.domain.kernel import Basis, Code, Fen, Group, Office, Scope
from ledger.procedures import aiding
from ledger.projections import notices, rebuild
from tests.aid import YUAN, AidOffice
from tests.pair import BASIS, SHARED, annex, close, open_pair
from tests.world import World, open_province


@pytest.fixture
def office(tmp_path: Path) -> Iterator[AidOffice]:
    world = open_province(tmp_path)
    yield AidOffice(world)
    world.ledger.close()


def post(
    office: AidOffice, grant: GrantId, number: str = "公示1号", basis: Basis = Basis.LAW
) -> None:
    with office.entry(Office.CLERK) as entry:
        aiding.publicise(entry, grant, Code(number), basis, "公开栏")


def of_number(world: World, number: str, on: date | None = None) -> list[notices.Notice]:
    with world.ledger.reading() as reader:
        return notices.of_number(reader.conn, world.origin, number, on or world.today)


def test_lines_are_there_from_the_first_day_to_the_last_and_no_longer(office: AidOffice) -> None:
    person = office.world.worker()
    post(office, office.apply(person))

    (notice,) = of_number(office.world, "公示1号")

    shown = {
        day: [line.person for line in of_number(office.world, "公示1号", day)[0].lines]
        for day in (
            notice.since - timedelta(1), notice.since, notice.until, notice.until + timedelta(1)
        )
    }  # fmt: skip
    assert [*shown.values()] == [[], [person], [person], []]
    assert notice.runs(notice.until)
    assert not notice.runs(notice.until + timedelta(1))


def test_an_amount_is_that_of_the_day_of_posting(office: AidOffice) -> None:
    grant = office.apply(office.world.worker(), 3000 * YUAN)
    post(office, grant)
    with office.entry(Office.REVIEWER) as entry:
        aiding.review(entry, grant, Fen(2000 * YUAN))

    (notice,) = of_number(office.world, "公示1号")

    assert [line.amount for line in notice.lines] == [3000 * YUAN]


def test_a_notice_that_was_posted_by_mistake_is_no_notice(office: AidOffice) -> None:
    grant = office.apply(office.world.worker())
    post(office, grant)
    with office.entry(Office.CLERK) as entry:
        fact = entry.history(grant)[-1]
        gone = annul(
            entry.act, fact, entry.history(grant), origin=office.world.origin,
            line=entry.line(office.village), why=Why.WRONG_PERSON, reason="张贴错人",
        )  # fmt: skip
        entry.write(gone, corrects=fact.position)

    assert of_number(office.world, "公示1号") == []


def consent(world: World, person: PersonId, partner: str | None = None) -> ConsentId:
    made = new_consent()
    union = None if partner else world.root
    receiver = Receiver("公示栏读者", partner=Code(partner) if partner else None, union=union)
    with world.entry(world.root, Office.CLERK) as entry:
        entry.write(
            Consent.give(
                entry.act, made, person, receiver, Purpose.PUBLICATION, [Group.IDENTITY],
                Evidence.SIGNED_FORM, Code("告知书1"),
            )
        )  # fmt: skip
    return made


def withdraw(world: World, given: ConsentId) -> None:
    with world.entry(world.root, Office.CLERK) as entry:
        procedures.withdraw_consent(entry, given)


def test_who_takes_her_consent_back_is_shown_no_longer(office: AidOffice) -> None:
    world = office.world
    wei, luo = world.worker(), world.worker()
    given = consent(world, wei)
    grant, other = office.apply(wei), office.apply(luo)
    for each in (grant, other):
        post(office, each, basis=Basis.SEPARATE_CONSENT)
    posted = world.today
    world.time.to(posted + timedelta(2))

    withdraw(world, given)

    (notice,) = of_number(world, "公示1号")
    assert [line.person for line in notice.lines] == [luo]
    assert (notice.count, notice.taken_down, notice.runs(world.today)) == (2, 1, True)
    (before,) = of_number(world, "公示1号", posted)
    assert len(before.lines) == 2
    with world.ledger.reading() as reader:
        down = reader.history(grant)[-1].event
    assert isinstance(down, NoticeTakenDown)
    assert down.consent == given
    rebuild(world.ledger.database, world.origin, notices.VIEW)
    assert of_number(world, "公示1号") == [notice]


def test_a_notice_of_which_nobody_is_left_is_a_proof(office: AidOffice) -> None:
    world, person = office.world, office.world.worker()
    given = consent(world, person)
    post(office, office.apply(person), basis=Basis.SEPARATE_CONSENT)
    post(office, office.apply(world.worker()), "公示2号")

    withdraw(world, given)

    with world.ledger.reading() as reader:
        up, proofs = (
            notices.listing(reader.conn, world.origin, world.today, running=running).rows
            for running in (True, False)
        )
    assert [n.number for n in up] == ["公示2号"]
    assert [(n.number, n.lines, n.runs(world.today)) for n in proofs] == [("公示1号", (), False)]


def test_what_stands_on_a_law_or_on_another_consent_stays(office: AidOffice) -> None:
    world, on_law, twice = office.world, office.world.worker(), office.world.worker()
    withdrawn = [consent(world, each) for each in (on_law, twice)]
    consent(world, twice)
    post(office, office.apply(on_law))
    post(office, office.apply(twice), "公示2号", Basis.SEPARATE_CONSENT)

    for each in withdrawn:
        withdraw(world, each)

    assert [of_number(world, n)[0].taken_down for n in ("公示1号", "公示2号")] == [0, 0]


def test_nobody_is_posted_on_a_consent_that_she_has_withdrawn(office: AidOffice) -> None:
    person = office.world.worker()
    grant = office.apply(person)
    withdraw(office.world, consent(office.world, person))

    with pytest.raises(NoBasisToPublish):
        post(office, grant, basis=Basis.SEPARATE_CONSENT)
    post(office, grant, basis=Basis.LAW)
    consent(office.world, person)
    post(office, grant, "公示2号", Basis.SEPARATE_CONSENT)


def test_a_consent_withdrawn_at_the_partners_takes_our_notice_down(tmp_path: Path) -> None:
    pair = open_pair(tmp_path).agree(annex((*SHARED, Scope.AID)))
    person, _ = pair.member("韦秀英")
    given = consent(pair.home, person, pair.host.origin)
    with pair.home.entry(pair.village, Office.LIAISON) as entry:
        procedures.share(entry, person, pair.host.origin, BASIS, Cause.ROSTER)
    pair.sync()
    host = AidOffice(pair.host)
    post(host, host.apply(person), basis=Basis.SEPARATE_CONSENT)

    withdraw(pair.home, given)
    pair.sync()

    (notice,) = of_number(pair.host, "公示1号")
    assert (notice.lines, notice.taken_down) == ((), 1)
    close(pair)


def test_notices_are_turned_page_by_page_the_last_to_end_first(office: AidOffice) -> None:
    for number in range(5):
        post(office, office.apply(office.world.worker()), f"公示{number}号")
        office.world.time.to(office.world.today + timedelta(7))
    last_day = of_number(office.world, "公示4号")[0].until

    with office.world.ledger.reading() as reader:
        on = office.world.today
        first = notices.listing(reader.conn, office.world.origin, on, limit=3)
        rest = notices.listing(reader.conn, office.world.origin, on, limit=3, after=first.next)
        running = notices.listing(reader.conn, office.world.origin, last_day, running=True)

    assert [n.number for n in first.rows + rest.rows] == [f"公示{n}号" for n in (4, 3, 2, 1, 0)]
    assert rest.next is None
    assert [n.number for n in running.rows] == ["公示4号"]


def test_rebuilt_they_are_the_same(office: AidOffice) -> None:
    first, second = (office.apply(office.world.worker()) for _ in range(2))
    for grant in (first, second):
        post(office, grant)
    with office.entry(Office.CLERK) as entry:
        aiding.withdraw(entry, second)
    office.list_of([office.world.worker()])

    rebuild(office.world.ledger.database, office.world.origin, notices.VIEW)

    (notice,) = of_number(office.world, "公示1号")
    assert (notice.count, len(notice.lines)) == (2, 1)
