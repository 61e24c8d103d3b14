"""Lists of one amount: put on, sent up, approved as they stand, handed out and signed for by each."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from ledger.domain.aid import (
    AboveTheCap,
    AidGrant,
    AidList,
    AidListApproved,
    AidListReturned,
    AlreadyApproved,
    BeyondTheGrant,
    ContentChanged,
    Duty,
    Failure,
    GoodsUnlisted,
    GrantOver,
    HeldAsDouble,
    HigherApprover,
    ListClosed,
    ListEmpty,
    MinutesMissing,
    ModeBarred,
    NoPayee,
    NoSuchPayment,
    NotApproved,
    NothingAsked,
    NoticeStands,
    NotOnTheList,
    NotYourGrant,
    ObjectionOpen,
    ObjectionStopsPayment,
    OneDutyEach,
    OpinionMissing,
    Outcome,
    OwnOrKin,
    PayeeWithoutPaper,
    ReceiptSigned,
    SheetPaid,
    Signed,
    Stage,
    StepMissing,
    StruckOff,
    WrongFund,
    digest,
)
from ledger.domain.aiding import CapPer, Level, PayMode, Step
from ledger.domain.ids import PersonId, new_aid_list, new_fund, new_grant, new_person
from ledger.domain.kernel import Act, Code, Fen, Office
from tests.aid_cases import (
    APPROVER,
    AUNT,
    CASHIER,
    CHILD,
    CITY,
    CLERK,
    COUNTY,
    FOUR_HUNDRED,
    FUND,
    HERE,
    REVIEWER,
    SCHEME,
    THERE,
    TODAY,
    TOWN,
    WARMTH,
    WEI,
    Case,
    ListCase,
    act,
    by_approver,
    by_cashier,
    by_clerk,
    by_reviewer,
    by_witness,
    each_refused,
    goods,
    on_paper,
)

LAN, LUO = new_person(), new_person()
THREE = (WEI, LAN, LUO)
PAPER = Code("签领表7")


def on_the_list(*persons: PersonId) -> ListCase:
    return ListCase().put_on(*(persons or THREE))


# ── one journey ──────────────────────────────────────────────────────────────────────────────


def test_three_are_given_four_hundred_each() -> None:
    case = on_the_list().close(hands=[CLERK]).review().approve()
    approved = case.list.approved

    assert isinstance(approved, AidListApproved)
    assert (approved.count, approved.total, approved.fund) == (3, 1_200_00, FUND)
    case.pay(0, 1).sign(0, 1)
    case.pay(2).sign(2, how=Signed.REPRESENTATIVE, collector=AUNT, paper=PAPER)

    assert (case.list.paid, case.list.paid_count, len(case.list.handed_out)) == (1_200_00, 3, 2)
    assert [grant.paid for grant in case.grants] == [FOUR_HUNDRED] * 3
    assert {grant.stage for grant in case.grants} == {Stage.RECEIVED}
    assert case.grants[2].payments[1].collector == AUNT
    assert [grant.close(by_clerk()).outcome for grant in case.grants] == [Outcome.RECEIVED] * 3
    assert case.list.duties.merged == []


def test_each_ones_share_is_on_record_by_herself() -> None:
    case = on_the_list().close().review().approve().pay()

    for one in case.cases:
        event = one.facts[-1].event
        assert {event.__dict__["grant"], event.__dict__["sheet"]} == {one.id, case.id}


def test_23160_households_at_400_yuan_are_9264000_yuan() -> None:
    """Printed as 926.45万元 (陕西, 2011); what the sheet adds up to is the product, to the fen."""
    case, grants = ListCase(), [new_grant() for _ in range(23_160)]

    case.tell(case.list.close(by_clerk(), grants), by_clerk())
    case.review().approve()

    assert case.list.approved
    assert (case.list.approved.count, case.list.approved.total) == (23_160, 9_264_000_00)
    assert digest(reversed(grants), FOUR_HUNDRED) == case.list.content


# ── drawing up ───────────────────────────────────────────────────────────────────────────────


def test_a_list_is_of_an_amount_and_a_way_to_pay_that_its_scheme_allows() -> None:
    each_refused(
        NothingAsked, lambda: ListCase(each=Fen(0)), lambda: ListCase(each=Fen(-1))
    )  # fmt: skip
    with pytest.raises(ModeBarred):
        ListCase(mode=PayMode.CARD)
    with pytest.raises(AboveTheCap):
        ListCase(each=Fen(1_000_01))


def test_nobody_is_put_on_above_her_cap_of_the_year() -> None:
    case = ListCase()

    case.list.admit(by_clerk(), WARMTH, {CapPer.PERSON_YEAR: Fen(600_00)})
    with pytest.raises(AboveTheCap):
        case.list.admit(by_clerk(), WARMTH, {CapPer.PERSON_YEAR: Fen(600_01)})


def test_a_list_is_of_somebody() -> None:
    case = ListCase()

    each_refused(ListEmpty, case.close, case.review, case.approve)
    with pytest.raises(ListEmpty):
        case.list.give_back(by_reviewer(), "无人")
    with pytest.raises(ListEmpty):
        on_the_list().close().review().approve().list.pay_sheet(by_cashier(), [], PAPER)


def test_a_list_that_was_sent_up_takes_nobody_in_and_strikes_nobody_off() -> None:
    for case in (on_the_list().close(), on_the_list().close().review().approve()):
        with pytest.raises(ListClosed):
            case.put_on(CHILD)
        each_refused(ListClosed, case.list.still_open, case.close)


def test_a_list_is_handled_by_its_union_or_one_above_it_in_its_own_journal() -> None:
    one = ListCase().list

    one.handled_here(by_clerk(union=CITY), HERE, [COUNTY, CITY])
    with pytest.raises(NotYourGrant):
        one.handled_here(by_clerk(union=TOWN), HERE, [COUNTY, CITY])
    with pytest.raises(NotYourGrant):
        one.handled_here(by_clerk(), THERE, [COUNTY, CITY])


def test_who_is_struck_off_is_given_nothing() -> None:
    case = on_the_list()
    struck = case.cases.pop()
    struck.tell(struck.grant.strike_off(by_clerk(), "重名"), by_clerk())

    assert isinstance(struck.facts[-1].event, StruckOff)
    assert struck.grant.stage is Stage.WITHDRAWN
    case.close().review().approve()
    assert case.list.total == 800_00
    with pytest.raises(GrantOver):
        case.list.pay_sheet(by_cashier(), [struck.grant], PAPER)


# ── approving ────────────────────────────────────────────────────────────────────────────────


def test_a_list_is_approved_as_it_was_seen_and_reviewed() -> None:
    case = on_the_list().close()

    with pytest.raises(StepMissing):
        case.approve()
    case.review()
    with pytest.raises(ContentChanged):
        case.approve(content=digest([new_grant()], FOUR_HUNDRED))
    case.approve()
    with pytest.raises(AlreadyApproved):
        case.approve()


def test_what_is_given_back_is_reviewed_anew() -> None:
    case = on_the_list().close().review()
    with pytest.raises(OpinionMissing):
        case.list.give_back(by_approver(), "")
    case.tell(case.list.give_back(by_approver(), "缺一户"), by_approver())

    case.put_on(CHILD).close()

    with pytest.raises(StepMissing):
        case.approve()
    assert case.review().approve().list.total == 1_600_00
    with pytest.raises(AlreadyApproved):
        case.list.give_back(by_approver(), "缺一户")


def test_a_list_with_somebody_who_is_held_waits() -> None:
    case = on_the_list().close().review()

    with pytest.raises(HeldAsDouble):
        case.approve(held=[case.ids[0]])


def test_amounts_of_lists_go_by_level_minutes_and_fund() -> None:
    rules = replace(
        WARMTH, levels=(Level(above=Fen(300_00), approver=CITY),), minutes_above=Fen(1_000_00),
        funds=(FUND,),
    )  # fmt: skip
    case = ListCase(rules).put_on(*THREE).close().review()
    by_city = by_approver(union=CITY)

    with pytest.raises(HigherApprover):
        case.approve(minutes=PAPER)
    with pytest.raises(MinutesMissing):
        case.approve(by_city)
    with pytest.raises(WrongFund):
        case.approve(by_city, minutes=PAPER, fund=new_fund())
    assert case.approve(by_city, minutes=PAPER).list.approved


def test_where_each_is_to_be_publicised_the_approver_is_shown_that_each_was() -> None:
    rules = replace(WARMTH, steps=(Step.REVIEW, Step.NOTICE), notice_days=5)
    case = ListCase(rules).put_on(*THREE)
    for one in case.cases[:2]:
        one.publicise()
    case.close().review()
    after = by_approver(TODAY + timedelta(8))

    with pytest.raises(StepMissing):
        case.approve(after)
    with pytest.raises(StepMissing):
        case.approve(after, grants=case.grants[:2])
    with pytest.raises(StepMissing):
        case.approve(after, grants=case.grants)
    case.cases[2].publicise().objected()
    with pytest.raises(NoticeStands):
        case.approve(grants=case.grants)
    with pytest.raises(ObjectionOpen):
        case.approve(after, grants=case.grants)
    case.cases[2].answer()
    assert case.approve(after, grants=case.grants).list.approved


# ── separation of duties ─────────────────────────────────────────────────────────────────────


def test_in_a_list_too_each_duty_falls_to_another_person() -> None:
    """By whom each is taken already, at the next step; delegated on either side as well."""
    other = new_person()
    sent_up = on_the_list().close()
    reviewed = on_the_list().close().review()
    approved = on_the_list().close().review().approve()
    paid = on_the_list().close().review().approve().pay()

    refuses_to_all(lambda by, f: sent_up.review(by, acting_for=f), Office.REVIEWER, CLERK, other)
    for who in (CLERK, REVIEWER):
        refuses_to_all(
            lambda by, f: reviewed.approve(by, acting_for=f), Office.APPROVER, who, other
        )
    for who in (CLERK, REVIEWER, APPROVER):
        refuses_to_all(lambda by, f: approved.pay(by=by, acting_for=f), Office.CASHIER, who, other)
    for who in (CLERK, REVIEWER, APPROVER, CASHIER):
        refuses_to_all(lambda by, f: paid.sign(by=by, acting_for=f), Office.CHAIR, who, other)


def refuses_to_all(
    step: Callable[[Act, PersonId | None], object], office: Office, who: PersonId, other: PersonId
) -> None:
    for officer, acting_for in ((who, None), (who, other), (other, who)):
        with pytest.raises(OneDutyEach):
            step(act(officer, office), acting_for)


def test_who_puts_somebody_on_a_list_handles_it() -> None:
    second = new_person()
    case = on_the_list(WEI).put_on(LAN, by=act(second)).close(hands=[CLERK, second])

    assert case.list.duties.held[Duty.HANDLER] == {CLERK, second}
    with pytest.raises(OneDutyEach):
        case.review(act(second, Office.REVIEWER))


def test_even_where_the_list_does_not_name_her_she_neither_pays_nor_witnesses() -> None:
    second = new_person()
    case = on_the_list(WEI).put_on(LAN, by=act(second)).close().review().approve()

    with pytest.raises(OneDutyEach):
        case.pay(by=act(second, Office.CASHIER))
    case.pay(0, by=act(second, Office.CASHIER)).pay(1)
    with pytest.raises(OneDutyEach):
        case.sign(1, by=act(second, Office.CHAIR))


def test_its_reviewer_neither_puts_anybody_on_nor_sends_it_up_again() -> None:
    case = on_the_list().close().review()
    case.tell(case.list.give_back(by_reviewer(), "缺一户"), by_reviewer())

    with pytest.raises(OneDutyEach):
        case.put_on(CHILD, by=act(REVIEWER))
    with pytest.raises(OneDutyEach):
        case.close(act(REVIEWER))
    with pytest.raises(OneDutyEach):
        case.close(acting_for=REVIEWER)


@pytest.mark.parametrize("who", [WEI, AUNT], ids=["on it", "kin"])
def test_nobody_decides_on_a_list_with_herself_or_her_kin_on_it(who: PersonId) -> None:
    concerned = {*THREE, AUNT}
    case = on_the_list()

    with pytest.raises(OwnOrKin):
        case.close(act(who), concerned=concerned)
    case.close()
    with pytest.raises(OwnOrKin):
        case.review(act(who, Office.REVIEWER), concerned=concerned)
    case.review()
    with pytest.raises(OwnOrKin):
        case.approve(act(who, Office.APPROVER), concerned=concerned)
    case.approve()
    with pytest.raises(OwnOrKin):
        case.pay(by=act(who, Office.CASHIER), concerned=concerned)
    case.pay()
    with pytest.raises(OwnOrKin):
        case.sign(by=act(who, Office.CHAIR), concerned=concerned)


def test_nobody_pays_or_witnesses_her_own_even_where_nobody_says_who_is_concerned() -> None:
    case = on_the_list().close().review().approve()

    with pytest.raises(OwnOrKin):
        case.pay(by=act(WEI, Office.CASHIER))
    case.pay()
    with pytest.raises(OwnOrKin):
        case.sign(by=act(WEI, Office.CHAIR))


def test_a_list_on_paper_is_recorded_with_every_rule_that_it_broke() -> None:
    rules = replace(WARMTH, minutes_above=Fen(1), steps=(Step.REVIEW, Step.NOTICE), notice_days=1)
    case = ListCase(rules).put_on(*THREE).close()
    reviewing = on_paper(by_reviewer(), CLERK, Office.REVIEWER)
    event = case.list.review(reviewing, concerned=())
    assert event.findings == ("OneDutyEach",)

    case.approve(on_paper(by_approver(), CLERK), held=case.ids)
    assert case.list.approved
    assert case.list.approved.findings == (
        "StepMissing", "HeldAsDouble", "OneDutyEach", "MinutesMissing",
    )  # fmt: skip

    case.cases[0].hold(new_grant())
    sheet, made = case.list.pay_sheet(
        on_paper(by_cashier(), CLERK, Office.CASHIER), case.grants, PAPER,
        goods=(goods(FOUR_HUNDRED),),
    )  # fmt: skip
    assert sheet.findings == ("OneDutyEach", "HeldAsDouble", "GoodsUnlisted")
    assert {each.findings for each in made} == {sheet.findings}

    case.pay(1)
    by = on_paper(by_witness(), CASHIER, Office.CHAIR)
    case.sign(1, how=Signed.REPRESENTATIVE, paper=PAPER, collector=CASHIER, by=by)
    signed = case.cases[1].facts[-1].event
    assert isinstance(signed, ReceiptSigned)
    assert signed.findings == ("OneDutyEach",)
    assert case.grants[1].duties.merged == [(CASHIER, [Duty.PAYER, Duty.WITNESS])]


# ── handing out ──────────────────────────────────────────────────────────────────────────────


def test_nothing_is_handed_out_before_the_approval_or_off_the_list() -> None:
    open_one = on_the_list()
    with pytest.raises(NotApproved):
        open_one.pay()
    other, stranger = on_the_list().close().review().approve(), Case(WARMTH).apply(FOUR_HUNDRED)

    for grant in (open_one.grants[0], stranger.grant, AidGrant()):
        with pytest.raises(NotOnTheList):
            other.list.pay_sheet(by_cashier(), [grant], PAPER)
        with pytest.raises(NotOnTheList):
            other.list.sign_sheet(by_witness(), [grant], Signed.SELF)


def test_nobody_is_handed_hers_twice() -> None:
    case = on_the_list().close().review().approve()
    first = case.grants[0]

    with pytest.raises(BeyondTheGrant):
        case.list.pay_sheet(by_cashier(), [first, first], PAPER)
    case.pay(0)
    with pytest.raises(BeyondTheGrant):
        case.pay(0)


def test_no_more_is_handed_out_than_was_approved() -> None:
    case = on_the_list().close().review().approve()
    slipped_in = Case(WARMTH, case.id).apply(FOUR_HUNDRED, person=CHILD)
    case.pay()

    with pytest.raises(BeyondTheGrant):
        case.list.pay_sheet(by_cashier(), [slipped_in.grant], PAPER)


def test_who_is_found_to_be_a_double_after_the_approval_is_not_handed_hers() -> None:
    case = on_the_list().close().review().approve()
    case.cases[0].hold(new_grant())

    with pytest.raises(HeldAsDouble):
        case.pay()
    assert case.pay(1, 2).list.paid_count == 2


def test_who_is_objected_to_after_the_approval_is_not_handed_hers() -> None:
    case = on_the_list().close().review().approve()
    case.cases[0].objected()

    with pytest.raises(ObjectionStopsPayment):
        case.pay()
    assert case.pay(1, 2).list.paid_count == 2

    case.pay(0, by=on_paper(by_cashier(), CASHIER, Office.CASHIER))
    assert case.list.handed_out[-1].findings == ("ObjectionStopsPayment",)


def test_only_who_was_objected_to_is_marked_on_a_sheet_on_paper() -> None:
    case = on_the_list().close().review().approve()
    case.cases[0].objected()

    case.pay(by=on_paper(by_cashier(), CASHIER, Office.CASHIER))

    marked = [each.facts[-1].event.__dict__["findings"] for each in case.cases]
    assert marked == [("ObjectionStopsPayment",), (), ()]


def test_goods_of_a_list_are_listed_for_each() -> None:
    case = ListCase(mode=PayMode.GOODS).put_on(*THREE).close().review().approve()

    with pytest.raises(GoodsUnlisted):
        case.pay()
    with pytest.raises(GoodsUnlisted):
        case.pay(goods=(goods(Fen(399_00)),))
    assert case.pay(goods=(goods(FOUR_HUNDRED),)).list.paid == 1_200_00


def test_a_list_by_bank_needs_the_account_of_each() -> None:
    case = ListCase(mode=PayMode.BANK).put_on(*THREE)
    for one in case.cases[:2]:
        one.name_payee(account="6228480402564890018")
    case.close().review().approve()

    with pytest.raises(NoPayee):
        case.pay()
    assert case.pay(0, 1).list.paid_count == 2


def test_what_came_back_is_handed_out_once_more_and_counted_once() -> None:
    case = on_the_list().close().review().approve().pay()
    one = case.cases[0]
    one.tell(
        one.grant.returned(by_cashier(), 1, Failure.NOT_COLLECTED, Code("退1")), by_cashier()
    )  # fmt: skip
    assert (one.grant.stage, one.grant.paid) == (Stage.FAILED, 0)

    sheet, made = case.list.pay_sheet(by_cashier(), [one.grant], PAPER)
    case.tell(sheet, by_cashier())
    one.tell(made[0], by_cashier())

    assert (sheet.again, made[0].payment, made[0].instead_of) == (1, 2, 1)
    assert (case.list.paid, case.list.paid_count) == (1_200_00, 3)
    case.sign(0)
    assert one.grant.stage is Stage.RECEIVED
    assert one.grant.close(by_clerk()).outcome is Outcome.RECEIVED


def test_what_nobody_collects_is_closed_as_such() -> None:
    case = on_the_list().close().review().approve().pay()
    one = case.cases[0]
    back = one.grant.returned(by_cashier(), 1, Failure.NOT_COLLECTED, Code("退1"))
    one.tell(back, by_cashier())

    closed = one.grant.close(by_clerk(), uncollected=True)

    assert closed.outcome is Outcome.NOT_COLLECTED


def test_only_what_was_handed_out_is_signed_for_once_and_by_another_in_writing() -> None:
    case = on_the_list().close().review().approve()

    with pytest.raises(NoSuchPayment):
        case.sign(0)
    case.pay()
    with pytest.raises(PayeeWithoutPaper):
        case.sign(0, how=Signed.REPRESENTATIVE)
    for collector in (REVIEWER, CASHIER):
        with pytest.raises(OneDutyEach):
            case.sign(0, how=Signed.REPRESENTATIVE, paper=PAPER, collector=collector)
    case.sign(0)
    with pytest.raises(NoSuchPayment):
        case.sign(0)


def test_a_list_folds_from_its_own_facts() -> None:
    made = AidList.told(
        AidList.draw_up(
            by_clerk(), (name := new_aid_list()), "送清凉", scheme=SCHEME, version=1,
            rules=WARMTH, each=FOUR_HUNDRED, mode=PayMode.CASH,
        ),
        AidListReturned(name, COUNTY, "缺一户"),
        SheetPaid(name, COUNTY, 1, 2, Fen(800_00), PAPER),
    )  # fmt: skip

    assert (made.open, made.paid, made.paid_count) == (True, 800_00, 2)
