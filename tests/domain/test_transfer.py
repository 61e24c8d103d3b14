"""Transfer: one answer and one outcome an offer, one holder at every instant.

Every state that two provinces can get into is searched in `test_custody.py`.
"""

from datetime import date
from itertools import permutations
from typing import Any

import pytest

from ledger.domain.ids import ImportId, MembershipId, PersonId, TransferId, UnionId
from ledger.domain.kernel import Act, Claim, Code, Decision, Event, Fact, Office, Release
from ledger.domain.membership import (
    AcceptanceVoided,
    AcceptedBeforeOffered,
    AlreadyAMember,
    AnswerKnown,
    AnswerNotDue,
    Card,
    DeadlinePassed,
    DeadlineTooSoon,
    EscalationCause,
    Ground,
    GroundNeedsReason,
    Holder,
    MemberLeft,
    Membership,
    MembershipLoaded,
    MembershipReceived,
    MembershipReleased,
    NoSuchOffer,
    NoSuchRequest,
    NotAddressedToYou,
    NotAMember,
    NotAskedOfYou,
    NothingEscalated,
    NotTheHolder,
    NotYourRequest,
    OfferAnswered,
    OfferOpen,
    OfferState,
    OfferToItself,
    Outcome,
    OutcomeGiven,
    Proof,
    RefusalGround,
    RefusalNeedsReason,
    RequestClosing,
    RequestDecided,
    RequestOpen,
    RequestState,
    Retention,
    Ruling,
    State,
    TransferAccepted,
    TransferLapsed,
    TransferOffered,
    TransferReason,
    TransferRequest,
    TransferRequested,
    TransferReturned,
    TransferWithdrawn,
    WithdrawReason,
)

MEM, OTHER_MEM = MembershipId("mem_1"), MembershipId("mem_2")
WEI = PersonId("per_wei")
LIAISON = PersonId("per_liaison")
HECHI, SHUNDE, STREET, PROVINCE = (
    UnionId(f"uni_{n}") for n in ("hechi", "shunde", "street", "province")
)
OFFER = TransferId("trf_1")
GX, GD = Code("gx.example/liangdi"), Code("gd.example/liangdi")
LONG_AGO = date(2015, 6, 1)
MONDAY, WEDNESDAY, DEADLINE, AFTER = (date(2026, 3, day) for day in (2, 4, 16, 17))


def act(union: UnionId, on: date = MONDAY, today: date | None = None, **more: Any) -> Act:
    return Act(LIAISON, union, Office.LIAISON, on, today or on, **more)


def on_paper(union: UnionId, on: date = MONDAY) -> Act:
    return act(union, on, decided_by=Decision(union, Office.APPROVER))


LOADED = Fact(MembershipLoaded(MEM, WEI, HECHI, LONG_AGO, Proof.CARD), LONG_AGO, GX, 1)


def member() -> Membership:
    return Membership.of([LOADED])


def then(membership: Membership, event: Event | None, on: date, origin: str) -> Membership:
    assert event is not None
    membership.after(Fact(event, on, origin))
    return membership


def offered() -> Membership:
    """A member of the home union, offered on Monday."""
    event = member().offer_to(
        act(HECHI), OFFER, SHUNDE, GD, DEADLINE, TransferReason.WORKS_THERE, "到顺德务工"
    )
    return then(member(), event, MONDAY, GX)


def accepted() -> Membership:
    """… and accepted on Wednesday."""
    event = offered().accept(act(SHUNDE, WEDNESDAY), OFFER, SHUNDE, employer="荣光家具")
    return then(offered(), event, WEDNESDAY, GD)


def released() -> Membership:
    """… and released."""
    return then(accepted(), accepted().conclude(OFFER, GX), WEDNESDAY, GX)


def who(membership: Membership, on: date) -> UnionId | None:
    holder = membership.responsible(on)
    return holder.union if holder else None


# ── the way it should go ──


