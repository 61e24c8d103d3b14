"""Membership: one enrolment, retained, entrusted, ended, settled; moving is `test_transfer.py`."""

from dataclasses import fields
from datetime import date
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.ids import MembershipId, PersonId, TransferId, UnionId
from ledger.domain.kernel import Act, Claim, Code, Decision, Event, Fact, Office, Release
from ledger.domain.membership import (
    CHANNELS,
    AlreadyAMember,
    AlreadyEntrusted,
    AlreadyRetained,
    ApplicationDeclined,
    ApplicationOpen,
    ApplicationWithdrawn,
    ApproverEntered,
    ApproverIsApplicant,
    ApproverIsKin,
    Card,
    Channel,
    CommitteeDecides,
    Confirmed,
    DeclineGround,
    DoubleMembershipSettled,
    Ending,
    FoundUnfit,
    ManagementEnding,
    Means,
    MemberDeemedLeft,
    MemberEnrolled,
    MemberExpelled,
    MemberLeft,
    Membership,
    MembershipApplied,
    MembershipEndedByDeath,
    MembershipHandedOut,
    MembershipLoaded,
    MembershipReinstated,
    NotAMember,
    NotApplied,
    NotEntrusted,
    NotRetained,
    NotSixMonths,
    NotTheApprovingUnion,
    NotTheHolder,
    NotUrged,
    OneMembershipNotTwo,
    Proof,
    ProofMissing,
    Reinstatement,
    RetainedOwesNothing,
    Retention,
    SeniorityKept,
    State,
    UnderAge,
    custody,
    requests,
    vouchers,
)
from ledger.domain.unions import UnionKind

MEM, OTHER_MEM = MembershipId("mem_1"), MembershipId("mem_2")
WEI, LAN = PersonId("per_wei"), PersonId("per_lan")
CLERK, REVIEWER, APPROVER = (PersonId(f"per_{n}") for n in ("clerk", "reviewer", "approver"))
VILLAGE, COUNTY, PROJECT = (UnionId(f"uni_{n}") for n in ("village", "county", "project"))
TODAY = date(2026, 3, 10)
LONG_AGO = date(2015, 6, 1)


def act(who: PersonId = APPROVER, union: UnionId = VILLAGE, on: date = TODAY, **more: Any) -> Act:
    return Act(who, union, Office.APPROVER, on, TODAY, **more)


COMMITTEE = Decision(VILLAGE, Office.APPROVER, Code("村工〔2026〕3号"))
ON_PAPER = act(CLERK, decided_by=COMMITTEE)


def applied(**more: Any) -> MembershipApplied:
    given: dict[str, Any] = {"of_age": True, "confirmed": Confirmed.SIGNED, **more}
    return Membership.apply(act(CLERK), MEM, WEI, VILLAGE, Channel.VILLAGE, **given)


def applicant(*events: Event) -> Membership:
    """An application that the clerk took in, and what followed."""
    facts = [Fact(one, TODAY, officer=CLERK) for one in (applied(), *events)]
    return Membership.of(facts)


def member(*events: Event, since: date = LONG_AGO) -> Membership:
    """A long-standing member of the village union, and what followed today."""
    loaded = Fact(MembershipLoaded(MEM, WEI, VILLAGE, since, Proof.CARD), since)
    return Membership.of([loaded, *(Fact(one, TODAY) for one in events)])


def then(membership: Membership, *events: Event, on: date = TODAY) -> Membership:
    for event in events:
        membership.after(Fact(event, on))
    return membership


# ── applied, examined, approved ──


def test_an_application_becomes_a_membership_when_another_person_approves():
    membership = applicant()

    event = membership.enrol(act(), minutes=Code("纪要1"))

    assert list(event.takes()) == [Claim(AlreadyAMember, WEI)]
    assert list(event.frees()) == [Release(ApplicationOpen)]
    assert membership.state is State.APPLIED
    then(membership, event)
    assert (membership.state, membership.union, membership.since) == (State.MEMBER, VILLAGE, TODAY)


def test_a_list_is_approved_by_the_committee_while_one_clerk_enters_both():
    membership = applicant()

    event = membership.enrol(ON_PAPER, minutes=Code("纪要1"))

    assert event.findings == ()


def test_a_person_has_one_open_application_at_a_union():
    assert list(applied().takes()) == [Claim(ApplicationOpen, f"{WEI} {VILLAGE}")]


