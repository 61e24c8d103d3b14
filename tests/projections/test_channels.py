"""What enters a channel: by the law, once, in order, with what came before."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import event, select

from ledger import procedures
from ledger.domain.channels import Cause, LinkClosed
from ledger.domain.corrections import Why
from ledger.domain.ids import PersonId, new_membership, new_person
from ledger.domain.kernel import Code, Group, Office, Scope
from ledger.domain.membership import Channel as Way
from ledger.domain.membership import Confirmed, Membership
from ledger.domain.partnerships import Partnership
from ledger.domain.persons import Person
from ledger.exchange.running import sync
from ledger.journal import canonical
from ledger.journal.merkle import Frontier
from ledger.journal.record import Record
from ledger.journal.recorder import read_head
from ledger.journal.tables import channel_leaf, record
from ledger.projections.channels import leaf_of, links_of, unshared
from ledger.projections.posting import as_record, channel_name
from tests.pair import BASIS, Pair, annex, close, open_pair
from tests.world import World, open_province


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    opened = open_pair(tmp_path)
    yield opened
    close(opened)


def entered(world: World, to: str) -> list[Record]:
    """The records in the channel to a partner, in order."""
    with world.ledger.reading() as reader:
        rows = reader.conn.execute(
            select(record)
            .join(
                channel_leaf,
                (channel_leaf.c.origin == record.c.origin)
                & (channel_leaf.c.position == record.c.position),
            )
            .where(channel_leaf.c.log == channel_name(world.origin, to))
            .order_by(channel_leaf.c.number)
        )
        return [as_record(row) for row in rows]


def kinds(world: World, to: str) -> list[str]:
    return [one.kind for one in entered(world, to)]


def link(pair: Pair, person: PersonId, groups: list[Group] | None = None) -> None:
    with pair.home.entry(pair.village, Office.LIAISON) as entry:
        procedures.share(entry, person, pair.host.origin, BASIS, Cause.ROSTER, groups=groups)


def test_a_proposal_opens_the_channel_and_it_begins_with_who_speaks(pair: Pair) -> None:
    assert kinds(pair.home, pair.host.origin) == []

    pair.propose()

    assert kinds(pair.home, pair.host.origin) == [
        "JournalOpened", "PartnershipProposed", "PartnershipSigned",
    ]  # fmt: skip
    assert kinds(pair.host, pair.home.origin) == []


def test_unions_enter_once_both_have_signed_the_earlier_ones_among_them(pair: Pair) -> None:
    pair.propose()
    assert "UnionFounded" not in kinds(pair.home, pair.host.origin)

    pair.sync()
    pair.sign(pair.host)
    pair.sync()
    pair.home.union("后来的村工会")

    assert kinds(pair.home, pair.host.origin)[3:] == ["UnionFounded"] * 3
    assert kinds(pair.host, pair.home.origin) == [
        "JournalOpened", "PartnershipSigned", "UnionFounded", "UnionFounded",
    ]  # fmt: skip


def test_an_agreement_without_unions_in_its_annex_shares_none(pair: Pair) -> None:
    pair.agree(annex(scopes=[Scope.PERSON, Scope.MEMBERSHIP]))

    assert "UnionFounded" not in kinds(pair.home, pair.host.origin)


def test_an_annex_of_a_later_day_opens_on_that_day(pair: Pair) -> None:
    pair.agree(annex(scopes=[Scope.PERSON]))
    later = date(2026, 5, 6)
    with pair.home.entry(pair.home.root, Office.CHAIR) as entry:
        agreement = entry.read(Partnership, pair.partnership)
        entry.write(
            agreement.propose_annex(
                entry.act, annex(), origin=pair.home.origin, until=None, since=later
            )
        )
    for world in (pair.home, pair.host):
        pair.sync()
        with world.entry(world.root, Office.CHAIR) as entry:
            agreement = entry.read(Partnership, pair.partnership)
            (proposal,) = agreement.waiting_annexes()
            entry.write(agreement.sign_annex(entry.act, proposal, origin=world.origin))
    pair.sync()
    assert "UnionFounded" not in kinds(pair.home, pair.host.origin)

    pair.home.time.to(later)
    pair.home.worker()

    assert kinds(pair.home, pair.host.origin).count("UnionFounded") == 2


def test_nothing_of_a_worker_enters_without_a_link(pair: Pair) -> None:
    pair.agree()

    pair.member("韦秀英")

    assert not {"PersonRegistered", "MemberEnrolled"} & set(kinds(pair.home, pair.host.origin))


def test_a_link_brings_what_came_before_in_its_order_and_all_that_follows(pair: Pair) -> None:
    pair.agree()
    person, _ = pair.member("韦秀英")
    before = len(entered(pair.home, pair.host.origin))

    link(pair, person)
    with pair.home.entry(pair.village) as entry:
        entry.write(Person().rename(entry.act, person, "韦秀莲"))

    assert kinds(pair.home, pair.host.origin)[before:] == [
        "LinkOpened", "PersonRegistered", "MembershipApplied", "MemberEnrolled", "PersonRenamed",
    ]  # fmt: skip


def test_a_closed_link_lets_nothing_further_through(pair: Pair) -> None:
    pair.agree()
    person, _ = pair.member("韦秀英")
    link(pair, person)

    with pair.home.procedure(pair.village) as entry:
        (row,) = links_of(entry.conn, pair.home.origin, [person])[person]
        entry.write(LinkClosed(row["link"], person, Code(pair.host.origin), Code("ended")))
    with pair.home.entry(pair.village) as entry:
        entry.write(Person().change_contact(entry.act, person, "13900000000", ""))

    assert kinds(pair.home, pair.host.origin)[-1] == "LinkClosed"


def test_a_worker_linked_again_is_not_sent_twice(pair: Pair) -> None:
    pair.agree()
    person, _ = pair.member("韦秀英")
    link(pair, person, [Group.IDENTITY])
    before = kinds(pair.home, pair.host.origin)

    link(pair, person, [Group.IDENTITY, Group.CONTACT])

    after = kinds(pair.home, pair.host.origin)
    assert after[len(before) :] == ["LinkClosed", "LinkOpened"]


def test_facts_beyond_the_agreed_scopes_stay_here(pair: Pair) -> None:
    pair.agree(annex(scopes=[Scope.ORGANISATION, Scope.PERSON]))
    person, _ = pair.member("韦秀英")

    link(pair, person)

    assert "PersonRegistered" in kinds(pair.home, pair.host.origin)
    assert "MemberEnrolled" not in kinds(pair.home, pair.host.origin)


def test_a_correction_goes_where_the_fact_went_and_nowhere_else(pair: Pair) -> None:
    pair.agree()
    person, _ = pair.member("韦秀英")
    other, _ = pair.member("陆阿妹")
    link(pair, person)
    second = pair.home.officer(pair.home.root, Office.REVIEWER)
    for who in (person, other):
        with pair.home.ledger.reading() as reader:
            position = reader.records(who)[0].position
        with pair.home.entry(pair.home.root) as entry:
            procedures.correct(
                entry, position, {"name": "韦秀兰"}, Why.MISTYPED, "身份证核对", confirmed_by=second
            )

    found = entered(pair.home, pair.host.origin)

    tail = [one.kind for one in found[-2:]]
    assert tail == ["FactCorrected", "PersonRegistered"]
    assert other.encode() not in b"".join(one.bytes for one in found)


def test_a_partner_reads_only_its_own_agreements_and_never_anothers_records(
    pair: Pair, tmp_path: Path
) -> None:

    third = open_province(tmp_path, "43", time=pair.home.time)
    two = Pair(pair.home, third)

    pair.agree()
    two.agree()
    person, _ = pair.member("韦秀英")
    link(pair, person)
    pair.sync()
    sync(pair.home.ledger, third.ledger)

    home, to = pair.home, third.origin
    assert "PersonRegistered" not in kinds(home, to)
    assert {one.origin for one in entered(home, to)} == {home.origin}
    assert pair.partnership.encode() not in b"".join(one.bytes for one in entered(home, to))
    third.ledger.close()


def test_each_leaf_covers_its_header_and_the_record_and_the_head_covers_all_leaves(
    pair: Pair,
) -> None:
    pair.agree()
    for number in range(90):
        link(pair, pair.home.worker(f"职工{number}"))

    log = channel_name(pair.home.origin, pair.host.origin)
    found = entered(pair.home, pair.host.origin)
    with pair.home.ledger.reading() as reader:
        rows = reader.conn.execute(
            select(channel_leaf).where(channel_leaf.c.log == log).order_by(channel_leaf.c.number)
        ).all()
        head = read_head(reader.conn, log)

    leaves = [leaf_of(bytes(row.header), one.bytes) for row, one in zip(rows, found, strict=True)]
    assert leaves == [bytes(row.leaf) for row in rows]
    assert head.frontier == Frontier().extend(leaves)
    for number, row in enumerate(rows, 1):
        said = canonical.parse(bytes(row.header))
        assert set(said) == {"channel", "number", "cause", "under"}
        assert (said["channel"], said["number"]) == (log, number)
        assert row.position <= said["cause"]


def test_a_list_says_who_is_not_shared(pair: Pair) -> None:
    pair.agree()
    shared, _ = pair.member("韦秀英")
    kept, _ = pair.member("陆阿妹")
    link(pair, shared)

    with pair.home.ledger.reading() as reader:
        found = unshared(reader.conn, pair.home.origin, pair.host.origin, [shared, kept])

    assert found == [kept]


def test_a_page_of_hundreds_costs_a_handful_of_statements(pair: Pair) -> None:
    pair.agree()
    counts: list[int] = []

    for many in (2, 500):
        ran: list[str] = []

        def count(_c: object, _cur: object, sql: str, *_: object, ran: list[str] = ran) -> None:
            ran.append(sql)

        with pair.home.entry(pair.village) as entry:
            for _ in range(many):
                entry.write(
                    Membership.apply(
                        entry.act, new_membership(), new_person(), pair.village, Way.PLAIN,
                        of_age=True, confirmed=Confirmed.LIST,
                    )
                )  # fmt: skip
            event.listen(pair.home.ledger.database.engine, "before_cursor_execute", count)
        event.remove(pair.home.ledger.database.engine, "before_cursor_execute", count)
        counts.append(len(ran))

    assert counts[1] < counts[0] + 40