def test_a_membership_moves_by_offer_acceptance_and_release():
    membership = released()

    received = membership.receive(OFFER, GD)

    assert isinstance(received, MembershipReceived)
    assert (received.since, received.moves, received.beside) == (LONG_AGO, 1, None)
    then(membership, received, WEDNESDAY, GD)
    assert membership.holder == Holder(SHUNDE, GD)
    assert membership.offers[OFFER].state is OfferState.RECEIVED
    assert (membership.state, membership.since) == (State.MEMBER, LONG_AGO)
    assert membership.employer == "荣光家具"


def test_until_the_release_the_origin_answers_and_from_the_acceptance_the_receiver_serves():
    waiting, done = accepted(), released()

    assert (who(waiting, WEDNESDAY), waiting.serving(WEDNESDAY)) == (HECHI, SHUNDE)
    assert waiting.state is State.ACCEPTED
    assert (who(done, date(2026, 3, 3)), who(done, WEDNESDAY)) == (HECHI, SHUNDE)


def test_claims_are_one_answer_one_outcome_and_one_membership():
    membership = released()
    answer = offered().accept(act(SHUNDE), OFFER, SHUNDE)
    release = accepted().conclude(OFFER, GX)
    receipt = membership.receive(OFFER, GD)

    assert release is not None
    assert receipt is not None
    assert list(answer.takes()) == [Claim(OfferAnswered, OFFER)]
    assert list(release.takes()) == [Claim(OutcomeGiven, OFFER)]
    assert list(release.frees()) == [Release(AlreadyAMember)]
    assert list(receipt.takes()) == [Claim(AlreadyAMember, WEI)]


def test_within_one_journal_the_same_steps_stand_in_one_entry():
    membership = member()
    offer = membership.offer_to(
        act(HECHI), OFFER, STREET, GX, DEADLINE, TransferReason.NO_UNION_THERE
    )
    then(membership, offer, MONDAY, GX)
    then(membership, membership.accept(act(STREET), OFFER, STREET), MONDAY, GX)
    then(membership, membership.conclude(OFFER, GX), MONDAY, GX)
    then(membership, membership.receive(OFFER, GX), MONDAY, GX)

    assert membership.holder == Holder(STREET, GX)
    assert who(membership, date(2026, 3, 1)) == HECHI


def test_a_group_is_handed_over_with_each_worker_acknowledged():
    roster = ImportId("imp_1")

    offer = member().offer_to(
        act(HECHI), OFFER, SHUNDE, GD, DEADLINE, TransferReason.HANDOVER, handover=roster
    )

    assert offer.handover == roster


def test_a_union_below_the_one_addressed_may_take_in():
    membership = offered()

    event = membership.accept(act(STREET), OFFER, STREET, line=(STREET, SHUNDE))
    then(membership, event, MONDAY, GD)
    then(membership, membership.conclude(OFFER, GX), MONDAY, GX)

    assert membership.union == STREET


# ── the other ways ──


def test_a_declined_offer_returns_and_the_worker_stays_a_member():
    membership = offered()
    no = membership.decline_offer(
        act(SHUNDE), OFFER, SHUNDE, Ground.NO_WORK_RELATION, follow_up=AFTER
    )
    then(membership, no, MONDAY, GD)
    assert membership.serving(MONDAY) == HECHI

    returned = membership.conclude(OFFER, GX)

    assert isinstance(returned, TransferReturned)
    then(membership, returned, MONDAY, GX)
    assert (membership.state, membership.union) == (State.MEMBER, HECHI)
    assert membership.offers[OFFER].state is OfferState.RETURNED
    assert membership.offers[OFFER].follow_up == AFTER


def test_an_offer_that_nobody_answers_lapses_after_its_deadline_and_not_before():
    membership = offered()

    assert membership.lapse(OFFER, GX, DEADLINE) is None
    lapsed = membership.lapse(OFFER, GX, AFTER)

    assert isinstance(lapsed, TransferLapsed)
    assert then(membership, lapsed, AFTER, GX).state is State.MEMBER
    assert accepted().lapse(OFFER, GX, AFTER) is None