def test_who_is_a_member_anywhere_does_not_apply_but_transfers():
    with pytest.raises(AlreadyAMember):
        applied(held=OTHER_MEM)
    with pytest.raises(AlreadyAMember):
        applicant().enrol(act(), held=OTHER_MEM)


def test_nobody_under_sixteen_is_enrolled():
    with pytest.raises(UnderAge):
        applied(of_age=False)


@pytest.mark.parametrize(
    ("channel", "kind", "may"),
    [
        (Channel.VILLAGE, UnionKind.VILLAGE, True),
        (Channel.VILLAGE, UnionKind.PROJECT, False),
        (Channel.PROJECT, UnionKind.PROJECT, True),
        (Channel.AWAY, UnionKind.GRASSROOTS, False),
        (Channel.FALLBACK, UnionKind.SECTOR, True),
        (Channel.PLAIN, UnionKind.FEDERATION, True),
    ],
)
def test_the_channel_names_the_kind_of_union_that_approves(
    channel: Channel, kind: UnionKind, may: bool
):
    def apply() -> MembershipApplied:
        return Membership.apply(
            act(CLERK), MEM, WEI, VILLAGE, channel,
            kind=Code(kind), of_age=True, confirmed=Confirmed.SIGNED,
        )  # fmt: skip

    if may:
        assert apply().channel is channel
    else:
        with pytest.raises(NotTheApprovingUnion):
            apply()


def test_the_table_of_channels_has_every_channel_and_only_kinds_that_exist():
    assert set(CHANNELS) == set(Channel)
    assert {kind for way in CHANNELS.values() for kind in way.kinds} <= set(UnionKind)


def test_only_the_union_applied_to_decides():
    with pytest.raises(NotTheApprovingUnion):
        applicant().enrol(act(union=COUNTY))


def test_examination_that_found_unfit_bars_approval_until_another():
    membership = applicant()
    then(membership, membership.examine(act(REVIEWER), fit=False, opinion="单位不符"))

    with pytest.raises(FoundUnfit):
        membership.enrol(act())
    then(membership, membership.examine(act(REVIEWER), fit=True))

    assert membership.enrol(act()).union == VILLAGE


def test_nobody_examines_or_approves_their_own_application():
    with pytest.raises(ApproverIsApplicant):
        applicant().enrol(act(WEI))
    with pytest.raises(ApproverIsApplicant):
        applicant().examine(act(WEI), fit=True)


def test_nobody_approves_the_application_of_their_household():
    with pytest.raises(ApproverIsKin):
        applicant().enrol(act(LAN), kin=frozenset({LAN}))


def test_who_entered_or_examined_does_not_approve():
    membership = applicant()
    membership.after(Fact(membership.examine(act(REVIEWER), fit=True), TODAY, officer=REVIEWER))

    for hand in (CLERK, REVIEWER):
        with pytest.raises(ApproverEntered):
            membership.enrol(act(hand))


def test_what_was_decided_on_paper_is_recorded_with_the_broken_rule_as_a_finding():
    paper = act(REVIEWER, decided_by=Decision(CLERK, Office.APPROVER))

    event = applicant().enrol(paper)

    assert event.findings == (Code("ApproverEntered"),)


def test_only_an_open_application_is_decided():
    declined = applicant(ApplicationDeclined(MEM, WEI, VILLAGE, DeclineGround.NOT_WILLING))
    withdrawn = applicant(ApplicationWithdrawn(MEM, WEI, VILLAGE))

    assert (declined.state, withdrawn.state) == (State.REFUSED, State.WITHDRAWN)
    for membership in (declined, withdrawn, member(), Membership()):
        with pytest.raises(NotApplied):
            membership.enrol(act())
        with pytest.raises(NotApplied):
            membership.decline(act(), DeclineGround.OTHER)
        with pytest.raises(NotApplied):
            membership.withdraw_application(act())


def test_an_application_is_declined_or_withdrawn_and_its_place_is_free():
    declined = applicant().decline(act(), DeclineGround.ANOTHER_UNION, "应到单位工会")
    withdrawn = applicant().withdraw_application(act())

    assert list(declined.frees()) == list(withdrawn.frees()) == [Release(ApplicationOpen)]


# ── loaded, taken in ──


