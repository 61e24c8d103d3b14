"""Procedures: what takes two streams, in one journal and in two; custody above all."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations
from pathlib import Path

import pytest

from ledger import procedures
from ledger.book import Conflict, Entry
from ledger.clock import working_days_after
from ledger.domain.channels import AlreadyLinked, Cause, NoLegalBasis, NoLivePartnership
from ledger.domain.corrections import AlreadyCorrected, FactCorrected, OthersRelyOnIt, Why
from ledger.domain.identity import DocumentKind
from ledger.domain.ids import MembershipId, PersonId, TransferId, UnionId, new_household, new_person
from ledger.domain.kernel import Basis, Code, Office, Refused, StreamId
from ledger.domain.membership import (
    AlreadyAMember,
    ApproverIsApplicant,
    ApproverIsKin,
    Card,
    DeadlinePassed,
    Ground,
    MemberEnrolled,
    Membership,
    NotTheHolder,
    OfferAnswered,
    OfferState,
    Outcome,
    Proof,
    RefusalGround,
    RequestState,
    Retention,
    State,
    TransferReason,
    TransferRequest,
    WithdrawReason,
)
from ledger.domain.offices import NotYourOffice
from ledger.domain.partnerships import AtEnd, Unanswered
from ledger.domain.persons import (
    DeathOnRecord,
    DeathProof,
    Household,
    Particulars,
    Person,
    Relation,
)
from ledger.domain.unions import DissolutionReason, Union, UnionKind, UnionNotOpen, UnionsBelow
from ledger.exchange import Daily
from ledger.projections import VIEWS, rebuild, rosters
from tests.pair import BASIS, Pair, annex, close, open_pair
from tests.world import World, citizen_number, open_province

COMING = date(2026, 3, 2)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    opened = open_pair(tmp_path).agree()
    yield opened
    close(opened)


@pytest.fixture(params=["sqlite", "postgresql"])
def mixed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    """Home on SQLite, host on SQLite and then on PostgreSQL."""
    url = str(request.getfixturevalue("postgres_url")) if request.param == "postgresql" else None
    opened = open_pair(tmp_path, url).agree()
    yield opened
    close(opened)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[World]:
    opened = open_province(tmp_path)
    yield opened
    opened.ledger.close()


def own_kinds(world: World) -> list[str]:
    with world.ledger.database.reading() as conn:
        return [one.kind for one in world.ledger.recorder.page(conn, 0, 10_000)]


def get(world: World, membership: str) -> Membership:
    with world.ledger.reading() as reader:
        return reader.get(Membership, membership)


def claims(world: World, person: str) -> bool:
    """Whether this journal says that the person is its member."""
    with world.ledger.reading() as reader:
        return reader.holder(AlreadyAMember, person) is not None


def rebuilt(*worlds: World) -> None:
    for world in worlds:
        for view in VIEWS:
            if view.tables:
                rebuild(world.ledger.database, world.origin, view)


# ── transfers between two provinces ──────────────────────────────────────────────────────────


def test_offered_accepted_released_received(mixed: Pair) -> None:
    pair = mixed
    person, membership = pair.member("韦秀英")
    offer = pair.offer(membership)
    pair.sync()
    assert pair.holders(membership) == (pair.home.origin,) * 2

    pair.accept(membership, offer)
    told = get(pair.host, membership).offers[offer]
    assert told.state is OfferState.ACCEPTED
    assert get(pair.host, membership).serving(pair.host.today) == pair.street

    pair.sync()

    assert pair.holders(membership) == (pair.host.origin,) * 2
    assert (claims(pair.home, person), claims(pair.host, person)) == (False, True)
    for world in (pair.home, pair.host):
        held = get(world, membership)
        assert held.union == pair.street
        assert held.offers[offer].state is OfferState.RECEIVED
    rebuilt(pair.home, pair.host)


def test_declined_returned(mixed: Pair) -> None:
    pair = mixed
    person, membership = pair.member("韦秀英")
    offer = pair.offer(membership)
    pair.sync()

    with pair.host.entry(pair.street, Office.LIAISON) as entry:
        procedures.decline(entry, membership, offer, Ground.NO_WORK_RELATION, "查无劳动合同")
    pair.sync()

    assert pair.holders(membership) == (pair.home.origin,) * 2
    for world in (pair.home, pair.host):
        assert get(world, membership).offers[offer].outcome is Outcome.RETURNED
    assert claims(pair.home, person)
    pair.offer(membership)


def test_declined_on_another_ground_goes_to_the_superior(pair: Pair) -> None:
    _, membership = pair.member("韦秀英")
    offer = pair.offer(membership)
    pair.sync()

    with pair.host.entry(pair.street, Office.LIAISON) as entry:
        procedures.decline(entry, membership, offer, Ground.OTHER, "企业正在搬迁")
    pair.sync()

    assert get(pair.home, membership).offers[offer].escalated_to == pair.host.root


def test_not_answered_in_time_it_lapses_and_the_worker_stays(pair: Pair) -> None:
    person, membership = pair.member("韦秀英")
    offer = pair.offer(membership)
    pair.sync()
    deadline = get(pair.home, membership).offers[offer].deadline
    assert deadline is not None
    assert deadline == working_days_after(pair.home.today, 10)

    pair.home.time.to(deadline)
    assert procedures.lapse_due(pair.home.ledger) == []
    pair.home.time.to(deadline + timedelta(days=1))
    assert procedures.lapse_due(pair.home.ledger) == [offer]
    assert procedures.lapse_due(pair.home.ledger) == []

    with pytest.raises(DeadlinePassed):
        pair.accept(membership, offer)
    pair.sync()
    assert get(pair.host, membership).offers[offer].outcome is Outcome.LAPSED
    assert pair.holders(membership) == (pair.home.origin,) * 2
    assert claims(pair.home, person)


def test_where_it_was_agreed_it_goes_up_before_it_lapses(tmp_path: Path) -> None:
    pair = open_pair(tmp_path).agree(annex(unanswered=Unanswered.ESCALATES))
    _, membership = pair.member("韦秀英")
    offer = pair.offer(membership)
    pair.sync()
    deadline = get(pair.home, membership).offers[offer].deadline
    assert deadline is not None

    pair.home.time.to(deadline + timedelta(days=1))
    assert procedures.lapse_due(pair.home.ledger) == []
    pair.sync()
    assert get(pair.host, membership).offers[offer].escalated_to == pair.host.root
    assert procedures.lapse_due(pair.home.ledger) == []

    pair.home.time.to(working_days_after(deadline, 10) + timedelta(days=1))
    assert procedures.lapse_due(pair.home.ledger) == [offer]
    close(pair)


def test_without_a_basis_or_an_agreement_nothing_is_offered(pair: Pair, tmp_path: Path) -> None:
    _, membership = pair.member("韦秀英")
    before = own_kinds(pair.home)

    with pytest.raises(NoLegalBasis):
        pair.offer(membership, basis=None)

    assert [kind for kind in own_kinds(pair.home) if kind != "OfficerAppointed"] == [
        kind for kind in before if kind != "OfficerAppointed"
    ]


def test_two_clerks_accept_and_the_second_sees_that_it_is_done(pair: Pair) -> None:
    _, membership = pair.member("韦秀英")
    offer = pair.offer(membership)
    pair.sync()
    pair.accept(membership, offer)

    with pytest.raises(OfferAnswered):
        pair.accept(membership, offer)


def test_two_clerks_at_one_moment_make_one_acceptance(pair: Pair) -> None:
    _, membership = pair.member("韦秀英")
    offer = pair.offer(membership)
    pair.sync()

    def both(entry: Entry) -> None:
        procedures.accept(entry, membership, offer)
        pair.accept(membership, offer)

    act = pair.host.act(pair.street, Office.LIAISON)
    with pytest.raises(Conflict), pair.host.ledger.entry(act) as entry:
        both(entry)

    assert own_kinds(pair.host).count("TransferAccepted") == 1


def test_home_again_the_membership_comes_back_with_its_first_date(pair: Pair) -> None:
    person, membership = pair.member("韦秀英")
    first = get(pair.home, membership).first
    offer = pair.offer(membership)
    pair.sync()
    pair.accept(membership, offer)
    pair.sync()

    with pair.host.entry(pair.street, Office.LIAISON) as entry:
        back = procedures.offer(
            entry, membership, pair.village, TransferReason.RETURNED_HOME, basis=BASIS
        )
    pair.sync()
    with pair.home.entry(pair.village, Office.LIAISON) as entry:
        procedures.accept(entry, membership, back)
    pair.sync()

    assert pair.holders(membership) == (pair.home.origin,) * 2
    assert get(pair.home, membership).first == first
    assert get(pair.home, membership).moves == 2
    assert (claims(pair.home, person), claims(pair.host, person)) == (True, False)
    rebuilt(pair.home, pair.host)


def test_a_group_is_handed_over_each_with_an_answer_of_its_own(pair: Pair) -> None:
    people = [pair.member(f"职工{number}") for number in range(4)]
    gone = people[3][1]
    pair.offer(gone)

    with pair.home.entry(pair.village, Office.LIAISON) as entry:
        made = procedures.hand_over(
            entry, [membership for _, membership in people], pair.street, basis=BASIS
        )
    assert set(made.refused) == {gone}
    pair.sync()
    for _, membership in people[:2]:
        pair.accept(membership, made.offers[membership])
    with pair.host.entry(pair.street, Office.LIAISON) as entry:
        third = people[2][1]
        procedures.decline(entry, third, made.offers[third], Ground.NOT_FOUND)
    pair.sync()

    assert [pair.holders(m)[0] == pair.host.origin for _, m in people] == [True, True, False, False]
    with pair.home.ledger.database.reading() as conn:
        records = pair.home.ledger.recorder.page(conn, 0, 1000)
    offered = [one for one in records if one.kind == "TransferOffered"][-3:]
    assert all(f'"correlation":"{made.id}"'.encode() in one.header for one in offered)


# ── custody: every order ─────────────────────────────────────────────────────────────────────

Step = Callable[[Pair, MembershipId, TransferId], None]


def _accept(pair: Pair, membership: MembershipId, offer: TransferId) -> None:
    pair.accept(membership, offer)


def _decline(pair: Pair, membership: MembershipId, offer: TransferId) -> None:
    with pair.host.entry(pair.street, Office.LIAISON) as entry:
        procedures.decline(entry, membership, offer, Ground.NOT_FOUND)


def _withdraw(pair: Pair, membership: MembershipId, offer: TransferId) -> None:
    with pair.home.entry(pair.village, Office.LIAISON) as entry:
        procedures.withdraw(entry, membership, offer, WithdrawReason.WORKER_STAYS)


def _lapse(pair: Pair, membership: MembershipId, offer: TransferId) -> None:
    """The home province's clock is far ahead of the host's."""
    with pair.home.procedure(pair.village) as entry:
        held = entry.read(Membership, membership)
        lapsed = held.lapse(offer, pair.home.origin, date(2027, 1, 1))
        if lapsed is not None:
            entry.write(lapsed)


def _home_reads(pair: Pair, _m: MembershipId, _o: TransferId) -> None:
    pair.home_reads()


def _host_reads(pair: Pair, _m: MembershipId, _o: TransferId) -> None:
    pair.host_reads()


STEPS: list[tuple[Step, ...]] = [
    (_accept, _withdraw, _home_reads, _host_reads),
    (_accept, _lapse, _home_reads, _host_reads),
    (_decline, _withdraw, _home_reads, _host_reads),
    (_decline, _lapse, _home_reads, _host_reads),
]


@pytest.mark.parametrize("steps", STEPS, ids=lambda s: " ".join(e.__name__[1:] for e in s[:2]))
def test_in_every_order_there_is_one_holder_and_one_outcome(
    pair: Pair, steps: tuple[Step, ...]
) -> None:
    for order in permutations(steps):
        person, membership = pair.member()
        offer = pair.offer(membership)
        pair.host_reads()
        for step in order:
            with suppress(Refused):  # a rule says no, and nothing has changed
                step(pair, membership, offer)
            assert not (claims(pair.home, person) and claims(pair.host, person)), order
            home, host = pair.holders(membership)
            assert (home, host) != (pair.host.origin, pair.home.origin) or not claims(
                pair.home, person
            )
        pair.sync()

        home, host = pair.holders(membership)
        assert home == host
        at_host = home == pair.host.origin
        assert (claims(pair.home, person), claims(pair.host, person)) == (not at_host, at_host)
        outcomes = {
            get(world, membership).offers[offer].outcome for world in (pair.home, pair.host)
        }
        assert len(outcomes) == 1
        (outcome,) = outcomes
        assert (outcome is Outcome.RELEASED) == at_host
        told = get(pair.host, membership).offers[offer]
        assert told.voided == (
            told.answered_at == pair.host.origin and told.answer == "accepted" and not at_host
        )
    rebuilt(pair.home, pair.host)


# ── requests ─────────────────────────────────────────────────────────────────────────────────


def ask(pair: Pair, person: PersonId, membership: MembershipId | None = None) -> TransferId:
    with pair.host.entry(pair.street, Office.LIAISON) as entry:
        return procedures.request(
            entry, person, pair.village, Proof.CARD, basis=BASIS, membership=membership,
            employer="东江电子厂",
        )  # fmt: skip


def test_the_receiver_asks_and_the_holder_offers_under_its_id(pair: Pair) -> None:
    person, membership = pair.member("韦秀英")
    seen = pair.host.worker("韦秀英")
    request = ask(pair, seen)
    pair.sync()

    with pair.home.entry(pair.village, Office.LIAISON) as entry:
        procedures.answer_request(entry, request, membership, basis=BASIS)
    pair.sync()
    pair.accept(membership, request)
    pair.sync()

    assert pair.holders(membership) == (pair.host.origin,) * 2
    for world in (pair.home, pair.host):
        with world.ledger.reading() as reader:
            assert reader.get(TransferRequest, request).state is RequestState.CLOSED
    assert claims(pair.host, person)


def test_a_request_refused_is_read_on_the_other_side(pair: Pair) -> None:
    seen = pair.host.worker("韦秀英")
    request = ask(pair, seen)
    pair.sync()

    with pair.home.entry(pair.village, Office.LIAISON) as entry:
        procedures.refuse_request(entry, request, RefusalGround.NOT_A_MEMBER)
    pair.sync()

    with pair.host.ledger.reading() as reader:
        assert reader.get(TransferRequest, request).state is RequestState.REFUSED


def test_a_request_unanswered_is_brought_before_the_superior_and_served_here(pair: Pair) -> None:
    seen = pair.host.worker("韦秀英")
    request = ask(pair, seen)
    pair.sync()
    pair.host.time.to(pair.host.today + timedelta(days=30))

    with pair.host.entry(pair.street, Office.LIAISON) as entry:
        procedures.escalate_request(entry, request, serves=True)
    pair.sync()

    with pair.home.ledger.reading() as reader:
        told = reader.get(TransferRequest, request)
    assert told.escalated_to == pair.home.root
    assert told.serving(pair.home.today) == pair.street


# ── sharing ends ─────────────────────────────────────────────────────────────────────────────


def test_consent_withdrawn_while_a_transfer_is_under_way_loses_no_membership(pair: Pair) -> None:
    person, membership = pair.member("韦秀英")
    with pair.home.entry(pair.village, Office.LIAISON, evidence=("ab" * 32,)) as entry:
        offer = procedures.offer(
            entry, membership, pair.street, TransferReason.WORKS_THERE,
            basis=Basis.SEPARATE_CONSENT,
        )  # fmt: skip
    pair.sync()
    pair.accept(membership, offer)

    with pair.home.entry(pair.village, Office.LIAISON) as entry:
        procedures.stop_sharing(entry, person, pair.host.origin)
    pair.sync()

    assert pair.holders(membership)[1] == pair.host.origin
    assert claims(pair.host, person)
    assert "GroupsRestricted" in own_kinds(pair.host)


@pytest.mark.parametrize("at_end", list(AtEnd))
def test_when_the_agreement_ends_what_waits_finishes_or_is_handed_back(
    tmp_path: Path, at_end: AtEnd
) -> None:
    ends = COMING + timedelta(days=5)
    pair = open_pair(tmp_path).agree(annex(at_end=at_end), until=ends)
    _, waiting = pair.member("韦秀英")
    _, done = pair.member("陆阿妹")
    offer, other = pair.offer(waiting), pair.offer(done)
    pair.sync()
    pair.accept(done, other)
    pair.sync()

    for world in (pair.home, pair.host):
        world.time.to(ends)
    for world in (pair.home, pair.host):
        procedures.due(world.ledger)
    pair.sync()
    told = get(pair.home, waiting).offers[offer]
    assert (told.outcome is Outcome.WITHDRAWN) == (at_end is AtEnd.HAND_BACK)
    if at_end is AtEnd.FINISH:
        pair.accept(waiting, offer)
        pair.sync()
        assert pair.holders(waiting) == (pair.host.origin,) * 2
    with pytest.raises(NoLivePartnership):
        pair.offer(pair.member()[1])
    procedures.due(pair.home.ledger)
    assert "LinkClosed" in own_kinds(pair.home)
    close(pair)


def test_a_worker_is_linked_once_whoever_is_faster(pair: Pair) -> None:
    person, _ = pair.member("韦秀英")

    def both(entry: Entry) -> None:
        procedures.share(entry, person, pair.host.origin, BASIS, Cause.ROSTER)
        with pair.home.entry(pair.village, Office.LIAISON) as other:
            procedures.share(other, person, pair.host.origin, BASIS, Cause.ROSTER)

    act = pair.home.act(pair.village, Office.LIAISON)
    with pytest.raises(AlreadyLinked), pair.home.ledger.entry(act) as entry:
        both(entry)

    assert own_kinds(pair.home).count("LinkOpened") == 1


# ── within one province ──────────────────────────────────────────────────────────────────────


def test_within_a_journal_acceptance_release_and_receipt_are_one_entry(home: World) -> None:
    here, there = home.union("纳合村工会"), home.union("长江路社区工会")
    person = home.worker("韦秀英")
    membership = home.enrol(person, here)
    with home.entry(here, Office.LIAISON) as entry:
        offer = procedures.offer(entry, membership, there, TransferReason.CHANGED_EMPLOYER)

    with home.entry(there, Office.LIAISON) as entry:
        procedures.accept(entry, membership, offer)

    assert entry.receipt is not None
    assert own_kinds(home)[-3:] == ["TransferAccepted", "MembershipReleased", "MembershipReceived"]
    assert len(entry.receipt.positions) == 3
    assert get(home, membership).union == there
    assert claims(home, person)
    rebuilt(home)


def test_within_a_journal_a_decline_returns_at_once(home: World) -> None:
    here, there = home.union("纳合村工会"), home.union("长江路社区工会")
    membership = home.enrol(home.worker("韦秀英"), here)
    with home.entry(here, Office.LIAISON) as entry:
        offer = procedures.offer(entry, membership, there, TransferReason.CHANGED_EMPLOYER)

    with home.entry(there, Office.LIAISON) as entry:
        procedures.decline(entry, membership, offer, Ground.NO_WORK_RELATION)

    assert own_kinds(home)[-2:] == ["TransferDeclined", "TransferReturned"]
    assert get(home, membership).union == here


def test_a_union_ends_and_every_member_has_an_outcome(home: World) -> None:
    project = home.union("大藤峡项目工会", UnionKind.PROJECT)
    people = [home.enrol(home.worker(), project) for _ in range(5)]
    elsewhere = home.union("纳合村工会")

    act = home.act(home.root, Office.CHAIR)
    with home.ledger.entry(act, lock=True) as entry:
        procedures.close_union(
            entry, project, DissolutionReason.PROJECT_ENDED, keepers={people[0]: elsewhere}
        )

    assert own_kinds(home)[-6:] == ["MembershipRetained"] * 5 + ["UnionDissolved"]
    for membership in people:
        held = get(home, membership)
        assert held.state is State.RETAINED
        assert held.union == (elsewhere if membership == people[0] else home.root)
    with home.ledger.reading() as reader:
        assert not reader.find(Union, project).open()
    rebuilt(home)


def ended(
    world: World, union: UnionId, on: date | None = None, into: UnionId | None = None
) -> None:
    act = world.act(world.root, Office.CHAIR, on)
    with world.ledger.entry(act, lock=True) as entry:
        procedures.close_union(entry, union, DissolutionReason.REORGANISED, into=into)


def test_who_came_between_the_end_of_a_union_and_its_entry_is_retained_too(home: World) -> None:
    firm = home.union("东江电子厂工会", UnionKind.GRASSROOTS)
    home.time.to(date(2026, 3, 20))
    came = home.enrol(home.worker(), firm, on=date(2026, 3, 16))

    ended(home, firm, on=date(2026, 3, 10))

    held = get(home, came)
    assert (held.union, held.state) == (home.root, State.RETAINED)
    assert held.responsible(date(2026, 3, 15)) is None
    rebuilt(home)


def test_a_retention_dated_before_the_union_held_her_holds_from_that_day(home: World) -> None:
    firm = home.union("东江电子厂工会", UnionKind.GRASSROOTS)
    home.time.to(date(2026, 3, 20))
    membership = home.enrol(home.worker(), firm, on=date(2026, 3, 16))

    with home.entry(firm, Office.APPROVER, on=date(2026, 3, 6)) as entry:
        held = entry.read(Membership, membership)
        entry.write(held.retain(entry.act, Retention.UNEMPLOYED, Card.KEPT))

    assert get(home, membership).state is State.RETAINED


def test_who_is_released_to_a_union_that_has_ended_is_retained_above_it(pair: Pair) -> None:
    _, membership = pair.member("韦秀英")
    offer = pair.offer(membership)
    pair.sync()
    pair.accept(membership, offer)
    ended(pair.host, pair.street)
    pair.sync()

    for world in (pair.home, pair.host):
        told = get(world, membership)
        assert (told.union, told.state) == (pair.host.root, State.RETAINED)
    rebuilt(pair.home, pair.host)


def test_a_union_that_has_ended_takes_nobody_in(pair: Pair) -> None:
    _, membership = pair.member("韦秀英")
    offer = pair.offer(membership)
    pair.sync()
    waiting = pair.host.apply(pair.host.worker(), pair.street)
    pair.host.officer(pair.street, Office.LIAISON)
    ended(pair.host, pair.street)
    assert get(pair.host, waiting).state is State.REFUSED

    with pytest.raises(UnionNotOpen):
        pair.accept(membership, offer)
    asked = pair.host.apply(pair.host.worker(), pair.street)
    with pytest.raises(UnionNotOpen), pair.host.entry(pair.street, Office.APPROVER) as entry:
        procedures.approve(entry, asked)
    with pair.host.entry(pair.street, Office.APPROVER) as entry:
        listed = procedures.approve_list(entry, [asked])
    assert isinstance(listed.refused[asked], UnionNotOpen)
    with pytest.raises(UnionNotOpen), pair.host.procedure(pair.street) as entry:
        procedures.join(
            entry, pair.street,
            procedures.Joining(
                Particulars("韦秀英", DocumentKind.NONE_YET, phone="13800000000"), True, "厂",
                "工", None, Code("N1"),
            ),
        )  # fmt: skip
    pair.sync()
    assert get(pair.home, membership).state is State.OFFERED


def test_what_a_union_did_before_it_ended_is_entered_later_and_the_member_retained(
    home: World,
) -> None:
    firm = home.union("东江电子厂工会", UnionKind.GRASSROOTS)
    heir = home.union("东江集团工会", UnionKind.GRASSROOTS)
    home.time.to(date(2026, 3, 20))
    home.officer(firm, Office.APPROVER)
    ended(home, firm, on=date(2026, 3, 18), into=heir)

    late = home.apply(home.worker(), firm, on=date(2026, 3, 10))
    with home.entry(firm, Office.APPROVER, on=date(2026, 3, 12)) as entry:
        procedures.approve(entry, late)

    held = get(home, late)
    assert (held.union, held.state) == (heir, State.RETAINED)
    responsible = held.responsible(date(2026, 3, 15))
    assert responsible is not None
    assert responsible.union == firm


def test_a_union_with_others_below_it_does_not_end(home: World) -> None:
    above = home.union("镇工会", UnionKind.TOWNSHIP)
    home.union("村工会", UnionKind.VILLAGE, superior=above)
    membership = home.enrol(home.worker(), above)

    act = home.act(home.root, Office.CHAIR)
    with pytest.raises(UnionsBelow), home.ledger.entry(act, lock=True) as entry:
        procedures.close_union(entry, above, DissolutionReason.REORGANISED)

    assert get(home, membership).state is State.MEMBER


def test_a_list_is_approved_under_one_minute_and_who_cannot_be_is_named(home: World) -> None:
    village = home.union("纳合村工会")
    applied = [home.apply(home.worker(), village) for _ in range(3)]
    twice = home.worker()
    home.enrol(twice, home.union("另一村工会"))
    again = home.apply(twice, village)

    with home.entry(village, Office.APPROVER) as entry:
        listed = procedures.approve_list(entry, [*applied, again], Code("纳工〔2026〕3号"))

    assert listed.done == applied
    assert isinstance(listed.refused[again], AlreadyAMember)
    assert all(get(home, one).state is State.MEMBER for one in applied)
    assert get(home, again).state is State.APPLIED


def test_nobody_approves_her_own_household(home: World) -> None:
    village = home.union("纳合村工会")
    worker = home.worker()
    approver = home.officer(village, Office.APPROVER)
    household = new_household()
    with home.entry(village, Office.STATION) as entry:
        entry.write(*Household.open(entry.act, household, worker))
        told = entry.look_up(Household, household)
        entry.write(told.join(entry.act, household, approver, Relation.SPOUSE))
    membership = home.apply(worker, village)

    with pytest.raises(ApproverIsKin), home.entry(village, Office.APPROVER) as entry:
        procedures.approve(entry, membership)


def test_examined_and_approved_by_two(home: World) -> None:
    village = home.union("纳合村工会")
    membership = home.apply(home.worker(), village)

    with home.entry(village, Office.REVIEWER) as entry:
        procedures.examine(entry, membership, fit=True)
    with home.entry(village, Office.APPROVER) as entry:
        procedures.approve(entry, membership, minutes=Code("3号"))

    assert get(home, membership).state is State.MEMBER


def test_a_member_of_the_partner_is_not_enrolled_again_here(pair: Pair) -> None:
    person, membership = pair.member("韦秀英")
    pair.offer(membership)
    pair.sync()
    again = pair.host.apply(person, pair.street)

    with pytest.raises(AlreadyAMember), pair.host.entry(pair.street, Office.APPROVER) as entry:
        procedures.approve(entry, again)


def test_a_death_ends_the_membership_and_takes_the_offer_back(pair: Pair) -> None:
    person, membership = pair.member("韦秀英")
    offer = pair.offer(membership)
    pair.sync()

    with pair.home.entry(pair.village) as entry:
        procedures.record_death(entry, person, DeathProof.CERTIFICATE)
    pair.accept(membership, offer)
    pair.sync()

    written = [kind for kind in own_kinds(pair.home) if kind != "PartnerRead"]
    assert written[-3:] == ["PersonDied", "TransferWithdrawn", "MembershipEndedByDeath"]
    for world in (pair.home, pair.host):
        assert get(world, membership).state is State.ENDED
        assert not claims(world, person)
    assert get(pair.host, membership).offers[offer].voided


def test_a_death_that_one_province_records_ends_the_membership_that_the_other_holds(
    pair: Pair,
) -> None:
    person, membership = pair.member("韦秀英")
    offer = pair.offer(membership)
    pair.sync()
    pair.accept(membership, offer)
    pair.sync()
    assert pair.holders(membership) == (pair.host.origin,) * 2
    pair.home.time.to(COMING + timedelta(days=9))
    pair.host.time.to(COMING + timedelta(days=9))

    with pair.home.entry(pair.village, on=COMING + timedelta(days=4)) as entry:
        procedures.record_death(entry, person, DeathProof.CERTIFICATE)
    pair.sync()

    for world in (pair.home, pair.host):
        told = get(world, membership)
        assert told.state is State.ENDED
        assert not told.member_on(COMING + timedelta(days=4))
        assert not claims(world, person)
        with world.ledger.reading() as reader:
            assert rosters.count(reader.conn, world.origin, rosters.Sought(own=True)).total == 0
    rebuilt(pair.home, pair.host)


def test_who_died_on_the_way_is_received_and_the_membership_ends_at_once(pair: Pair) -> None:
    person, membership = pair.member("韦秀英")
    offer = pair.offer(membership)
    pair.sync()
    pair.accept(membership, offer)
    with pair.host.entry(pair.street) as entry:
        procedures.record_death(entry, person, DeathProof.CERTIFICATE)
    pair.sync()

    for world in (pair.home, pair.host):
        assert get(world, membership).state is State.ENDED
        assert not claims(world, person)


def test_a_death_ends_every_membership_of_everybody_she_is_and_nobody_enrols_her_again(
    home: World,
) -> None:
    village, other = home.union("甲村工会"), home.union("乙村工会")
    one, same = home.worker("韦秀英"), home.worker("韦秀英")
    held = [home.enrol(one, village), home.enrol(same, other)]
    applied = home.apply(same, village)
    home.link(one, same)

    with home.entry(village) as entry:
        procedures.record_death(entry, one, DeathProof.CERTIFICATE)

    assert [get(home, each).state for each in held] == [State.ENDED, State.ENDED]
    with pytest.raises(DeathOnRecord), home.entry(village, Office.APPROVER) as entry:
        procedures.approve(entry, applied)
    waiting = home.apply(home.worker("陆阿妹"), village)
    with home.entry(village, Office.APPROVER) as entry:
        listed = procedures.approve_list(entry, [applied, waiting])
    assert listed.done == [waiting]
    assert {each: type(rule) for each, rule in listed.refused.items()} == {applied: DeathOnRecord}


def test_two_memberships_of_one_person_are_settled_with_the_earlier_date(home: World) -> None:
    old, new = home.union("纳合村工会"), home.union("东莞同乡联合工会")
    person = home.worker()
    early = home.enrol(person, old, on=date(2020, 5, 1))
    other = home.worker()
    late = home.enrol(other, new, on=date(2026, 3, 1))

    with home.entry(home.root, Office.CHAIR) as entry:
        procedures.settle_double(entry, late, early, minutes=Code("5号"))

    assert get(home, early).state is State.ENDED
    assert get(home, late).first == date(2020, 5, 1)


def test_of_two_memberships_in_two_provinces_each_side_writes_its_own(pair: Pair) -> None:
    person, early = pair.member("韦秀英")
    late = pair.host.enrol(person, pair.street)
    for world, union in ((pair.home, pair.village), (pair.host, pair.street)):
        other = pair.host if world is pair.home else pair.home
        with world.entry(union, Office.LIAISON) as entry:
            procedures.share(entry, person, other.origin, BASIS, Cause.MATCH)
    pair.sync()

    with pair.home.entry(pair.village, Office.CHAIR) as entry:
        procedures.settle_double(entry, late, early)
    pair.sync()

    assert get(pair.host, late).first == get(pair.home, early).first
    assert get(pair.home, early).state is State.ENDED
    assert "SeniorityKept" in own_kinds(pair.host)


# ── corrections ──────────────────────────────────────────────────────────────────────────────


def position_of(world: World, stream: str, kind: str) -> int:
    with world.ledger.reading() as reader:
        return next(one.position for one in reader.records(stream) if one.kind == kind)


def test_a_date_corrected_leaves_one_membership_and_its_claim(home: World) -> None:
    village = home.union("纳合村工会")
    person = home.worker()
    membership = home.enrol(person, village)
    enrolled = position_of(home, membership, "MemberEnrolled")

    with home.entry(village, Office.APPROVER) as entry:
        procedures.correct(entry, enrolled, {}, Why.WRONG_DATE, "会议在上月", on=date(2026, 2, 10))

    assert get(home, membership).first == date(2026, 2, 10)
    assert claims(home, person)
    with pytest.raises(AlreadyCorrected), home.entry(village, Office.APPROVER) as entry:
        procedures.correct(entry, enrolled, {}, Why.WRONG_DATE, "又错", on=date(2026, 2, 11))
    rebuilt(home)


def test_a_number_corrected_is_found_and_the_wrong_one_is_free(home: World) -> None:

    person = home.worker("韦秀英")
    second = home.officer(home.root, Office.REVIEWER)
    right = citizen_number("451224", date(1991, 2, 3), 77)

    with home.entry(home.root) as entry:
        procedures.correct(
            entry, position_of(home, person, "PersonRegistered"),
            {"number": right, "birth": "1991-02-03"}, Why.MISTYPED, "核对身份证",
            confirmed_by=second,
        )  # fmt: skip

    vault = home.ledger.vault
    wrong = citizen_number("451224", date(1990, 1, 1), 1)
    with home.ledger.looking(home.look()) as reader:
        assert vault.find(reader.conn, number=right) == [person]
        assert vault.find(reader.conn, number=wrong) == []
        told = Person.of(reader.opened(reader.records(person)))
    assert (told.number, told.name, told.birth) == (right, "韦秀英", "1991-02-03")
    with home.entry(home.root) as entry:
        entry.write(
            Person.register(
                entry.act, new_person(), Particulars("黄大山", DocumentKind.CITIZEN_NUMBER, wrong)
            )
        )


def test_a_correction_of_what_has_moved_on_takes_no_claim_back(home: World) -> None:
    here, there = home.union("纳合村工会"), home.union("长江路社区工会")
    person = home.worker()
    membership = home.enrol(person, here)
    with home.entry(here, Office.LIAISON) as entry:
        offer = procedures.offer(entry, membership, there, TransferReason.CHANGED_EMPLOYER)
    with home.entry(there, Office.LIAISON) as entry:
        procedures.accept(entry, membership, offer)

    with home.entry(here, Office.APPROVER) as entry:
        procedures.correct(
            entry, position_of(home, membership, "MemberEnrolled"), {"card": Code("A1")},
            Why.MISTYPED, "补卡号",
        )  # fmt: skip

    with home.ledger.reading() as reader:
        held = reader.holder(AlreadyAMember, person)
    assert held is not None
    assert held[0] == position_of(home, membership, "MembershipReceived")


def test_a_roster_for_the_wrong_union_is_annulled_in_one_act(home: World) -> None:
    village, right = home.union("纳合村工会"), home.union("纳立村工会")
    people = [home.worker() for _ in range(4)]
    wrong = [home.enrol(person, village) for person in people]
    with home.entry(village, Office.LIAISON) as entry:
        procedures.offer(entry, wrong[3], right, TransferReason.CHANGED_EMPLOYER)

    with home.entry(village, Office.APPROVER) as entry:
        listed = procedures.annul_roster(entry, wrong, Why.WRONG_UNION, "名单报错村")

    assert listed.done == wrong[:3]
    assert isinstance(listed.refused[wrong[3]], OthersRelyOnIt)
    assert own_kinds(home)[-6:] == ["FactAnnulled"] * 6
    for person, membership in zip(people[:3], wrong[:3], strict=True):
        assert get(home, membership).holder is None
        assert not claims(home, person)
        assert get(home, home.enrol(person, right)).union == right
    rebuilt(home)


def test_only_whom_the_office_belongs_to_corrects(home: World) -> None:
    village, other = home.union("纳合村工会"), home.union("纳立村工会")
    membership = home.enrol(home.worker(), village)

    with pytest.raises(Refused), home.entry(other, Office.APPROVER) as entry:
        procedures.annul(entry, position_of(home, membership, "MemberEnrolled"), Why.NOT_SO, "别村")
    with pytest.raises(NotYourOffice), home.entry(village, Office.AUDITOR) as entry:
        procedures.annul(entry, position_of(home, membership, "MemberEnrolled"), Why.NOT_SO, "经审")


def test_an_exit_is_not_annulled_where_she_has_joined_elsewhere_since(home: World) -> None:
    village, other = home.union("纳合村工会"), home.union("纳立村工会")
    people = [home.worker(), home.worker()]
    first = [home.enrol(person, village) for person in people]
    for membership in first:
        with home.entry(village, Office.APPROVER) as entry:
            entry.write(*entry.read(Membership, membership).leave(entry.act, Card.NONE))
    home.enrol(people[0], other)

    left = [position_of(home, membership, "MemberLeft") for membership in first]
    with pytest.raises(AlreadyAMember), home.entry(village, Office.CHAIR) as entry:
        procedures.annul(entry, left[0], Why.NOT_SO, "误登")
    with home.entry(village, Office.CHAIR) as entry:
        procedures.annul(entry, left[1], Why.NOT_SO, "误登")

    assert [get(home, membership).state for membership in first] == [State.ENDED, State.MEMBER]


def test_a_union_of_another_journal_does_not_hold_what_ours_says_that_it_does(pair: Pair) -> None:
    person, membership = pair.member("韦秀英")
    at = position_of(pair.home, membership, "MemberEnrolled")
    with pair.home.entry(pair.village) as entry:  # as a journal may have it from earlier
        [(_, fact)] = entry.facts_at([(pair.home.origin, at)])
        assert isinstance(fact.event, MemberEnrolled)
        stream, kind = StreamId(membership), Code("MemberEnrolled")
        entry.write(FactCorrected(stream, at, kind, person, Why.WRONG_UNION, reason="错"))
        entry.write(replace(fact.event, union=pair.street), corrects=at)
    with pair.home.entry(pair.village, Office.LIAISON) as entry:
        procedures.share(entry, person, pair.host.origin, BASIS, Cause.MATCH)
    pair.sync()

    with pytest.raises(NotTheHolder), pair.host.entry(pair.street, Office.APPROVER) as entry:
        entry.write(*entry.read(Membership, membership).leave(entry.act, Card.NONE))


def test_nobody_approves_the_application_of_her_other_record_or_of_its_kin(home: World) -> None:
    village = home.union("纳合村工会")
    approver = home.officer(village, Office.APPROVER)
    own, husband, theirs = home.worker(), home.worker(), home.worker()
    home.link(approver, own)
    home.link(husband, theirs)
    house = new_household()
    with home.entry(home.root) as entry:
        entry.write(*Household.open(entry.act, house, husband))
    with home.entry(home.root) as entry:
        entry.write(entry.read(Household, house).join(entry.act, house, approver, Relation.SPOUSE))

    for person, rule in ((own, ApproverIsApplicant), (theirs, ApproverIsKin)):
        applied = home.apply(person, village)
        with pytest.raises(rule), home.entry(village, Office.APPROVER) as entry:
            procedures.approve(entry, applied)


# ── by the clock ─────────────────────────────────────────────────────────────────────────────


def test_while_a_node_runs_late_offers_lapse_by_themselves(pair: Pair) -> None:
    _, membership = pair.member("韦秀英")
    offer = pair.offer(membership)
    pair.home.time.to(date(2026, 12, 1))
    daily = Daily([pair.home.ledger], every=0.05)

    daily.start()
    try:
        deadline = time.monotonic() + 20
        while get(pair.home, membership).offers[offer].outcome is None:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        daily.stop()

    assert get(pair.home, membership).offers[offer].outcome is Outcome.LAPSED
    assert get(pair.home, membership).union == pair.village
