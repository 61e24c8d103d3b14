"""Corrections: the old stays visible, the new stands in its place, a second person for identity."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain import channels
from ledger.domain.aid import AidApproved, AidListClosed, ObjectionAnswered, PaymentMade
from ledger.domain.aiding import PayMode
from ledger.domain.corrections import (
    FINAL,
    FOUNDING,
    NEXT,
    RESTS_ON,
    AlreadyAnnulled,
    AlreadyCorrected,
    AnotherThing,
    Disagreement,
    FactAnnulled,
    FactCorrected,
    NothingToCorrect,
    NotThePartners,
    OnlyTheRecorderCorrects,
    OthersRelyOnIt,
    PartnerFactAccepted,
    PartnerFactAnnotated,
    PartnerFactDisputed,
    ReasonMissing,
    SecondPersonConfirms,
    Why,
    accept_partners,
    annotate_partners,
    annul,
    correct,
    dependents,
    dispute_partners,
    needs_second,
    person_of,
    stream_of,
)
from ledger.domain.funds import (
    BackCause,
    CostDrawn,
    FundCredited,
    FundOpened,
    MoneyDrawn,
    MoneyReserved,
    MoneyReturned,
    Source,
)
from ledger.domain.identity import DocumentKind
from ledger.domain.ids import (
    AidListId,
    FundId,
    GrantId,
    TransferId,
    UnionId,
    new_membership,
    new_person,
    new_transfer,
    new_union,
    officer_of,
)
from ledger.domain.kernel import Act, Code, Event, Fact, Fen, Office, StreamId, standing
from ledger.domain.membership import (
    ApplicationExamined,
    Card,
    Channel,
    Confirmed,
    MemberEnrolled,
    MemberLeft,
    Membership,
    MembershipApplied,
    MembershipReleased,
    TransferAccepted,
    TransferOffered,
    TransferReason,
)
from ledger.domain.offices import OfficerAppointed
from ledger.domain.persons import ContactChanged, Person, PersonRegistered, PersonRenamed
from ledger.journal import codec
from tools.docs import know_everything

WEI, LAN, CLERK, CHECKER = (new_person() for _ in range(4))
MEM, OTHER_MEM = new_membership(), new_membership()
VILLAGE, COUNTY, SHUNDE = (new_union() for _ in range(3))
OFFER: TransferId = new_transfer()
GX, GD = "gx.example/liangdi", "gd.example/liangdi"
TODAY, EARLIER = date(2026, 3, 10), date(2026, 3, 1)
ACT = Act(CLERK, VILLAGE, Office.CLERK, TODAY, TODAY)
LINE = (VILLAGE, COUNTY)


def fact(event: Event, position: int, origin: str = GX, **more: Any) -> Fact:
    return Fact(event, EARLIER, origin, position, union=VILLAGE, **more)


REGISTERED = fact(PersonRegistered(WEI, DocumentKind.PASSPORT, name="王强"), 1)
APPLIED = fact(
    MembershipApplied(MEM, WEI, VILLAGE, Channel.VILLAGE, True, Confirmed.LIST, "荣光家具"), 2
)
ENROLLED = fact(MemberEnrolled(MEM, WEI, VILLAGE, Channel.VILLAGE), 3)
OFFERED = fact(
    TransferOffered(MEM, OFFER, WEI, VILLAGE, SHUNDE, Code(GD), TODAY, TransferReason.WORKS_THERE),
    4,
)
ACCEPTED = fact(TransferAccepted(MEM, OFFER, WEI, SHUNDE, VILLAGE), 1, GD)
RELEASED = fact(MembershipReleased(MEM, OFFER, WEI, VILLAGE, SHUNDE, Code(GD), EARLIER, 1), 5)
HISTORY = (APPLIED, ENROLLED, OFFERED, ACCEPTED, RELEASED)


def corrected(
    old: Fact = APPLIED, new: Event | None = None, act: Act = ACT, **more: Any
):  # fmt: skip
    given: dict[str, Any] = {
        "origin": GX, "line": LINE, "why": Why.MISTYPED, "reason": "单位写错了", "history": HISTORY,
    } | more  # fmt: skip
    fixed = new or replace(APPLIED.event, employer="荣光木业")  # pyright: ignore[reportArgumentType]
    return correct(act, old, fixed, **given)


def annulled(old: Fact = APPLIED, act: Act = ACT, **more: Any) -> FactAnnulled:
    given: dict[str, Any] = {
        "origin": GX, "line": LINE, "why": Why.WRONG_UNION, "reason": "名单报错工会",
        "history": HISTORY,
    } | more  # fmt: skip
    return annul(act, old, **given)


# ── corrected, annulled ──


def test_a_correction_is_two_records_and_the_second_stands_in_the_place_of_the_old():
    made = corrected()

    assert made.head == FactCorrected(
        stream_of(APPLIED.event), 2, Code("MembershipApplied"), WEI, Why.MISTYPED,
        reason="单位写错了",
    )  # fmt: skip
    after = [
        APPLIED, ENROLLED, fact(made.head, 6), fact(made.replacement, 7, corrects=made.corrects)
    ]  # fmt: skip
    assert Membership.of(after).employer == "荣光木业"
    assert Membership.of(after).union == VILLAGE


def test_only_the_date_may_be_what_was_wrong():
    made = corrected(ENROLLED, ENROLLED.event, ACT.effective(date(2026, 2, 1)))

    after = [APPLIED, ENROLLED, replace(fact(made.replacement, 6, corrects=3), on=date(2026, 2, 1))]
    assert Membership.of(after).since == date(2026, 2, 1)


def test_an_annulment_is_one_record_and_nothing_stands_in_the_place_of_the_old():
    gone = annulled(ENROLLED)

    history = [APPLIED, ENROLLED, fact(gone, 6, corrects=gone.position)]

    assert ENROLLED not in standing(history)
    assert Membership.of(history).holder is None


def test_a_fact_that_concerns_nobody_is_corrected_with_a_public_note():
    nobody = fact(channels.PartnerRead(Code(GD), 1, 2, Code("ab")), 8)

    event = annotate_partners(ACT, replace(nobody, origin=GD), "见来函", origin=GX)

    assert (event.opinion, event.note, event.person) == ("", "见来函", None)


# ── what is refused ──


def test_only_who_recorded_corrects_or_a_union_above():
    assert annulled(act=replace(ACT, union=COUNTY))
    for old, act in [(ACCEPTED, ACT), (APPLIED, replace(ACT, union=SHUNDE))]:
        with pytest.raises(OnlyTheRecorderCorrects):
            annulled(old, act)
        with pytest.raises(OnlyTheRecorderCorrects):
            corrected(old, None, act)


def test_identity_takes_a_second_person_who_is_somebody_else():
    renamed = PersonRegistered(WEI, DocumentKind.PASSPORT, name="王强强")

    for second in (None, CLERK, WEI):
        with pytest.raises(SecondPersonConfirms):
            corrected(REGISTERED, renamed, history=(REGISTERED,), confirmed_by=second)

    made = corrected(REGISTERED, renamed, history=(REGISTERED,), confirmed_by=CHECKER)
    after = [REGISTERED, fact(made.replacement, 2, corrects=1)]
    assert Person.of(after).name == "王强强"


def test_identity_is_known_by_what_an_event_seals():
    assert needs_second(PersonRegistered)
    assert needs_second(PersonRenamed)
    assert not needs_second(ContactChanged)
    assert not needs_second(MemberEnrolled)


def test_a_correction_changes_something_and_says_why():
    with pytest.raises(NothingToCorrect):
        corrected(new=APPLIED.event, act=ACT.effective(EARLIER))
    with pytest.raises(ReasonMissing):
        corrected(reason=" ")
    with pytest.raises(ReasonMissing):
        annulled(reason="")


@pytest.mark.parametrize(
    "other",
    [
        ENROLLED.event,
        MembershipApplied(MEM, LAN, VILLAGE, Channel.VILLAGE, True, Confirmed.LIST),
        MembershipApplied(OTHER_MEM, WEI, VILLAGE, Channel.VILLAGE, True, Confirmed.LIST),
    ],
)
def test_a_replacement_is_of_the_same_kind_about_the_same_thing_and_person(other: Event):
    with pytest.raises(AnotherThing):
        corrected(new=other)


def test_what_no_longer_stands_is_not_corrected_again():
    gone = (*HISTORY, fact(annulled(), 6, corrects=2))
    fixed = (*HISTORY, fact(corrected().replacement, 7, corrects=2))

    with pytest.raises(AlreadyAnnulled):
        annulled(history=gone)
    with pytest.raises(AlreadyCorrected):
        corrected(history=fixed)
    assert annulled(fixed[-1], history=fixed).position == 7


def test_what_moved_a_membership_is_never_annulled_and_only_its_date_or_words_corrected():
    moved = replace(RELEASED.event, to_union=COUNTY)  # pyright: ignore[reportArgumentType]

    with pytest.raises(OthersRelyOnIt):
        annulled(RELEASED)
    with pytest.raises(OthersRelyOnIt):
        corrected(RELEASED, moved)
    made = corrected(RELEASED, RELEASED.event, ACT.effective(date(2026, 3, 2)))
    assert made.replacement == RELEASED.event


APPROVED = AidApproved(
    GrantId("grt_a"), WEI, Fen(3000_00), FundId("fnd_a"), Code("x"), Code("纪要1"),
    review_by=TODAY, findings=(Code("MinutesMissing"),),
)  # fmt: skip


@pytest.mark.parametrize(
    ("event", "changes"),
    [
        (APPROVED, {"amount": Fen(5900_00)}),
        (APPROVED, {"fund": FundId("fnd_b")}),
        (APPROVED, {"content": Code("y")}),
        (APPROVED, {"review_by": None}),
        (APPROVED, {"acting_for": LAN}),
        (APPROVED, {"findings": ()}),
        (ObjectionAnswered(GrantId("grt_a"), WEI, 1, True), {"upheld": False}),
        (MoneyReserved(FundId("fnd_a"), GrantId("grt_a"), Fen(1)), {"amount": Fen(2)}),
        (FundOpened(FundId("fnd_a"), VILLAGE, "互助", Source.OWN), {"joint": Code("联1")}),
        (FundOpened(FundId("fnd_a"), VILLAGE, "互助", Source.OWN), {"keeper": SHUNDE}),
        (ENROLLED.event, {"union": SHUNDE}),
        (APPLIED.event, {"union": SHUNDE}),
        (ApplicationExamined(MEM, WEI, VILLAGE, False), {"fit": True}),
        (
            OfficerAppointed(officer_of(CLERK), CLERK, VILLAGE, Office.CLERK, TODAY),
            {"office": Office.APPROVER},
        ),
    ],
)
def test_what_was_decided_and_whose_it_is_are_not_corrected_but_recorded_anew(
    event: Any, changes: dict[str, Any]
) -> None:
    with pytest.raises(AnotherThing):
        corrected(fact(event, 9), replace(event, **changes), confirmed_by=CHECKER)


def test_of_a_decision_its_date_its_papers_and_its_texts_are_corrected() -> None:
    other = replace(APPROVED, minutes=Code("纪要11"), opinion="同意")

    made = corrected(fact(APPROVED, 9), other, ACT.effective(EARLIER), confirmed_by=CHECKER)

    assert made.replacement == other


# ── the partner's facts ──


def test_the_partners_facts_are_accepted_disputed_or_annotated():
    pointer = (stream_of(ACCEPTED.event), Code(GD), 1, Code("TransferAccepted"), WEI)

    assert accept_partners(ACT, ACCEPTED, origin=GX) == PartnerFactAccepted(*pointer)
    assert dispute_partners(
        ACT, ACCEPTED, Disagreement.DATE_DIFFERS, "应为三日", origin=GX
    ) == PartnerFactDisputed(*pointer, Disagreement.DATE_DIFFERS, "应为三日")
    assert annotate_partners(ACT, ACCEPTED, "见来函", origin=GX) == PartnerFactAnnotated(
        *pointer, "见来函"
    )


def test_our_own_facts_are_corrected_and_not_disputed():
    tries: list[Callable[[], object]] = [
        lambda: accept_partners(ACT, APPLIED, origin=GX),
        lambda: dispute_partners(ACT, APPLIED, Disagreement.NOT_SO, "不对", origin=GX),
        lambda: annotate_partners(ACT, APPLIED, "批注", origin=GX),
    ]

    for attempt in tries:
        with pytest.raises(NotThePartners):
            attempt()


def test_a_dispute_says_what_is_wrong():
    with pytest.raises(ReasonMissing):
        dispute_partners(ACT, ACCEPTED, Disagreement.NOT_SO, " ", origin=GX)
    with pytest.raises(ReasonMissing):
        annotate_partners(ACT, ACCEPTED, "", origin=GX)


# ── what rests on a fact ──


def test_what_rests_on_an_enrolment_is_listed_each_with_its_next_act():
    found = dependents(ENROLLED, [OFFERED, ACCEPTED, RELEASED])

    assert [one.fact for one in found] == [OFFERED, ACCEPTED, RELEASED]
    assert found[0].zh == "未答复的撤回；已转出的请对方转回"
    assert found[2].en == "Have the holder transfer it back"


def test_what_is_of_another_membership_or_no_longer_stands_rests_on_nothing():
    other = fact(MemberLeft(OTHER_MEM, WEI, VILLAGE, Card.NONE), 6)
    left = fact(MemberLeft(MEM, WEI, VILLAGE, Card.NONE), 7)
    undone = fact(annulled(left, history=(left,)), 8, corrects=7)

    assert dependents(ENROLLED, [other, left, undone]) == []
    assert [one.fact for one in dependents(ENROLLED, [other, left])] == [left]


def test_everything_that_mentions_a_person_rests_on_the_registration():
    renamed = fact(PersonRenamed(WEI, "王兰"), 9)
    someone = fact(ContactChanged(LAN, "1"), 10)

    found = dependents(REGISTERED, [APPLIED, ENROLLED, renamed, someone])

    assert [one.fact for one in found] == [APPLIED, ENROLLED, renamed]
    assert dependents(renamed, [APPLIED, ENROLLED]) == []


def test_what_rests_on_money_that_came_in_is_listed_each_with_its_next_act():
    fund, grant = FundId("fnd_a"), GrantId("grt_a")
    credited = fact(FundCredited(fund, Fen(1000), Source.OWN), 1)
    reserved = fact(MoneyReserved(fund, grant, Fen(600)), 2)
    drawn = fact(MoneyDrawn(fund, grant, 1, Fen(600)), 3)
    back = fact(MoneyReturned(fund, grant, 1, Fen(100), BackCause.TAKEN_BACK), 4)
    spent = fact(CostDrawn(fund, StreamId("tal_a"), 1, Fen(50)), 5)
    elsewhere = fact(MoneyReserved(FundId("fnd_b"), grant, Fen(1)), 6)

    found = dependents(credited, [reserved, drawn, back, spent, elsewhere])

    assert [one.fact for one in found] == [reserved, drawn, back, spent]
    assert "补足资金" in found[0].zh
    assert all("核对该事实" not in one.zh for one in found)


def test_what_a_fund_kept_and_paid_rests_on_the_approval_and_the_payment():
    fund, grant = FundId("fnd_" + "a" * 26), GrantId("grt_" + "a" * 26)
    approved = fact(AidApproved(grant, WEI, Fen(600), fund, Code("x")), 1)
    reserved = fact(MoneyReserved(fund, grant, Fen(600)), 2)
    paid = fact(PaymentMade(grant, WEI, 1, Fen(600), PayMode.BANK, Code("凭1")), 3)
    drawn = fact(MoneyDrawn(fund, grant, 1, Fen(600)), 4)

    assert [one.fact for one in dependents(approved, [reserved, paid, drawn])] == [reserved, drawn]
    assert [one.fact for one in dependents(paid, [drawn])] == [drawn]


def test_the_tables_name_only_events_that_exist():
    know_everything()
    named = {*FINAL, *FOUNDING, *NEXT, *RESTS_ON, *(k for ks in RESTS_ON.values() for k in ks)}

    assert named <= set(Event.kinds)


def test_a_fact_of_a_list_concerns_nobody_whoever_put_people_on_it():
    closed = AidListClosed(
        AidListId("lis_a"), VILLAGE, 1, Fen(400_00), Code("x"), (WEI,), acting_for=WEI
    )

    assert person_of(closed) is None
    assert codec.person_of(closed) is None


@given(st.lists(st.sampled_from([REGISTERED, *HISTORY]), max_size=8), st.sampled_from(HISTORY))
def test_dependents_of_anything_are_always_told(later: list[Fact], one: Fact):
    found = dependents(one, later)

    assert all(item.zh and item.en for item in found)
    assert all(person_of(item.fact.event) == WEI for item in found)
    assert isinstance(VILLAGE, str)
    assert UnionId(VILLAGE) not in {stream_of(item.fact.event) for item in found}