def test_a_long_standing_member_is_loaded_with_the_date():
    event = Membership.load(act(), MEM, WEI, VILLAGE, LONG_AGO, Proof.CARD)
    membership = then(Membership(), event)

    assert membership.member_on(LONG_AGO)
    assert not membership.member_on(date(2015, 5, 31))
    held = membership.responsible(date(2016, 1, 1))
    assert held is not None
    assert held.union == VILLAGE


def test_who_comes_from_outside_the_ledger_keeps_the_date_and_is_ours_from_today():
    scanned = act(evidence=("ab",))
    event = Membership.take_in(scanned, MEM, WEI, VILLAGE, "南宁铁路局工会", LONG_AGO, Proof.LETTER)

    membership = then(Membership(), event)

    assert membership.since == LONG_AGO
    assert membership.member_on(date(2020, 1, 1))
    assert membership.responsible(date(2020, 1, 1)) is None
    assert membership.union == VILLAGE


def test_taking_in_takes_a_proof_with_a_scan():
    for paper, proof in [(act(), Proof.CARD), (act(evidence=("ab",)), Proof.WORD)]:
        with pytest.raises(ProofMissing):
            Membership.take_in(paper, MEM, WEI, VILLAGE, "外省工会", LONG_AGO, proof)


def test_loading_and_taking_in_begin_a_membership_only_once_and_only_here():
    with pytest.raises(AlreadyAMember):
        Membership.load(act(), MEM, WEI, VILLAGE, LONG_AGO, Proof.CARD, held=OTHER_MEM)
    with pytest.raises(NotTheApprovingUnion):
        Membership.load(act(union=COUNTY), MEM, WEI, VILLAGE, LONG_AGO, Proof.CARD)


def test_a_change_of_employer_is_told_by_the_holder():
    membership = member()

    then(membership, membership.change_employment(act(), "荣光家具", "打磨工"))

    assert (membership.employer, membership.trade) == ("荣光家具", "打磨工")
    with pytest.raises(NotTheHolder):
        membership.change_employment(act(union=COUNTY), "", "")


# ── retained, entrusted ──


def test_a_dissolved_union_leaves_nobody_without_one():
    membership = member()

    event = membership.retain(
        act(union=COUNTY), Retention.UNION_DISSOLVED, Card.KEPT, COUNTY, line=(VILLAGE, COUNTY)
    )
    then(membership, event)

    assert (membership.state, membership.union) == (State.RETAINED, COUNTY)
    held = [membership.holding_on(day) for day in (date(2026, 3, 9), TODAY)]
    assert [each and each.retained for each in held] == [False, True]
    before = membership.responsible(date(2026, 3, 9))
    assert before is not None
    assert before.union == VILLAGE


def test_a_retained_membership_is_resumed_and_only_that():
    membership = member()
    with pytest.raises(NotRetained):
        membership.resume(act())
    then(membership, membership.retain(act(), Retention.UNEMPLOYED, Card.TAKEN_BACK))

    with pytest.raises(AlreadyRetained):
        membership.retain(act(), Retention.UNEMPLOYED, Card.TAKEN_BACK)
    then(membership, membership.resume(act(), "荣光家具"))

    assert membership.state is State.MEMBER


def test_a_retention_recorded_late_stands_in_the_order_of_its_date():
    membership = member()
    then(membership, membership.retain(act(), Retention.UNEMPLOYED, Card.KEPT))
    then(membership, membership.resume(act()))

    earlier = membership.retain(act(on=date(2026, 1, 1)), Retention.UNEMPLOYED, Card.KEPT)
    then(membership, earlier, on=date(2026, 1, 1))

    held = membership.holding_on(date(2026, 2, 1))
    assert held is not None
    assert held.retained
    assert membership.state is State.MEMBER


def test_management_is_entrusted_for_a_time_while_the_membership_stays():
    membership = member()
    then(membership, membership.entrust_management(act(), PROJECT, Code("gd"), since=TODAY))

    with pytest.raises(AlreadyEntrusted):
        membership.entrust_management(act(), COUNTY, Code("gx"))
    assert (membership.union, membership.managing(TODAY)) == (VILLAGE, PROJECT)

    given_back = act(union=PROJECT, on=date(2026, 3, 20))
    ended = membership.end_management(given_back, PROJECT, ManagementEnding.WORK_ENDED)
    then(membership, ended, on=date(2026, 3, 20))
    assert membership.managing(date(2026, 3, 19)) == PROJECT
    assert membership.managing(date(2026, 3, 20)) == VILLAGE
    with pytest.raises(NotEntrusted):
        membership.end_management(given_back, PROJECT, ManagementEnding.RECALLED)