def test_an_acceptance_that_meets_a_lapse_is_void_and_the_worker_may_be_offered_again():
    membership = accepted()
    then(membership, TransferLapsed(MEM, OFFER, WEI, HECHI), AFTER, GX)

    void = membership.void(OFFER, GD)

    assert isinstance(void, AcceptanceVoided)
    assert void.outcome is Outcome.LAPSED
    then(membership, void, AFTER, GD)
    assert membership.void(OFFER, GD) is None
    assert membership.conclude(OFFER, GX) is None
    assert membership.serving(WEDNESDAY) == SHUNDE
    assert membership.serving(AFTER) == HECHI
    assert membership.offer_to(
        act(HECHI, AFTER), TransferId("trf_2"), SHUNDE, GD, date(2026, 3, 31),
        TransferReason.WORKS_THERE,
    )  # fmt: skip


def test_the_holder_takes_an_offer_back_while_nothing_is_answered():
    event = offered().withdraw(act(HECHI), OFFER, WithdrawReason.WORKER_STAYS)

    assert then(offered(), event, MONDAY, GX).offers[OFFER].state is OfferState.WITHDRAWN
    with pytest.raises(AnswerKnown):
        accepted().withdraw(act(HECHI), OFFER, WithdrawReason.WORKER_STAYS)


def test_the_receiver_holds_even_if_it_has_lost_its_own_acceptance():
    release = accepted().conclude(OFFER, GX)
    restored = then(offered(), release, WEDNESDAY, GX)

    assert isinstance(restored.receive(OFFER, GD), MembershipReceived)


def test_each_side_writes_only_what_is_its_own_to_write():
    lapsed = then(accepted(), TransferLapsed(MEM, OFFER, WEI, HECHI), AFTER, GX)

    assert accepted().conclude(OFFER, GD) is None
    assert offered().lapse(OFFER, GD, AFTER) is None
    assert released().receive(OFFER, GX) is None
    assert lapsed.void(OFFER, GX) is None


def test_who_is_already_a_member_at_the_receiver_is_received_and_found_twice():
    event = released().receive(OFFER, GD, beside=OTHER_MEM)

    assert event is not None
    assert list(event.takes()) == []
    assert event.findings == (Code("AlreadyAMember"),)


def test_an_enrolment_that_was_annulled_leaves_nothing_to_release():
    offer, yes = offered(), accepted()
    facts = [
        Fact(
            TransferOffered(
                MEM, OFFER, WEI, HECHI, SHUNDE, GD, DEADLINE, TransferReason.WORKS_THERE
            ),
            MONDAY,
            GX,
        ),
        Fact(TransferAccepted(MEM, OFFER, WEI, SHUNDE, HECHI), WEDNESDAY, GD),
    ]

    withdrawn = Membership.of(facts).conclude(OFFER, GX)

    assert isinstance(withdrawn, TransferWithdrawn)
    assert withdrawn.reason is WithdrawReason.ANNULLED
    assert (offer.holder, yes.holder) == (Holder(HECHI, GX), Holder(HECHI, GX))


# ── what is refused ──


def offer_again(
    membership: Membership,
    by: UnionId = HECHI,
    to: UnionId = STREET,
    deadline: date = DEADLINE,
    offer: str = "trf_2",
) -> TransferOffered:
    return membership.offer_to(
        act(by), TransferId(offer), to, GD, deadline, TransferReason.WORKS_THERE
    )


def test_an_open_offer_bars_a_second_offer_and_leaving():
    with pytest.raises(OfferOpen):
        offer_again(offered())
    with pytest.raises(OfferOpen):
        offered().leave(act(HECHI), Card.NONE)
    with pytest.raises(OfferOpen):
        offered().expel(act(HECHI), Card.NONE, minutes=Code("纪要"))


def test_an_exit_decided_on_paper_takes_the_offer_back_in_the_same_entry():
    withdrawn, left = offered().leave(on_paper(HECHI), Card.NONE)

    assert isinstance(withdrawn, TransferWithdrawn)
    assert isinstance(left, MemberLeft)
    assert (withdrawn.reason, left.findings) == (WithdrawReason.LEFT, (Code("OfferOpen"),))
    with pytest.raises(OfferOpen):
        accepted().leave(on_paper(HECHI), Card.NONE)


