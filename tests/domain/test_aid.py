"""Aid up to its decision: who may do what, in which order, and what an approval is of."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from ledger.domain.aid import (
    AboveTheCap,
    AidDeclined,
    AlreadyApproved,
    AnswererHandledIt,
    ContentChanged,
    Duty,
    Failure,
    FileFirst,
    GrantOver,
    HeldAsDouble,
    HigherApprover,
    Lifted,
    ListDecides,
    Means,
    MembersOnly,
    MinutesMissing,
    MoneyOutstanding,
    NoBasisToPublish,
    NoEmergencyHere,
    NoReviewDue,
    NoSuchObjection,
    NotHeld,
    NothingAmended,
    NothingAsked,
    NothingPosted,
    NoticeStands,
    NotOnRecord,
    NotOnTheList,
    NotYourGrant,
    ObjectionOpen,
    OneDutyEach,
    OpinionMissing,
    OwnOrKin,
    PayeeKind,
    PayeeWithoutPaper,
    PeriodTooShort,
    Stage,
    StepMissing,
    WrongFund,
)
from ledger.domain.aiding import Cap, CapPer, Step
from ledger.domain.ids import PersonId, new_aid_list, new_fund, new_grant, new_person
from ledger.domain.kernel import SYSTEM, Act, Basis, Code, Fen, Office
from tests.aid_cases import (
    APPROVER,
    AUNT,
    CASHIER,
    CHILD,
    CITY,
    CLERK,
    COMMITTEE,
    COUNTY,
    FOUR_THOUSAND,
    HERE,
    HURRIED,
    NEED,
    REVIEWER,
    STUDY,
    THERE,
    TODAY,
    TOWN,
    WARMTH,
    WEI,
    Case,
    act,
    by_approver,
    by_cashier,
    by_clerk,
    by_reviewer,
    each_refused,
    on_paper,
)

LATER = TODAY + timedelta(10)


def found(case: Case) -> tuple[str, ...]:
    """The findings of what was told last."""
    return case.facts[-1].event.__dict__["findings"]


# ── application ──────────────────────────────────────────────────────────────────────────────


def test_an_application_says_for_whom_for_what_and_under_which_rules() -> None:
    grant = Case().apply(beneficiary=CHILD).grant

    assert (grant.person, grant.beneficiary, grant.need) == (WEI, CHILD, NEED)
    assert (grant.union, grant.origin, grant.rules_version) == (COUNTY, HERE, 1)
    assert grant.stage is Stage.APPLIED


@pytest.mark.parametrize("amount", [0, -1])
def test_aid_is_for_more_than_nothing(amount: int) -> None:
    with pytest.raises(NothingAsked):
        Case().apply(Fen(amount))
    with pytest.raises(NothingAsked):
        Case().apply().amend(Fen(amount))
    with pytest.raises(NothingAsked):
        Case().apply().review(Fen(amount))


def test_a_file_of_a_category_that_is_helped_comes_first() -> None:
    with pytest.raises(FileFirst):
        Case().apply(category=None)
    with pytest.raises(FileFirst):
        Case().apply(category=Code("relative"))


def test_where_the_scheme_says_so_only_a_member_is_aided() -> None:
    with pytest.raises(MembersOnly):
        Case().apply(member=False)
    assert Case(WARMTH).apply(member=False)


def test_who_is_not_on_record_is_not_aided() -> None:
    with pytest.raises(NotOnRecord):
        Case(WARMTH).apply(known=False, member=False)


def test_aid_is_hurried_only_where_the_scheme_allows_it_and_with_a_reason() -> None:
    with pytest.raises(NoEmergencyHere):
        Case().apply(emergency=True, reason="住房倒塌")
    with pytest.raises(NoEmergencyHere):
        Case(HURRIED).apply(emergency=True, reason=" ")
    assert Case(HURRIED).apply(emergency=True, reason="住房倒塌").grant.emergency


@pytest.mark.parametrize("officer", [WEI, CHILD, AUNT])
def test_nobody_takes_in_her_own_application_or_her_kins(officer: PersonId) -> None:
    with pytest.raises(OwnOrKin):
        Case().apply(by=act(officer), beneficiary=CHILD, kin={AUNT})
    with pytest.raises(OwnOrKin):
        Case().apply(beneficiary=CHILD, kin={AUNT}, acting_for=officer)


def test_a_grant_is_handled_by_its_union_or_one_above_it_in_its_own_journal() -> None:
    grant = Case().apply().grant

    grant.handled_here(by_clerk(), HERE, [COUNTY, CITY])
    grant.handled_here(by_clerk(union=CITY), HERE, [COUNTY, CITY])
    grant.handled_here(replace(by_clerk(union=TOWN), office=Office.PROCEDURE), HERE, [COUNTY])
    with pytest.raises(NotYourGrant):
        grant.handled_here(by_clerk(union=TOWN), HERE, [COUNTY, CITY])
    with pytest.raises(NotYourGrant):
        grant.handled_here(by_clerk(), THERE, [COUNTY, CITY])


def test_who_receives_for_the_applicant_has_it_in_writing() -> None:
    with pytest.raises(PayeeWithoutPaper):
        Case().apply().name_payee(PayeeKind.AGENT, payee=AUNT)
    assert Case().apply().name_payee(PayeeKind.AGENT, payee=AUNT, paper=Code("委托书")).grant.payee


def test_nobody_who_has_a_hand_in_it_is_paid_by_it() -> None:
    paper = Code("委托书")

    with pytest.raises(OwnOrKin):
        Case().apply().name_payee(PayeeKind.AGENT, payee=CLERK, paper=paper)
    with pytest.raises(OwnOrKin):
        Case().apply().review().name_payee(PayeeKind.AGENT, payee=REVIEWER, paper=paper)
    named = Case().apply().name_payee(PayeeKind.AGENT, payee=APPROVER, paper=paper)
    with pytest.raises(OwnOrKin):
        named.review().publicise().approve()


# ── examination ──────────────────────────────────────────────────────────────────────────────


def test_no_grant_is_approved_before_the_steps_that_its_scheme_asks_for() -> None:
    case = Case().apply().name_payee()

    with pytest.raises(StepMissing) as refused:
        case.approve()
    assert refused.value.facts["missing"] == [Step.REVIEW, Step.NOTICE]


def test_a_visit_and_a_means_check_are_steps_too() -> None:
    case = Case(replace(HURRIED, steps=(Step.VISIT, Step.MEANS_CHECK), later=())).apply()
    assert case.grant.missing(case.rules) == [Step.VISIT, Step.MEANS_CHECK]

    case.tell(case.grant.visit(by_reviewer(), "住房漏雨"), by_reviewer())
    case.tell(case.grant.check_means(by_reviewer(), Means.WITHIN), by_reviewer())

    assert case.grant.means is Means.WITHIN
    assert case.approve().grant.stage is Stage.APPROVED


def test_nobody_visits_her_kin() -> None:
    grant = Case().apply().grant

    with pytest.raises(OwnOrKin):
        grant.visit(by_reviewer(), kin={REVIEWER})
    with pytest.raises(OwnOrKin):
        grant.check_means(by_reviewer(), Means.WITHIN, kin={REVIEWER})


def test_a_notice_runs_at_least_as_long_as_the_scheme_says() -> None:
    case = Case().apply()

    with pytest.raises(PeriodTooShort):
        case.publicise(days=6, earliest=TODAY + timedelta(7))
    with pytest.raises(PeriodTooShort):
        case.publicise(days=-1, earliest=date.min)


def test_nothing_of_a_person_is_made_public_without_a_legal_basis() -> None:
    with pytest.raises(NoBasisToPublish):
        Case().apply().publicise(basis=None)


def test_who_takes_her_consent_back_is_posted_on_another_basis_or_not_at_all() -> None:
    case = Case().examined().take_down(TODAY + timedelta(3))
    assert not case.grant.on_notice(TODAY + timedelta(3))
    assert case.grant.notices[0].runs(TODAY + timedelta(2))
    with pytest.raises(StepMissing) as refused:
        case.approve()
    assert refused.value.facts["missing"] == [Step.NOTICE]

    case.publicise(by=by_clerk(TODAY + timedelta(3)), basis=Basis.LAW)

    with pytest.raises(NoticeStands):
        case.approve(by_approver(TODAY + timedelta(10)))
    assert case.approve(by_approver(TODAY + timedelta(11)))


def test_only_what_hangs_on_consent_is_taken_down_for_its_withdrawal() -> None:
    on_law = Case().apply().publicise(basis=Basis.LAW)
    ended = Case().examined()

    for case, on in ((Case().apply(), TODAY), (on_law, TODAY), (ended, TODAY + timedelta(8))):
        with pytest.raises(NothingPosted):
            case.take_down(on)
    with pytest.raises(NothingPosted):
        Case().examined().take_down(TODAY).take_down(TODAY)
    assert ended.approve()  # what was done before stays valid


def test_a_newer_notice_stays_when_an_older_one_comes_down() -> None:
    case = Case().examined().publicise(paper=Code("公示〔2026〕4号"), basis=Basis.LAW)

    case.take_down()

    assert [each.down is None for each in case.grant.notices] == [False, True]
    assert case.approve()


def test_no_grant_is_approved_before_its_notice_has_ended() -> None:
    case = Case().examined()

    with pytest.raises(NoticeStands):
        case.approve(by_approver(TODAY + timedelta(7)))
    assert case.grant.on_notice(TODAY + timedelta(7))
    assert case.approve(by_approver(TODAY + timedelta(8)))


def test_a_later_notice_that_ends_earlier_does_not_shorten_the_first() -> None:
    case = Case().examined().publicise(days=1)

    with pytest.raises(NoticeStands):
        case.approve(by_approver(TODAY + timedelta(2)))


def test_an_objection_is_answered_by_another_before_the_approval() -> None:
    case = Case().examined().objected()

    assert case.grant.stage is Stage.OBJECTED
    with pytest.raises(ObjectionOpen):
        case.approve()
    with pytest.raises(AnswererHandledIt):
        case.answer(by=by_clerk())
    with pytest.raises(AnswererHandledIt):
        case.answer(acting_for=CLERK)
    with pytest.raises(NoSuchObjection):
        case.answer(objection=2)
    case.answer()
    with pytest.raises(NoSuchObjection):
        case.answer()
    assert case.approve().grant.stage is Stage.APPROVED


def test_an_objection_that_is_upheld_stands_until_the_application_is_changed() -> None:
    case = Case().examined().objected().answer(upheld=True)

    with pytest.raises(ObjectionOpen):
        case.approve()
    case.amend(Fen(3_000_00)).review()
    assert case.approve().grant.approval


def test_a_review_that_proposes_less_meets_an_objection_as_well() -> None:
    case = Case().examined().objected().answer(upheld=True).review(Fen(3_000_00))

    assert case.approve().grant.due == 3_000_00


def test_a_notice_covers_the_amount_it_said_and_less() -> None:
    less = Case().examined().amend(Fen(3_000_00))
    more = Case().examined().amend(Fen(5_000_00))
    raised = Case().examined().review(Fen(5_000_00))
    other = Case().examined().amend(FOUR_THOUSAND, need=Code("2027-2028学年"))

    assert less.grant.missing(STUDY) == [Step.REVIEW]
    assert more.grant.missing(STUDY) == [Step.REVIEW, Step.NOTICE]
    assert raised.grant.missing(STUDY) == [Step.NOTICE]
    assert other.grant.missing(STUDY) == [Step.REVIEW, Step.NOTICE]


# ── approval ─────────────────────────────────────────────────────────────────────────────────


def test_an_approval_is_of_the_content_that_the_approver_saw() -> None:
    case = Case().examined()
    seen = case.grant.content
    case.name_payee(account="6217003320001234567")

    with pytest.raises(ContentChanged):
        case.approve(content=seen)


def test_an_amendment_that_changes_nothing_meets_no_objection() -> None:
    case = Case().examined().objected().answer(upheld=True)

    with pytest.raises(NothingAmended):
        case.amend(case.grant.amount)
    assert case.grant.barring == [1]
    assert case.amend(Fen(3_000_00)).grant.barring == []


@pytest.mark.parametrize(
    "change",
    [
        lambda case: case.amend(Fen(3_000_00)),
        lambda case: case.name_payee(account="6217003320001234567"),
        lambda case: case.review(Fen(3_000_00)),
    ],
    ids=["amended", "another account", "reviewed lower"],
)
def test_a_change_after_the_approval_voids_it_and_shows(change: Callable[[Case], Case]) -> None:
    grant = change(Case().approved()).grant

    assert (grant.approval, grant.voided) == (None, True)
    assert grant.stage is Stage.APPLIED


def test_a_review_that_changes_nothing_voids_nothing() -> None:
    assert Case().approved().review().grant.approval


def test_a_grant_is_approved_once() -> None:
    with pytest.raises(AlreadyApproved):
        Case().approved().approve()


@pytest.mark.parametrize(
    ("amount", "already"),
    [(6_000_01, {}), (4_000_00, {CapPer.CHILD_YEAR: Fen(3_100_01)})],
)
def test_no_grant_goes_above_the_cap_of_its_scheme(amount: int, already: dict[CapPer, Fen]) -> None:
    case = Case().examined(Fen(amount))

    with pytest.raises(AboveTheCap):
        case.approve(by_approver(LATER, union=CITY), already=already, minutes=Code("纪要7"))


def test_a_cap_of_a_category_caps_that_category_alone() -> None:
    caps = (Cap(per=CapPer.APPLICATION, most=Fen(1_000_00), category=Code("relative")),)
    rules = replace(STUDY, caps=caps, categories=())

    assert Case(rules).examined().approve(category=Code("severe")).grant.approval
    with pytest.raises(AboveTheCap):
        Case(rules).examined().approve(category=Code("relative"))


def test_an_amount_above_a_level_is_approved_by_the_union_that_is_named_or_above_it() -> None:
    case = Case().examined(Fen(5_000_01))
    province = act(APPROVER, Office.APPROVER, LATER, union=TOWN)

    with pytest.raises(HigherApprover) as refused:
        case.approve()
    assert refused.value.facts["approver"] == CITY
    assert case.grant.approve(
        province, case.grant.content, rules=STUDY, fund=STUDY.funds[0], already={},
        category=Code("severe"), above={CITY: [CITY, TOWN]},
    )  # fmt: skip
    assert case.approve(by_approver(LATER, union=CITY)).grant.approval


def test_a_major_grant_cites_the_minutes_of_a_collective_decision() -> None:
    case = Case().examined(Fen(5_500_01))
    by_city = by_approver(LATER, union=CITY)

    with pytest.raises(MinutesMissing):
        case.approve(by_city)
    assert case.approve(by_city, minutes=Code("纪要7")).grant.approval
    always = replace(HURRIED, steps=(Step.MINUTES,), notice_days=0)
    with pytest.raises(MinutesMissing):
        Case(always).apply().approve()


def test_aid_is_paid_only_from_the_funds_that_its_scheme_names() -> None:
    with pytest.raises(WrongFund):
        Case().examined().approve(fund=new_fund())
    assert Case(WARMTH).apply(Fen(1)).review().approve(fund=new_fund()).grant.approval


def test_aid_is_declined_with_an_opinion_and_not_by_its_handler() -> None:
    case = Case().examined()

    with pytest.raises(OpinionMissing):
        case.grant.decline(by_approver(), " ")
    with pytest.raises(OneDutyEach):
        case.grant.decline(act(CLERK, Office.REVIEWER), "不符合条件")
    with pytest.raises(OwnOrKin):
        case.grant.decline(by_approver(), "不符合条件", kin={APPROVER})
    case.tell(case.grant.decline(by_reviewer(), "不符合条件"), by_reviewer())

    assert case.grant.stage is Stage.DECLINED
    assert isinstance(case.facts[-1].event, AidDeclined)
    assert case.facts[-1].event.opinion == "不符合条件"


def test_what_has_ended_is_not_handled_further() -> None:
    declined, withdrawn = Case().examined(), Case().apply()
    declined.tell(declined.grant.decline(by_approver(), "不符合条件"), by_approver())
    withdrawn.tell(withdrawn.grant.withdraw(by_clerk(), "已自行解决"), by_clerk())

    assert withdrawn.grant.stage is Stage.WITHDRAWN
    for case in (declined, withdrawn):
        each_refused(GrantOver, *changes(case), case.review, case.approve, case.objected)
        with pytest.raises(GrantOver):
            case.grant.close(by_clerk())


def changes(case: Case) -> list[Callable[[], object]]:
    """What may be done only before it is paid, and while it has not ended."""
    return [
        lambda: case.amend(Fen(1_00)),
        lambda: case.name_payee(account="6217003320001234567"),
        lambda: case.review(Fen(1_00)),
        lambda: case.grant.withdraw(by_clerk()),
        lambda: case.grant.decline(by_approver(), "不符合条件"),
    ]


def test_what_nobody_applied_for_cannot_be_handled() -> None:
    with pytest.raises(GrantOver):
        Case().review()
    with pytest.raises(GrantOver):
        Case().grant.returned(by_cashier(), 1, Failure.OTHER, Code("退1"))


def test_nothing_is_changed_or_declined_that_is_being_paid() -> None:
    for case in (Case().approved().instruct(), Case().paid(), Case().signed()):
        each_refused(MoneyOutstanding, *changes(case))


def test_who_is_on_no_list_is_not_struck_off_one() -> None:
    with pytest.raises(NotOnTheList):
        Case().apply().grant.strike_off(by_clerk())


def test_what_stands_on_a_list_goes_by_the_list() -> None:
    case = Case(WARMTH, new_aid_list()).apply()

    each_refused(
        ListDecides,
        lambda: case.amend(Fen(1)),
        case.review,
        case.approve,
        case.instruct,
        case.sign,
    )


# ── separation of duties ─────────────────────────────────────────────────────────────────────


def reviewing(case: Case, by: Act, acting_for: PersonId | None) -> None:
    case.apply().name_payee()
    case.review(by=by, acting_for=acting_for)


def approving(case: Case, by: Act, acting_for: PersonId | None) -> None:
    case.examined()
    case.approve(by=replace(by, on=LATER, today=LATER), acting_for=acting_for)


def paying(case: Case, by: Act, acting_for: PersonId | None) -> None:
    case.approved()
    case.instruct(by=by, acting_for=acting_for)


def signing(case: Case, by: Act, acting_for: PersonId | None) -> None:
    case.paid()
    case.sign(by=by, acting_for=acting_for)


Taken = Callable[[Case, Act, PersonId | None], None]
STEPS: list[tuple[Taken, Office, list[PersonId]]] = [
    (reviewing, Office.REVIEWER, [CLERK]),
    (approving, Office.APPROVER, [CLERK, REVIEWER]),
    (paying, Office.CASHIER, [CLERK, REVIEWER, APPROVER]),
    (signing, Office.CHAIR, [CLERK, REVIEWER, APPROVER, CASHIER]),
]
TAKEN = [(step, office, who) for step, office, before in STEPS for who in before]


@pytest.mark.parametrize(("step", "office", "who"), TAKEN)
def test_each_duty_falls_to_another_person(step: Taken, office: Office, who: PersonId) -> None:
    """Under whatever office; and neither where she stands in for another, nor another for her."""
    other = new_person()

    with pytest.raises(OneDutyEach):
        step(Case(), act(who, office), None)
    with pytest.raises(OneDutyEach):
        step(Case(), act(who, office), other)
    with pytest.raises(OneDutyEach):
        step(Case(), act(other, office), who)
    step(Case(), act(other, office), None)


@pytest.mark.parametrize(("step", "office"), [(step, office) for step, office, _ in STEPS])
@pytest.mark.parametrize("who", [WEI, CHILD], ids=["herself", "her child"])
def test_nobody_has_a_duty_in_her_own(step: Taken, office: Office, who: PersonId) -> None:
    class OfTheChild(Case):
        def apply(self, *given: Any, **more: Any) -> Case:
            return super().apply(*given, beneficiary=CHILD, **more)

    with pytest.raises(OwnOrKin):
        step(OfTheChild(), act(who, office), None)
    with pytest.raises(OwnOrKin):
        step(OfTheChild(), act(new_person(), office), who)


def test_who_acted_for_another_and_the_other_are_both_barred_from_then_on() -> None:
    chair = new_person()
    case = Case().apply().name_payee().review(acting_for=chair).publicise()

    assert case.grant.duties.held[Duty.REVIEWER] == {REVIEWER, chair}
    with pytest.raises(OneDutyEach):
        case.approve(act(chair, Office.APPROVER, LATER))
    with pytest.raises(OneDutyEach):
        case.approve(acting_for=chair)


def test_a_handler_is_who_changes_it_and_who_names_the_payee_too() -> None:
    second = new_person()
    case = Case().apply().name_payee(by=act(second)).publicise()

    with pytest.raises(OneDutyEach):
        case.review(by=act(second, Office.REVIEWER))
    with pytest.raises(OneDutyEach):
        case.review().amend(Fen(1), by=act(REVIEWER))
    with pytest.raises(OneDutyEach):
        case.name_payee(by=act(REVIEWER))


def test_who_approved_what_was_voided_since_keeps_her_part_in_it() -> None:
    case = Case().approved().amend(Fen(3_000_00)).review()
    second = act(new_person(), Office.APPROVER, LATER)

    case.approve(second)

    with pytest.raises(OneDutyEach):
        case.instruct(by=act(APPROVER, Office.CASHIER))


def test_who_approved_may_approve_again_after_a_change() -> None:
    assert Case().approved().amend(Fen(3_000_00)).review().approve().grant.approval


def test_a_committee_and_a_procedure_are_nobody_in_particular() -> None:
    case = Case().apply().name_payee()
    case.review(by=replace(by_reviewer(), officer=CLERK, decided_by=COMMITTEE))
    case.publicise().approve(replace(by_approver(LATER), officer=CLERK, decided_by=COMMITTEE))

    assert case.grant.approval
    assert case.grant.approval.by == COUNTY
    assert case.grant.duties.merged == []
    case.tell(case.facts[-1].event, act(SYSTEM))
    assert case.grant.duties.merged == []


def test_what_was_decided_on_paper_is_recorded_with_every_rule_that_it_broke() -> None:
    case = Case().apply(Fen(6_000_01)).name_payee().objected()
    by = on_paper(by_approver(), CLERK)

    case.approve(by, fund=new_fund())

    assert found(case) == (
        "OneDutyEach", "StepMissing", "ObjectionOpen", "AboveTheCap", "HigherApprover",
        "MinutesMissing", "WrongFund",
    )  # fmt: skip
    assert case.grant.duties.merged == [(CLERK, [Duty.HANDLER, Duty.APPROVER])]


def test_paper_of_every_kind_is_recorded_with_what_it_broke() -> None:
    case = Case().apply()
    case.hold(other := new_grant())
    lifting = on_paper(by_reviewer(), CLERK, Office.REVIEWER)
    case.tell(case.grant.lift(lifting, other, Lifted.ANOTHER_NEED), lifting)
    assert found(case) == ("AnswererHandledIt",)

    case.review(by=on_paper(by_reviewer(), CLERK, Office.REVIEWER))
    assert found(case) == ("OneDutyEach",)

    case.publicise(days=1, by=on_paper(by_clerk(), WEI), earliest=TODAY + timedelta(7))
    assert found(case) == ("PeriodTooShort", "OwnOrKin")

    case.objected().answer(by=on_paper(by_reviewer(), CLERK, Office.REVIEWER))
    assert found(case) == ("AnswererHandledIt",)

    declining = on_paper(by_approver(), CLERK)
    case.tell(case.grant.decline(declining, "不符合条件"), declining)
    assert found(case) == ("OneDutyEach",)


def test_writing_yesterdays_date_escapes_no_rule() -> None:
    late = Act(CLERK, COUNTY, Office.REVIEWER, TODAY, TODAY + timedelta(1))

    with pytest.raises(OneDutyEach):
        Case().apply().review(by=late)


# ── emergencies ──────────────────────────────────────────────────────────────────────────────


def hurried() -> Case:
    return Case(HURRIED).apply(emergency=True, reason="住房倒塌").approve(by_approver(TODAY))


def test_an_emergency_is_approved_by_one_and_reviewed_by_another_within_days() -> None:
    case = hurried()
    approval = case.grant.approval

    assert approval is not None
    assert (approval.review_by, case.grant.review_due) == (TODAY + timedelta(10), True)
    with pytest.raises(OneDutyEach):
        case.grant.review_emergency(act(APPROVER, Office.REVIEWER), True)
    with pytest.raises(OneDutyEach):
        case.grant.review_emergency(act(CLERK, Office.REVIEWER), True)
    case.tell(case.grant.review_emergency(by_reviewer(), True), by_reviewer())

    assert not case.grant.review_due
    with pytest.raises(NoReviewDue):
        case.grant.review_emergency(by_reviewer(), True)


def test_only_an_emergency_is_reviewed_afterwards() -> None:
    with pytest.raises(NoReviewDue):
        Case().approved().grant.review_emergency(act(new_person(), Office.REVIEWER), True)


def test_even_in_an_emergency_nobody_approves_what_she_handled() -> None:
    with pytest.raises(OneDutyEach):
        Case(HURRIED).apply(emergency=True, reason="住房倒塌").approve(act(CLERK))


def test_an_emergency_that_is_approved_anew_is_reviewed_anew() -> None:
    case = hurried()
    case.tell(case.grant.review_emergency(by_reviewer(), True), by_reviewer())
    case.amend(Fen(1_000_00)).approve(by_approver(TODAY))

    assert case.grant.review_due


def test_an_emergency_that_came_to_nothing_waits_for_no_review() -> None:
    case = hurried()
    case.tell(case.grant.withdraw(by_clerk()), by_clerk())

    assert not case.grant.review_due


def test_a_late_review_on_paper_by_the_approver_is_a_finding() -> None:
    case = hurried()
    by = on_paper(by_reviewer(), APPROVER, Office.REVIEWER)

    case.tell(case.grant.review_emergency(by, True), by)

    assert found(case) == ("OneDutyEach",)


# ── one need, two payers ─────────────────────────────────────────────────────────────────────


def test_a_grant_that_may_be_a_second_one_waits_until_a_person_has_decided() -> None:
    case, other = Case().examined(), new_grant()
    case.hold(other)

    assert case.grant.stage is Stage.HELD
    with pytest.raises(HeldAsDouble):
        case.approve()
    with pytest.raises(AnswererHandledIt):
        case.grant.lift(act(CLERK, Office.REVIEWER), other, Lifted.ANOTHER_NEED)
    with pytest.raises(AnswererHandledIt):
        case.grant.lift(by_reviewer(), other, Lifted.ANOTHER_NEED, acting_for=CLERK)
    with pytest.raises(OwnOrKin):
        case.grant.lift(by_reviewer(), other, Lifted.ANOTHER_NEED, kin={REVIEWER})
    with pytest.raises(NotHeld):
        case.grant.lift(by_reviewer(), new_grant(), Lifted.ANOTHER_NEED)
    lifted = case.grant.lift(by_reviewer(), other, Lifted.ANOTHER_NEED, "一为学费，一为生活费")
    case.tell(lifted, by_reviewer())

    assert case.approve().grant.stage is Stage.APPROVED


def test_what_was_looked_at_is_not_held_again_and_another_is() -> None:
    case, other = Case().examined(), new_grant()
    case.hold(other)
    assert case.grant.hold(other) is None
    case.tell(case.grant.lift(by_reviewer(), other, Lifted.OTHER_DECLINED), by_reviewer())

    assert case.grant.hold(other) is None
    assert case.grant.hold(case.id) is None
    assert case.grant.hold(new_grant())


def test_one_that_is_found_after_the_approval_stops_the_payment() -> None:
    case = Case().approved()
    case.hold(new_grant())

    with pytest.raises(HeldAsDouble):
        case.instruct()


def test_what_has_ended_or_is_not_known_is_not_held() -> None:
    case = Case().apply()
    case.tell(case.grant.withdraw(by_clerk()), by_clerk())

    assert case.grant.hold(new_grant()) is None
    assert Case().grant.hold(new_grant()) is None