# ── ended ──


def test_a_member_is_free_to_leave_and_rejoins_by_a_new_application():
    membership = member()

    (left,) = membership.leave(act(), Card.TAKEN_BACK, dues_until=date(2026, 3, 31))
    then(membership, left)

    assert list(left.frees()) == [Release(AlreadyAMember)]
    assert (membership.state, membership.ending) == (State.ENDED, Ending.LEFT)
    assert membership.member_on(date(2026, 3, 9))
    assert not membership.member_on(TODAY)
    with pytest.raises(NotApplied):
        membership.enrol(act())
    with pytest.raises(NotAMember):
        membership.leave(act(), Card.NONE)


def urged(on: date) -> Membership:
    membership = member()
    event = membership.urge(act(on=on), date(2025, 8, 31), Means.VISIT)
    return then(membership, event, on=on)


def test_six_months_away_and_urged_counts_as_leaving_by_decision():
    membership = urged(date(2026, 1, 5))

    (event,) = membership.deem_left(act(), date(2025, 8, 31), Card.VOID, minutes=Code("纪要2"))

    assert isinstance(event, MemberDeemedLeft)
    assert (event.urged_on, event.findings) == (date(2026, 1, 5), ())


def test_nobody_is_deemed_to_have_left_before_six_months_are_over():
    membership = urged(date(2026, 1, 5))

    decided = Act(APPROVER, VILLAGE, Office.APPROVER, date(2026, 2, 27), date(2026, 2, 27))
    with pytest.raises(NotSixMonths):
        membership.deem_left(decided, date(2025, 8, 31), Card.VOID)
    last = Act(APPROVER, VILLAGE, Office.APPROVER, date(2026, 2, 28), date(2026, 2, 28))
    assert membership.deem_left(last, date(2025, 8, 31), Card.VOID)


def test_nobody_is_deemed_to_have_left_unurged_or_while_retained():
    membership = member()
    with pytest.raises(NotUrged):
        membership.deem_left(act(), date(2025, 1, 1), Card.VOID)

    then(membership, membership.retain(act(), Retention.RETIRED, Card.KEPT))
    with pytest.raises(RetainedOwesNothing):
        membership.deem_left(act(), date(2025, 1, 1), Card.VOID)


def test_what_a_committee_decided_last_month_is_recorded_with_what_it_broke():
    (event,) = member().deem_left(
        act(CLERK, on=date(2026, 2, 1), decided_by=COMMITTEE), date(2026, 1, 1), Card.VOID
    )

    assert isinstance(event, MemberDeemedLeft)
    assert event.findings == (Code("NotSixMonths"), Code("NotUrged"))


def test_expulsion_is_the_committees_with_minutes():
    with pytest.raises(CommitteeDecides):
        member().expel(act(), Card.TAKEN_BACK)

    (event,) = member().expel(ON_PAPER, Card.TAKEN_BACK, minutes=Code("纪要3"))

    assert isinstance(event, MemberExpelled)
    assert event.findings == ()


def test_a_membership_ends_with_the_members_life():
    (event,) = member().end_by_death(act(CLERK))

    assert isinstance(event, MembershipEndedByDeath)
    assert then(member(), event).ending is Ending.DIED


def test_a_member_is_handed_out_to_a_union_outside_the_ledger():
    (event,) = member().hand_out(act(), "中国海员工会", Proof.LETTER, paper=Code("介1"))

    assert isinstance(event, MembershipHandedOut)
    assert then(member(), event).ending is Ending.HANDED_OUT


def test_one_person_twice_a_member_is_settled_and_the_earlier_date_kept():
    older = member()
    kept = then(
        Membership(), MembershipLoaded(OTHER_MEM, WEI, COUNTY, date(2020, 1, 1), Proof.CARD)
    )
    by = act(union=COUNTY)

    (settled,) = older.settle_into(by, OTHER_MEM, date(2020, 1, 1), line=(VILLAGE, COUNTY))
    seniority = kept.keep_seniority(by, MEM, LONG_AGO)

    assert isinstance(settled, DoubleMembershipSettled)
    assert settled.since == seniority.since == LONG_AGO
    assert list(settled.frees()) == list(seniority.frees()) == [Release(AlreadyAMember)]
    assert list(seniority.takes()) == [Claim(AlreadyAMember, WEI)]
    assert then(older, settled).ending is Ending.SETTLED
    assert then(kept, seniority).since == LONG_AGO