def test_a_death_takes_the_offer_back_and_a_dissolution_leaves_it_open():
    withdrawn, _ = offered().end_by_death(act(HECHI))
    kept = offered().retain(
        act(PROVINCE), Retention.UNION_DISSOLVED, Card.KEPT, PROVINCE, line=(HECHI, PROVINCE)
    )

    assert isinstance(withdrawn, TransferWithdrawn)
    dissolved = then(offered(), kept, MONDAY, GX)
    assert dissolved.offer is not None
    then(dissolved, dissolved.accept(act(SHUNDE), OFFER, SHUNDE), WEDNESDAY, GD)
    assert then(dissolved, dissolved.conclude(OFFER, GX), WEDNESDAY, GX).union == SHUNDE


def test_only_the_holder_offers_and_to_another_union_in_time():
    with pytest.raises(NotTheHolder):
        offer_again(member(), by=SHUNDE)
    with pytest.raises(NotAMember):
        offer_again(Membership())
    with pytest.raises(OfferToItself):
        offer_again(member(), to=HECHI)
    with pytest.raises(DeadlineTooSoon):
        offer_again(member(), deadline=MONDAY)
    with pytest.raises(NoSuchOffer):
        offer_again(then(offered(), TransferLapsed(MEM, OFFER, WEI, HECHI), AFTER, GX), offer=OFFER)


def test_an_offer_has_one_answer():
    with pytest.raises(OfferAnswered):
        accepted().accept(act(SHUNDE, WEDNESDAY), OFFER, SHUNDE)
    with pytest.raises(OfferAnswered):
        accepted().decline_offer(act(SHUNDE, WEDNESDAY), OFFER, SHUNDE, Ground.NOT_FOUND)


def test_only_whom_an_offer_is_sent_to_answers_it_and_while_it_stands():
    with pytest.raises(NotAddressedToYou):
        offered().accept(act(STREET), OFFER, STREET)
    with pytest.raises(NotAddressedToYou):
        offered().accept(act(PROVINCE), OFFER, SHUNDE)
    with pytest.raises(NoSuchOffer):
        released().accept(act(SHUNDE), OFFER, SHUNDE)
    with pytest.raises(NotAMember):
        Membership().accept(act(SHUNDE), OFFER, SHUNDE)


def test_acceptance_comes_between_the_offer_and_its_deadline():
    with pytest.raises(DeadlinePassed):
        offered().accept(act(SHUNDE, AFTER), OFFER, SHUNDE)
    with pytest.raises(AcceptedBeforeOffered):
        offered().accept(act(SHUNDE, date(2026, 3, 1)), OFFER, SHUNDE)

    assert offered().accept(act(SHUNDE, DEADLINE, AFTER), OFFER, SHUNDE)


def test_no_union_at_the_employer_is_no_ground_and_another_ground_takes_a_reason():
    assert not any("union" in ground.value for ground in Ground)
    with pytest.raises(GroundNeedsReason):
        offered().decline_offer(act(SHUNDE), OFFER, SHUNDE, Ground.OTHER)

    assert offered().decline_offer(act(SHUNDE), OFFER, SHUNDE, Ground.OTHER, "另有隐情")


# ── the superior ──


def test_what_is_stuck_goes_to_the_superior_who_answers():
    membership = offered()
    up = membership.escalate(act(HECHI), OFFER, PROVINCE, EscalationCause.UNANSWERED)
    then(membership, up, MONDAY, GX)

    answer = membership.rule(act(PROVINCE), OFFER, Ruling.TO_BE_ACCEPTED)

    assert then(membership, answer, MONDAY, GX).offers[OFFER].ruling is Ruling.TO_BE_ACCEPTED
    with pytest.raises(NothingEscalated):
        membership.rule(act(SHUNDE), OFFER, Ruling.DEALT_WITH)
    for decide in (
        lambda: member().escalate(act(HECHI), OFFER, PROVINCE, EscalationCause.DISAGREED),
        lambda: member().rule(act(PROVINCE), OFFER, Ruling.DEALT_WITH),
    ):
        with pytest.raises(NoSuchOffer):
            decide()


