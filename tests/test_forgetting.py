"""A person is forgotten: what stops, what goes, what stays, and what the partner does about it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from ledger import procedures
from ledger.book import NotFound
from ledger.desk import Desk
from ledger.domain.channels import Cause, ShredAnswer
from ledger.domain.consents import Consent, Evidence, Purpose, Receiver
from ledger.domain.forgetting import (
    Ground,
    LiftCause,
    Needed,
    PersonForgotten,
    ProcessingStopped,
    StillNeeded,
    TermsStillRun,
    TwoOfficers,
)
from ledger.domain.ids import PersonId, new_consent, new_person
from ledger.domain.kernel import Code, Group, Office, Redacted
from ledger.domain.membership import Card, Membership
from ledger.domain.offices import Offices
from ledger.domain.persons import Person, PersonRegistered
from ledger.domain.retention import NoTermsInForce
from ledger.journal import shredded
from ledger.journal.attachments import Attachments, NotKept
from ledger.journal.record import Record
from ledger.journal.tables import (
    account,
    attachment,
    claim,
    person_key,
    reading,
    sealed,
    session,
    token,
)
from ledger.journal.vault import FORGOTTEN
from ledger.projections import VIEWS, forgetting, rebuild
from ledger.projections.forgetting import Rest
from ledger.replay import people, worker
from tests.aid import AidOffice
from tests.forgetting import adopt_terms, forget, restrict, shred, sound, spelled, traces
from tests.pair import BASIS, Pair, close, open_pair
from tests.world import World, open_province

NAME, PHONE, ADDRESS = "古丽米热·艾比布力", "13800138000", "城厢镇文昌路七号三楼"


@pytest.fixture
def world(ledger_url: str, tmp_path: Path) -> Iterator[World]:
    made = open_province(tmp_path, url=ledger_url)
    made.ledger.attachments = Attachments(tmp_path / "attachments", made.ledger.vault)
    adopt_terms(made)
    yield made
    made.ledger.close()


def somebody(world: World) -> PersonId:
    """A worker who was registered, and nothing more."""
    person = world.worker(NAME, phone=PHONE)
    with world.entry(world.root) as entry:
        held = entry.read(Person, person)
        entry.write(held.change_contact(entry.act, person, PHONE, ADDRESS))
    return person


def rename(world: World, person: PersonId) -> None:
    with world.entry(world.root) as entry:
        entry.write(entry.read(Person, person).rename(entry.act, person, "古丽", None))


def found(world: World, **sought: str) -> list[str]:
    with world.ledger.reading() as reader:
        return world.ledger.vault.find(reader.conn, **sought)


def registered(world: World, person: PersonId) -> PersonRegistered:
    with world.ledger.looking(world.look()) as reader:
        event = reader.opened(reader.records(person))[0].event
    assert isinstance(event, PersonRegistered)
    return event


def journal(world: World) -> list[Record]:
    with world.ledger.database.reading() as conn:
        return world.ledger.recorder.page(conn, 0, 10_000)


# ── restricted ───────────────────────────────────────────────────────────────────────────────


def test_of_a_restricted_person_nothing_is_opened_found_or_recorded(world: World) -> None:
    person = somebody(world)

    restrict(world, person)

    name = registered(world, person).name
    assert isinstance(name, Redacted)
    assert name.why == "stopped"
    assert found(world, name=NAME) == found(world, phone=PHONE) == []
    with pytest.raises(ProcessingStopped):
        rename(world, person)
    assert sound(world)


def test_lists_and_files_say_that_processing_is_restricted(world: World) -> None:
    person = somebody(world)

    restrict(world, person)

    with world.ledger.looking(world.look()) as reader:
        (shown,) = people(reader, [person]).values()
        told = worker(reader, person)
    assert (shown.name, shown.closed) == ("", "stopped")
    assert any("限制处理" in alert.text for alert in told.warnings)


def test_a_lifted_restriction_leaves_everything_as_it_was(world: World) -> None:
    person = somebody(world)
    restrict(world, person)

    act = world.act(world.root, Office.PRIVACY)
    with world.ledger.entry(act, lock=True) as entry:
        procedures.lift(entry, person, LiftCause.WORKER_BACK)

    assert registered(world, person).name == NAME
    assert found(world, name=NAME) == [person]
    with world.ledger.reading() as reader:
        assert forgetting.get(reader.conn, world.origin, [person]) == {}


def test_before_terms_are_adopted_nobody_is_restricted(ledger_url: str, tmp_path: Path) -> None:
    world = open_province(tmp_path, url=ledger_url)
    person = world.worker()

    with pytest.raises(NoTermsInForce):
        restrict(world, person)
    world.ledger.close()


def test_who_is_a_member_is_needed_and_who_has_left_is_kept_for_ten_years(world: World) -> None:
    person = somebody(world)
    village = world.union("纳合村工会")
    membership = world.enrol(person, village)
    with pytest.raises(StillNeeded) as refused:
        restrict(world, person)
    assert refused.value.facts["needs"] == [f"membership {membership}"]
    with world.entry(village, Office.APPROVER) as entry:
        entry.write(*entry.read(Membership, membership).leave(entry.act, card=Card.KEPT))
    left = world.today

    restrict(world, person)

    with world.ledger.reading() as reader:
        row = forgetting.get(reader.conn, world.origin, [person])[person]
    assert row.until == left.replace(year=left.year + 10)
    assert row.kept == ("membership",)
    with pytest.raises(TermsStillRun):
        shred(world, person)


def test_whoever_holds_an_office_is_needed(world: World) -> None:
    person = somebody(world)
    with world.procedure(world.root) as entry:
        entry.write(Offices().appoint(entry.act, person, world.root, Office.CLERK, line=[]))

    with world.ledger.reading() as reader:
        needed = procedures.needs(reader, [person])

    assert [need.kind for need in needed] == [Needed.OFFICE]


def test_an_unpaid_grant_needs_the_person_and_a_paid_one_keeps_her_thirty_years(
    ledger_url: str, tmp_path: Path
) -> None:
    world = open_province(tmp_path, url=ledger_url)
    office = AidOffice(world)
    adopt_terms(world)
    person = world.worker("韦秀英")
    world.enrol(person, office.village)
    office.apply(person)
    with world.ledger.reading() as reader:
        kinds = {need.kind for need in procedures.needs(reader, [person])}
        kept = procedures.last_facts(reader, [person])
    world.ledger.close()

    assert kinds == {Needed.MEMBERSHIP, Needed.GRANT}
    assert set(kept) == {"identity", "membership", "aid"}


# ── two officers ─────────────────────────────────────────────────────────────────────────────


def test_who_restricted_does_not_shred_not_even_for_somebody_else(world: World) -> None:
    person = somebody(world)
    clerk = world.officer(world.root, Office.CLERK)
    lead = world.officer(world.root, Office.PRIVACY)
    with world.procedure(world.root) as entry:
        delegated = Offices().appoint(entry.act, lead, world.root, Office.PRIVACY, line=[])
        giver = Offices.told(delegated)
        act = replace(world.act(world.root, Office.CHAIR), on=world.today)
        made = Offices().delegate(
            act, clerk, giver, lead, world.root, Office.PRIVACY, world.today,
            world.today + timedelta(9), line=[world.root],
        )  # fmt: skip
    with world.entry(world.root, Office.CHAIR) as entry:
        entry.write(made)
    restrict(world, person)

    mine = replace(world.act(world.root, Office.PRIVACY), officer=clerk)
    with pytest.raises(TwoOfficers), world.ledger.entry(mine, lock=True) as entry:
        procedures.shred(entry, person)


# ── shredded ─────────────────────────────────────────────────────────────────────────────────


def test_the_record_stands_and_the_person_is_gone(world: World) -> None:
    person = somebody(world)
    before = journal(world)

    forget(world, person)

    name = registered(world, person).name
    assert isinstance(name, Redacted)
    assert name.why == "shredded"
    assert journal(world)[: len(before)] == before
    assert sound(world)
    with pytest.raises(PersonForgotten):
        rename(world, person)


def test_the_number_is_free_again_and_who_comes_back_is_somebody_new(world: World) -> None:
    person = somebody(world)
    number = registered(world, person).number
    with world.ledger.database.reading() as conn:
        held = conn.execute(select(func.count()).select_from(claim)).scalar_one()

    forget(world, person)

    with world.ledger.database.reading() as conn:
        assert conn.execute(select(func.count()).select_from(claim)).scalar_one() == held - 1
    world.number_from(0)
    again = world.worker("古丽米热")
    assert registered(world, again).number == number
    assert sound(world)


def test_accounts_sessions_and_what_officers_typed_go_too(world: World) -> None:
    person = somebody(world)
    desk = Desk({"45": world.ledger})
    desk.open_account(world.ledger, "guli", person, "a long password")
    desk.make_token(world.ledger, "guli", "手机")
    look = replace(world.look(), purpose=f"给{NAME}回电话")
    with world.ledger.looking(look) as reader:
        reader.opened(reader.records(person))

    forget(world, person)

    with world.ledger.database.reading() as conn:
        for table, column in (
            (account, account.c.person), (person_key, person_key.c.person),
            (sealed, sealed.c.subject), (token, token.c.person),
        ):  # fmt: skip
            assert conn.execute(select(table).where(column == person)).first() is None
        assert conn.execute(select(session).where(session.c.account == "guli")).first() is None
        purposes = conn.execute(select(reading.c.purpose).where(reading.c.person == person))
        assert all(purpose.startswith(FORGOTTEN) for (purpose,) in purposes)


def test_attachments_go_from_the_folder_as_well(world: World, tmp_path: Path) -> None:
    person = somebody(world)
    store = world.ledger.attachments
    assert store is not None
    with world.ledger.database.writing() as conn:
        kept = store.keep(conn, person, f"{NAME}.jpg", "image/jpeg", b"a scan of her card")
    restrict(world, person)
    with world.ledger.database.reading() as conn, pytest.raises(NotKept):
        store.read(conn, kept)

    shred(world, person)

    assert [path for path in (tmp_path / "attachments").rglob("*") if path.is_file()] == []
    with world.ledger.database.reading() as conn:
        assert conn.execute(select(attachment)).first() is None


def test_both_ids_of_one_person_go_together(world: World) -> None:
    one, other = somebody(world), world.worker("古丽米热")
    world.link(one, other)

    forget(world, one)

    with world.ledger.reading() as reader:
        rows = forgetting.get(reader.conn, world.origin, [one, other])
    assert {row.state for row in rows.values()} == {Rest.SHREDDED}
    assert len(rows) == 2


def test_the_view_is_the_same_when_it_is_rebuilt(world: World) -> None:
    person, waiting = somebody(world), world.worker("韦秀英")
    forget(world, person)
    restrict(world, waiting)

    rebuild(world.ledger.database, world.origin, *[view for view in VIEWS if view.tables])

    with world.ledger.reading() as reader:
        page = forgetting.listing(reader.conn, world.origin)
    assert {row.person: row.state for row in page.rows} == {
        person: Rest.SHREDDED, waiting: Rest.RESTRICTED,
    }  # fmt: skip


def test_who_was_forgotten_stands_on_a_list_outside_the_database(world: World) -> None:
    person = somebody(world)

    forget(world, person)

    keys = world.ledger.vault.keyring.folder
    assert list(shredded.read(keys)) == [person]
    (keys / shredded.NAME).unlink()  # as if it had been killed before it was written
    assert procedures.note_shredded(world.ledger) == 1
    assert list(shredded.read(keys)) == [person]


def test_a_torn_line_of_the_list_is_left_out_and_written_again(tmp_path: Path) -> None:
    (tmp_path / shredded.NAME).write_text("per_abc")
    person = "per_" + "a" * 26

    assert shredded.read(tmp_path) == {}
    assert shredded.note(tmp_path, [(person, "2026-03-02")]) == 1
    assert shredded.note(tmp_path, [(person, "2026-03-02")]) == 0
    assert shredded.read(tmp_path) == {person: "2026-03-02"}


def test_whose_terms_are_over_is_found(world: World) -> None:
    person, needed = somebody(world), world.worker("韦秀英")
    world.enrol(needed, world.union("纳合村工会"))
    world.time.to(date(2038, 1, 4))

    with world.ledger.reading() as reader:
        ended, after = procedures.ended(reader)

    assert person in ended
    assert needed not in ended
    assert after == ""


# ── every byte ───────────────────────────────────────────────────────────────────────────────


def test_no_byte_of_the_person_is_left_anywhere(world: World, tmp_path: Path) -> None:
    person = somebody(world)
    told = registered(world, person)
    store = world.ledger.attachments
    assert store is not None
    with world.ledger.database.writing() as conn:
        store.keep(conn, person, f"{NAME}.jpg", "image/jpeg", "住址：文昌路".encode() * 9)
    desk = Desk({"45": world.ledger})
    desk.open_account(world.ledger, "guli.aibibuli", person, "a long password")
    with world.ledger.looking(replace(world.look(), purpose=f"核对{NAME}")) as reader:
        reader.opened(reader.records(person))
    with world.ledger.database.reading() as conn:
        wrapped = conn.execute(
            select(person_key.c.wrapped).where(person_key.c.person == person)
        ).scalar_one()
        tokens = conn.execute(select(token.c.token).where(token.c.person == person)).scalars()
        marks = {f"token {n}": bytes(each) for n, each in enumerate(tokens)}
        boxes = conn.execute(select(sealed.c.box).where(sealed.c.subject == person)).scalars()
        marks |= {f"box {n}": bytes(each) for n, each in enumerate(boxes)}
    texts = spelled(
        name=NAME, number=told.number, phone=PHONE, address=ADDRESS, account="guli.aibibuli",
        purpose=f"核对{NAME}", scan="住址：文昌路",
    )  # fmt: skip
    assert {"name", "account"} <= {what for what, _ in traces(world.ledger.database, texts)}
    before = journal(world)

    forget(world, person)

    folders = [tmp_path / "attachments", tmp_path / "guangxi-keys"]
    database = world.ledger.database
    everywhere = traces(database, texts, *folders)
    if not database.is_sqlite:  # what was deleted lies in PostgreSQL's own log until it is reused
        everywhere = [each for each in everywhere if not _transient(each[1])]
    assert everywhere == []
    if database.is_sqlite:  # which overwrites what it deletes, in the file and in its log
        assert traces(database, {"key": bytes(wrapped), **marks}, *folders) == []
    assert journal(world)[: len(before)] == before
    assert sound(world)


def _transient(where: str) -> bool:
    return where.startswith("wal ") or where.endswith(" heap")


# ── the partner ──────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def pair(tmp_path: Path, postgres_ledger: str) -> Iterator[Pair]:
    """广西 on SQLite and 广东 on PostgreSQL, agreed; both have retention terms."""
    made = open_pair(tmp_path, host_url=postgres_ledger).agree()
    for world in (made.home, made.host):
        adopt_terms(world)
    yield made
    close(made)


def shared(pair: Pair) -> PersonId:
    """A worker of the home province whom the host may read."""
    person = pair.home.worker(NAME, phone=PHONE)
    with pair.home.entry(pair.home.root, Office.LIAISON) as entry:
        procedures.share(entry, person, pair.host.origin, BASIS, Cause.ROSTER)
    pair.sync()
    return person


def keys_of(world: World, person: PersonId) -> int:
    with world.ledger.database.reading() as conn:
        query = select(func.count()).select_from(person_key).where(person_key.c.person == person)
        return conn.execute(query).scalar_one()


def answers(world: World, person: PersonId) -> list[tuple[str, ShredAnswer | None]]:
    with world.ledger.reading() as reader:
        rows = forgetting.requests(reader.conn, world.origin, [person])
    return [(row.asked, row.answer) for row in rows]


def test_the_partner_forgets_whom_nothing_of_its_own_keeps_and_says_so(pair: Pair) -> None:
    person = shared(pair)
    assert registered(pair.host, person).name == NAME

    forget(pair.home, person)
    pair.sync()

    assert keys_of(pair.host, person) == 0
    name = registered(pair.host, person).name
    assert isinstance(name, Redacted)
    assert name.why == "shredded"
    for world in (pair.home, pair.host):
        assert answers(world, person) == [(pair.host.origin, ShredAnswer.SHREDDED)]
        assert sound(world)
    assert list(shredded.read(pair.host.ledger.vault.keyring.folder)) == [person]


def test_a_restriction_here_gives_the_partner_nothing_more(pair: Pair) -> None:
    person = shared(pair)

    restrict(pair.home, person)
    pair.sync()

    name = registered(pair.host, person).name
    assert isinstance(name, Redacted)
    assert name.why == "restricted"
    assert found(pair.host, name=NAME) == []


def test_a_partner_whose_member_she_is_keeps_her_and_says_why(pair: Pair) -> None:
    person, membership = pair.member(NAME)
    offer = pair.offer(membership)
    pair.sync()
    pair.accept(membership, offer)
    pair.sync()
    pair.sync()
    assert pair.holders(membership) == (pair.host.origin, pair.host.origin)

    forget(pair.home, person)
    pair.sync()

    assert keys_of(pair.home, person) == 0
    assert keys_of(pair.host, person) == 1
    assert answers(pair.home, person) == [(pair.host.origin, ShredAnswer.KEPT)]
    with pair.home.ledger.reading() as reader:
        (row,) = forgetting.requests(reader.conn, pair.home.origin, [person])
    assert row.kept == ("membership",)


def test_a_partner_whose_terms_run_restricts_her_and_tells_when_it_is_done(pair: Pair) -> None:
    person = shared(pair)
    with pair.host.entry(pair.host.root, Office.LIAISON) as entry:
        entry.write(
            Consent.give(
                entry.act, new_consent(), person,
                Receiver("广西", Code(pair.home.origin), None, ""), Purpose.MEMBERSHIP,
                [Group.IDENTITY], Evidence.SIGNED_FORM, Code("告知书1"),
            )
        )  # fmt: skip
    pair.sync()

    forget(pair.home, person)
    pair.sync()

    assert answers(pair.home, person) == [(pair.host.origin, ShredAnswer.RESTRICTED)]
    assert keys_of(pair.host, person) == 1
    with pair.host.ledger.reading() as reader:
        row = forgetting.get(reader.conn, pair.host.origin, [person])[person]
    assert row.ground is Ground.PARTNER
    pair.host.time.to(row.until)
    shred(pair.host, person)
    pair.sync()
    assert answers(pair.home, person) == [(pair.host.origin, ShredAnswer.SHREDDED)]
    assert keys_of(pair.host, person) == 0
    for world in (pair.home, pair.host):
        assert sound(world)


def shared_as(pair: Pair, person: PersonId, groups: Sequence[Group]) -> None:
    with pair.home.entry(pair.home.root, Office.LIAISON) as entry:
        procedures.share(entry, person, pair.host.origin, BASIS, Cause.ROSTER, groups=groups)


def test_who_is_not_on_record_is_not_restricted(world: World) -> None:
    with pytest.raises(NotFound):
        restrict(world, new_person())


def test_what_comes_late_of_a_restricted_person_is_kept_closed_and_stops_nobody(
    pair: Pair,
) -> None:
    person, other = pair.home.worker(NAME, phone=PHONE), pair.home.worker("陆阿妹")
    shared_as(pair, person, [Group.MEMBERSHIP])
    pair.sync()
    assert keys_of(pair.host, person) == 0  # known, and nothing of her was opened yet
    restrict(pair.host, person)

    for each in (person, other):
        shared_as(pair, each, [Group.IDENTITY])
    pair.sync()

    name = registered(pair.host, person).name
    assert isinstance(name, Redacted)
    assert name.why == "stopped"
    assert found(pair.host, name=NAME) == []
    assert registered(pair.host, other).name == "陆阿妹"
    lead = pair.host.act(pair.host.root, Office.PRIVACY)
    with pair.host.ledger.entry(lead, lock=True) as entry:
        procedures.lift(entry, person, LiftCause.MISTAKEN)
    assert registered(pair.host, person).name == NAME


def test_what_comes_late_of_a_forgotten_person_is_not_kept(pair: Pair) -> None:
    person = shared(pair)
    pair.home.worker(NAME, person=None)
    with pair.home.entry(pair.home.root) as entry:
        held = entry.read(Person, person)
        entry.write(held.change_contact(entry.act, person, PHONE, ADDRESS))
    page = pair.to_host.page(1, 1000, pair.to_host.checkpoint(0).size)
    assert any(each.person == person for line in page.lines for each in line.openings)

    with pair.host.ledger.database.writing() as conn:
        pair.host.ledger.vault.forget(conn, person)
    pair.sync()

    assert keys_of(pair.host, person) == 0
    with pair.host.ledger.database.reading() as conn:
        assert conn.execute(select(sealed).where(sealed.c.subject == person)).first() is None