def test_a_membership_is_not_settled_into_itself():
    with pytest.raises(OneMembershipNotTwo):
        member().settle_into(act(), MEM, LONG_AGO)
    with pytest.raises(OneMembershipNotTwo):
        member().keep_seniority(act(), MEM, LONG_AGO)


def test_an_ending_that_was_annulled_gives_the_membership_back():
    membership = then(member(), MemberLeft(MEM, WEI, VILLAGE, Card.NONE))

    event = membership.reinstate(act(), Reinstatement.APPEAL_UPHELD)

    assert list(event.takes()) == [Claim(AlreadyAMember, WEI)]
    assert then(membership, event).state is State.MEMBER
    with pytest.raises(NotAMember):
        Membership().reinstate(act(), Reinstatement.APPEAL_UPHELD)


def test_only_the_union_that_holds_it_decides_about_a_membership():
    stranger = act(union=PROJECT)
    decisions = [
        lambda m: m.leave(stranger, Card.NONE),
        lambda m: m.expel(stranger, Card.NONE),
        lambda m: m.retain(stranger, Retention.RETIRED, Card.KEPT),
        lambda m: m.urge(stranger, LONG_AGO, Means.PHONE),
        lambda m: m.reinstate(stranger, Reinstatement.APPEAL_UPHELD),
    ]

    for decide in decisions:
        with pytest.raises(NotTheHolder):
            decide(member())


# ── what always holds ──

_ROOM = {
    kind
    for kind in Event.kinds.values()
    if kind.__module__.startswith("ledger.domain.membership") and kind.__module__ != requests.__name__
}  # fmt: skip
_VALUES: dict[Any, list[Any]] = {
    MembershipId: [MEM, OTHER_MEM],
    PersonId: [WEI, LAN],
    UnionId: [VILLAGE, COUNTY, PROJECT],
    TransferId: [TransferId("trf_1"), TransferId("trf_2")],
    date: [LONG_AGO, TODAY],
    bool: [True, False],
    int: [1, 2, 3],
    Code: [Code("gx"), Code("gd")],
}


def _value(hint: Any) -> st.SearchStrategy[Any]:
    options = [one for one in (hint, *get_args(hint)) if one is not type(None)]
    for one in options:
        if one in _VALUES:
            return st.sampled_from(_VALUES[one])
        if isinstance(one, type) and hasattr(one, "__members__"):
            return st.sampled_from(list(one.__members__.values()))
    return st.just(()) if "tuple" in str(hint) else st.just("") if "str" in str(hint) else st.none()


def _events(kind: type[Event]) -> st.SearchStrategy[Event]:
    hints = get_type_hints(kind)
    return st.builds(kind, **{f.name: _value(hints[f.name]) for f in fields(kind)})  # pyright: ignore[reportArgumentType]


anything = st.builds(
    Fact,
    st.one_of([_events(kind) for kind in sorted(_ROOM, key=lambda one: one.__name__)]),
    st.sampled_from([LONG_AGO, date(2026, 1, 1), TODAY]),
    origin=st.sampled_from(["gx", "gd"]),
)


@given(st.lists(anything, max_size=12), st.sampled_from([LONG_AGO, TODAY]))
def test_after_any_sequence_of_facts_after_never_raises(history: list[Fact], day: date):
    membership = Membership.of(history)

    answers = (membership.state, membership.serving(day), membership.since)
    assert isinstance(answers[0], State)
    assert (membership.responsible(day) is None) or membership.member_on(day)
    assert isinstance(membership, custody.Custody)


_CARRIED = {vouchers.VoucherIssued, vouchers.VoucherShown}
"""They stand on the offer that is carried, which one journal may know before the membership."""


def test_events_of_the_room_name_the_person_and_the_membership_first():
    for kind in _ROOM:
        names = [f.name for f in fields(kind)]  # pyright: ignore[reportArgumentType]
        stream = "offer" if kind in _CARRIED else "membership"
        assert names[0] == stream, kind
        assert "person" in names, kind


def test_seniority_and_reinstatement_take_the_claim_again():
    for kind in (MemberEnrolled, SeniorityKept, MembershipReinstated):
        assert "takes" in vars(kind)