# ── the receiver asks ──

ASKED = TransferRequested(OFFER, WEI, SHUNDE, HECHI, GX, DEADLINE, Proof.CARD, MEM)


def request(*events: Event) -> TransferRequest:
    return TransferRequest.told(ASKED, *events, on=MONDAY)


def test_a_request_is_answered_by_an_offer_of_the_same_id():
    asked = TransferRequest.ask(
        act(SHUNDE), OFFER, WEI, HECHI, GX, DEADLINE, Proof.CARD, membership=MEM
    )
    answer = request().answer(act(HECHI), MEM, HECHI)
    offer = member().offer_to(
        act(HECHI), answer.request, SHUNDE, GD, DEADLINE, TransferReason.REQUESTED
    )

    assert asked == ASKED
    assert list(asked.takes()) == [Claim(RequestOpen, f"{WEI} {SHUNDE}")]
    assert offer.offer == OFFER
    assert request(answer).state is RequestState.ANSWERED


def test_a_request_has_one_answer_by_the_union_that_was_asked():
    refused = request().refuse(act(HECHI), RefusalGround.MOVED_ON)

    assert request(refused).state is RequestState.REFUSED
    with pytest.raises(RequestDecided):
        request(refused).answer(act(HECHI), MEM, HECHI)
    with pytest.raises(NotAskedOfYou):
        request().refuse(act(STREET), RefusalGround.MOVED_ON)
    with pytest.raises(NotAskedOfYou):
        request().answer(act(STREET), MEM, HECHI)
    with pytest.raises(RefusalNeedsReason):
        request().refuse(act(HECHI), RefusalGround.OTHER)


def test_an_unanswered_request_goes_up_and_the_worker_is_served_meanwhile():
    late = act(SHUNDE, AFTER)
    with pytest.raises(AnswerNotDue):
        request().escalate(act(SHUNDE), PROVINCE, serves=True)

    asked = request(request().escalate(late, PROVINCE, serves=True))

    assert (asked.overdue(DEADLINE), asked.overdue(AFTER)) == (False, True)
    assert (asked.escalated_to, asked.serving(MONDAY)) == (PROVINCE, SHUNDE)
    asked.after(Fact(asked.close(late, RequestClosing.WORKER_GONE), AFTER))
    assert asked.serving(AFTER) is None


def test_a_request_is_escalated_and_closed_by_who_asked_while_it_is_open():
    closed = request(request().close(act(SHUNDE), RequestClosing.MISTAKEN))

    assert closed.state is RequestState.CLOSED
    with pytest.raises(NoSuchRequest):
        closed.close(act(SHUNDE), RequestClosing.MISTAKEN)
    with pytest.raises(NoSuchRequest):
        TransferRequest().answer(act(HECHI), MEM, HECHI)
    with pytest.raises(NotYourRequest):
        request().close(act(HECHI), RequestClosing.MISTAKEN)


# ── whatever order the news comes in ──


def test_the_same_facts_tell_the_same_holder_in_any_order():
    second = TransferId("trf_2")
    facts = [
        LOADED,
        Fact(TransferAccepted(MEM, OFFER, WEI, SHUNDE, HECHI), WEDNESDAY, GD),
        Fact(MembershipReleased(MEM, OFFER, WEI, HECHI, SHUNDE, GD, LONG_AGO, 1), WEDNESDAY, GX),
        Fact(MembershipReceived(MEM, OFFER, WEI, SHUNDE, HECHI, LONG_AGO, 1), WEDNESDAY, GD),
        Fact(TransferAccepted(MEM, second, WEI, HECHI, SHUNDE), AFTER, GX),
        Fact(MembershipReleased(MEM, second, WEI, SHUNDE, HECHI, GX, LONG_AGO, 2), AFTER, GD),
    ]

    told = [Membership.of(order) for order in permutations(facts)]

    assert {one.holder for one in told} == {Holder(HECHI, GX)}
    assert {one.since for one in told} == {LONG_AGO}
    assert {who(one, WEDNESDAY) for one in told} == {SHUNDE}
    assert {who(one, AFTER) for one in told} == {HECHI}
