"""What is paid on a grant: one journey to its end, and every way in which money goes astray."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from ledger.domain.aid import (
    AidGrant,
    BeyondTheGrant,
    Duty,
    Failure,
    Goods,
    GoodsUnlisted,
    ModeBarred,
    MoneyOutstanding,
    NoPayee,
    NoSuchPayment,
    NotApproved,
    NothingAsked,
    NothingToTakeBack,
    ObjectionStopsPayment,
    OneDutyEach,
    Outcome,
    OwnOrKin,
    PayeeKind,
    PayeeWithoutPaper,
    PaymentMade,
    PaymentState,
    Signed,
    Stage,
    StepMissing,
    TakenBackFor,
)
from ledger.domain.aiding import AidKind, PayMode, Step
from ledger.domain.ids import PersonId, new_grant
from ledger.domain.kernel import Act, Code, Fen, Office
from tests.aid_cases import (
    APPROVER,
    AUNT,
    CASHIER,
    CHAIR,
    CLERK,
    FOUR_THOUSAND,
    FUND,
    HURRIED,
    NEED,
    REVIEWER,
    TODAY,
    WARMTH,
    WEI,
    WITNESS,
    Case,
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

HALF = Fen(2_000_00)
PAPER = Code("委托书1")


def failed(case: Case, payment: int = 1, why: Failure = Failure.NAME_MISMATCH) -> Case:
    case.tell(case.grant.failed(by_cashier(), payment, why), by_cashier())
    return case


def returned(case: Case, payment: int = 1, why: Failure = Failure.ACCOUNT_CLOSED) -> Case:
    case.tell(case.grant.returned(by_cashier(), payment, why, Code("退0003")), by_cashier())
    return case


def ordered_back(case: Case, amount: Fen) -> Case:
    event = case.grant.order_back(by_approver(), amount, TakenBackFor.FALSE_CLAIM, "虚报")
    case.tell(event, by_approver())
    return case


def taken_back(case: Case, amount: Fen) -> Case:
    case.tell(case.grant.took_back(by_cashier(), amount, Code("收0009")), by_cashier())
    return case


def closed(case: Case, *, uncollected: bool = False) -> Case:
    event = case.grant.close(by_clerk(), case.rules, uncollected=uncollected)
    case.tell(event, by_clerk())
    return case


# ── one journey ──────────────────────────────────────────────────────────────────────────────


def test_a_study_grant_from_application_to_closure() -> None:
    """Objected to, lowered, approved; the account was closed, another is named; received; closed."""
    case = Case().apply(Fen(4_500_00)).name_payee(account="6228480402564890018")
    case.review().publicise().objected().answer(upheld=True, acting_for=CHAIR)

    case.amend(FOUR_THOUSAND).review().approve()
    assert case.grant.stage is Stage.APPROVED
    case.instruct()
    assert case.grant.stage is Stage.INSTRUCTED
    failed(case, why=Failure.ACCOUNT_CLOSED)
    assert (case.grant.stage, case.grant.lost_payment) == (Stage.FAILED, 1)

    case.name_payee(account="6217003320001234567")
    assert (case.grant.stage, case.grant.approval) == (Stage.APPLIED, None)
    case.approve()
    assert case.grant.stage is Stage.FAILED
    case.instruct()
    assert case.grant.payments[2].instead_of == 1
    case.made(2)
    assert (case.grant.stage, case.grant.paid) == (Stage.PAID, FOUR_THOUSAND)
    case.sign(2)
    assert case.grant.stage is Stage.RECEIVED

    closed(case)
    assert (case.grant.stage, case.grant.outcome) == (Stage.CLOSED, Outcome.RECEIVED)
    assert AidGrant.of(case.facts).payments == case.grant.payments
    assert case.grant.duties.merged == []


# ── instructing ──────────────────────────────────────────────────────────────────────────────


def test_nothing_is_paid_that_is_not_approved_as_it_stands() -> None:
    with pytest.raises(NotApproved):
        Case().examined().instruct()
    with pytest.raises(NotApproved) as refused:
        Case().approved().amend(Fen(3_000_00)).instruct()
    assert refused.value.facts["voided"]


def test_payments_never_add_up_to_more_than_was_approved() -> None:
    case = Case().approved().instruct(Fen(3_000_00))

    with pytest.raises(BeyondTheGrant):
        case.instruct(Fen(1_000_01))
    case.made().instruct(Fen(1_000_00))
    with pytest.raises(BeyondTheGrant):
        case.instruct(Fen(1))
    each_refused(NothingAsked, lambda: case.instruct(Fen(0)), lambda: case.instruct(Fen(-1)))


def test_an_objection_after_the_approval_stops_the_payment_until_it_is_answered() -> None:
    case = Case().approved().objected()
    assert case.grant.stage is Stage.OBJECTED

    with pytest.raises(ObjectionStopsPayment) as refused:
        case.instruct()
    assert refused.value.facts["objections"] == [1]

    case.answer(upheld=False).instruct()
    assert case.grant.stage is Stage.INSTRUCTED


def test_what_was_rightly_objected_to_is_changed_and_approved_anew_before_it_is_paid() -> None:
    case = Case().approved().objected().answer(upheld=True)
    with pytest.raises(ObjectionStopsPayment):
        case.instruct()

    case.amend(Fen(3_000_00)).review().approve().instruct()

    assert case.grant.under_way == 3_000_00


def test_what_was_paid_over_an_objection_is_recorded_as_such() -> None:
    sent = Case().approved().instruct().objected().made()
    assert sent.facts[-1].event.__dict__["findings"] == ("ObjectionStopsPayment",)

    by = on_paper(by_cashier(TODAY + timedelta(11)), CASHIER, Office.CASHIER)
    typed_up = Case().approved().objected().instruct(by=by)
    assert typed_up.facts[-1].event.__dict__["findings"] == ("ObjectionStopsPayment",)


def test_an_emergency_waits_for_no_objection() -> None:
    case = Case(HURRIED).apply(emergency=True, reason="工伤").approve().objected()

    case.instruct(mode=PayMode.CASH).made()

    assert case.facts[-1].event.__dict__["findings"] == ()


def test_what_failed_may_be_sent_again_and_only_once() -> None:
    case = failed(Case().approved().instruct())

    case.instruct()

    assert (case.grant.payments[2].instead_of, case.grant.lost_payment) == (1, None)
    with pytest.raises(BeyondTheGrant):
        case.instruct(Fen(1))


def test_aid_is_paid_only_in_the_ways_that_its_scheme_allows() -> None:
    with pytest.raises(ModeBarred):
        Case().approved().instruct(mode=PayMode.CASH)
    with pytest.raises(ModeBarred):
        Case().approved().instruct(mode=PayMode.CARD)


def test_a_transfer_needs_a_payee() -> None:
    with pytest.raises(NoPayee):
        Case().apply().review().publicise().approve().instruct()
    cash = Case(WARMTH).apply(Fen(1)).review().approve()
    assert cash.instruct(mode=PayMode.CASH).grant.payments[1].payee == 0


def test_a_school_is_paid_as_a_school_and_nobody_else_is() -> None:
    case = Case().apply().name_payee(PayeeKind.SCHOOL, paper=Code("缴费通知"), holder="河池学院")
    case.review().publicise().approve()

    with pytest.raises(ModeBarred):
        case.instruct(mode=PayMode.BANK)
    with pytest.raises(NoPayee):
        Case().approved().instruct(mode=PayMode.INSTITUTION)
    case.instruct(mode=PayMode.INSTITUTION).made()
    case.sign(how=Signed.OFFICER, paper=Code("学校收据"))

    assert closed(case).grant.outcome is Outcome.RECEIVED


LISTED = [
    (),
    (goods(Fen(399_99)),),
    (goods(Fen(400_00), quantity=0),),
    (goods(Fen(400_00), invoice=" "),),
    (Goods(" ", 1, Code("床"), Fen(400_00), Code("04501900")),),
    (goods(Fen(500_00)), goods(Fen(-100_00))),
]


@pytest.mark.parametrize("listed", LISTED)
def test_goods_are_listed_with_quantity_value_and_invoice(listed: tuple[Goods, ...]) -> None:
    case = Case(WARMTH).apply(Fen(400_00)).review().approve()

    with pytest.raises(GoodsUnlisted):
        case.instruct(mode=PayMode.GOODS, goods=listed)


def test_goods_are_handed_out_and_signed_for_like_money() -> None:
    case = Case(WARMTH).apply(Fen(400_00)).review().approve()
    quilts = goods(Fen(250_00), 2), goods(Fen(150_00), invoice="04501901")

    with pytest.raises(GoodsUnlisted):
        case.instruct(mode=PayMode.CASH, goods=quilts)
    case.instruct(mode=PayMode.GOODS, goods=quilts).made().sign()

    assert closed(case).grant.paid == 400_00


def test_a_payment_on_paper_is_recorded_with_what_it_broke() -> None:
    by = on_paper(by_cashier(), APPROVER, Office.CASHIER)

    case = Case().approved().instruct(mode=PayMode.CASH, goods=(goods(Fen(1)),), by=by)

    findings = case.facts[-1].event.__dict__["findings"]
    assert findings == ("OneDutyEach", "ModeBarred", "GoodsUnlisted")
    assert case.grant.duties.merged == [(APPROVER, [Duty.APPROVER, Duty.PAYER])]


# ── what the world did ───────────────────────────────────────────────────────────────────────


def test_a_payment_moves_only_as_its_state_allows() -> None:
    sent, paid, signed = Case().approved().instruct(), Case().paid(), Case().signed()

    each_refused(
        NoSuchPayment,
        lambda: sent.made(2),
        lambda: returned(sent),
        sent.sign,
        paid.made,
        lambda: failed(paid),
        lambda: failed(signed),
        signed.sign,
        lambda: failed(returned(Case().paid())),
    )


def test_that_money_was_paid_is_recorded_even_where_the_wrong_person_paid_it() -> None:
    case = Case().approved().instruct().made(by=act(CLERK, Office.CASHIER))
    event = case.facts[-1].event

    assert isinstance(event, PaymentMade)
    assert event.findings == ("OneDutyEach",)
    assert case.grant.duties.merged == [(CLERK, [Duty.HANDLER, Duty.PAYER])]
    kin = Case().approved().instruct().made(kin={CASHIER}).facts[-1].event
    assert isinstance(kin, PaymentMade)
    assert kin.findings == ("OwnOrKin",)


def test_what_the_bank_sends_back_is_sent_again_and_signed_for() -> None:
    case = returned(Case().paid())

    assert (case.grant.stage, case.grant.paid) == (Stage.FAILED, 0)
    with pytest.raises(MoneyOutstanding):
        closed(case)
    case.instruct().made(2).sign(2)

    assert [p.state for p in case.grant.payments.values()] == [
        PaymentState.RETURNED,
        PaymentState.SIGNED,
    ]
    assert closed(case).grant.outcome is Outcome.RECEIVED


def test_what_nobody_collects_is_closed_as_such() -> None:
    case = returned(Case().paid(), why=Failure.NOT_COLLECTED)

    with pytest.raises(MoneyOutstanding):
        closed(case)

    assert closed(case, uncollected=True).grant.outcome is Outcome.NOT_COLLECTED
    assert case.grant.granted == 0


def test_two_failed_halves_are_sent_again_as_a_whole() -> None:
    case = Case().approved().instruct(HALF).instruct(HALF)
    failed(failed(case, 1), 2)
    case.instruct().made(3).sign(3)

    assert (case.grant.lost_payment, case.grant.stage) == (None, Stage.RECEIVED)
    assert closed(case).grant.outcome is Outcome.RECEIVED


def test_half_may_be_received_and_the_rest_go_to_another_account() -> None:
    case = Case().approved().instruct(HALF).made().sign()
    failed(case.instruct(HALF), 2)
    case.name_payee(account="6217003320001234567")

    assert (case.grant.stage, case.grant.paid) == (Stage.APPLIED, HALF)
    with pytest.raises(NotApproved):
        case.instruct(HALF)
    case.approve().instruct(HALF).made(3).sign(3)

    assert closed(case).grant.paid == FOUR_THOUSAND


# ── receipts ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("how", [Signed.REPRESENTATIVE, Signed.GUARDIAN, Signed.OFFICER])
def test_who_signs_for_another_has_it_in_writing(how: Signed) -> None:
    with pytest.raises(PayeeWithoutPaper):
        Case().paid().sign(how=how)
    assert Case().paid().sign(how=how, paper=PAPER).grant.payments[1].signed is how


def test_a_representative_collects_who_had_no_part_in_it() -> None:
    case = Case().paid()
    for collector in (CLERK, REVIEWER, APPROVER, CASHIER):
        with pytest.raises(OneDutyEach):
            case.sign(how=Signed.REPRESENTATIVE, collector=collector, paper=PAPER)

    case.sign(how=Signed.REPRESENTATIVE, collector=AUNT, paper=PAPER)

    assert case.grant.payments[1].collector == AUNT
    assert case.grant.payments[1].signed_on == TODAY + timedelta(20)


def test_a_receipt_is_not_confirmed_by_who_paid_or_by_kin() -> None:
    with pytest.raises(OneDutyEach):
        Case().paid().sign(by=act(CASHIER, Office.CHAIR))
    with pytest.raises(OwnOrKin):
        Case().paid().sign(kin={WITNESS})


# ── taking back ──────────────────────────────────────────────────────────────────────────────


def test_a_part_is_taken_back() -> None:
    case = ordered_back(Case().signed(), Fen(1_000_00))

    assert case.grant.stage is Stage.TAKING_BACK
    with pytest.raises(MoneyOutstanding):
        closed(case)
    taken_back(taken_back(case, Fen(400_00)), Fen(600_00))

    assert (case.grant.taken_back, case.grant.granted) == (1_000_00, 3_000_00)
    assert closed(case).grant.outcome is Outcome.RECEIVED


def test_the_whole_is_taken_back_even_of_what_nobody_signed_for() -> None:
    for case in (Case().signed(), Case().paid()):
        taken_back(ordered_back(case, FOUR_THOUSAND), FOUR_THOUSAND)
        assert case.grant.granted == 0
        assert closed(case).grant.outcome is Outcome.TAKEN_BACK


def test_it_is_taken_back_after_the_closure_too() -> None:
    case = ordered_back(closed(Case().signed()), Fen(1))

    assert case.grant.stage is Stage.TAKING_BACK
    assert taken_back(case, Fen(1)).grant.stage is Stage.CLOSED


def test_no_more_is_taken_back_than_was_paid() -> None:
    paid = Case().paid()

    each_refused(
        NothingToTakeBack,
        lambda: ordered_back(Case().approved(), Fen(1)),
        lambda: ordered_back(paid, Fen(4_000_01)),
        lambda: ordered_back(paid, Fen(0)),
        lambda: ordered_back(ordered_back(Case().paid(), FOUR_THOUSAND), Fen(1)),
        lambda: taken_back(paid, Fen(1)),
        lambda: taken_back(ordered_back(Case().paid(), Fen(1)), Fen(2)),
    )


def test_what_the_bank_returns_need_not_be_taken_back_any_more() -> None:
    case = returned(ordered_back(Case().paid(), FOUR_THOUSAND))

    assert (case.grant.to_take_back, case.grant.paid) == (0, 0)
    with pytest.raises(NothingToTakeBack):
        taken_back(case, Fen(1))


def test_what_was_taken_back_cannot_come_back_from_the_bank_as_well() -> None:
    case = taken_back(ordered_back(Case().paid(), Fen(1)), Fen(1))

    with pytest.raises(NothingToTakeBack):
        returned(case)


def test_nobody_orders_back_from_her_kin_or_for_one_who_is() -> None:
    grant, kin = Case().paid().grant, {APPROVER}
    orders: list[Callable[[Act], object]] = [
        lambda by: grant.order_back(by, Fen(1), TakenBackFor.OTHER, kin=kin),
        lambda by: grant.order_back(
            replace(by, officer=CHAIR), Fen(1), TakenBackFor.OTHER, kin=kin, acting_for=APPROVER
        ),
    ]

    for order in orders:
        with pytest.raises(OwnOrKin):
            order(by_approver())


# ── closing ──────────────────────────────────────────────────────────────────────────────────


def test_a_grant_is_closed_when_nothing_of_its_money_is_open() -> None:
    with pytest.raises(NotApproved):
        closed(Case().approved())
    each_refused(
        MoneyOutstanding,
        lambda: closed(Case().approved().instruct()),
        lambda: closed(Case().paid()),
        lambda: closed(failed(Case().approved().instruct())),
    )


def test_what_may_follow_the_payment_is_done_when_it_is_closed() -> None:
    case = Case(HURRIED).apply(Fen(500_00), emergency=True, reason="住房倒塌")
    case.approve(by_approver()).instruct(mode=PayMode.CASH).made().sign()

    with pytest.raises(StepMissing) as refused:
        closed(case)
    assert refused.value.facts["missing"] == [Step.REVIEW, Step.VISIT]
    with pytest.raises(StepMissing):
        case.grant.close(by_clerk())
    case.tell(case.grant.review_emergency(by_reviewer(), True), by_reviewer())
    case.tell(case.grant.visit(by_reviewer()), by_reviewer())

    assert closed(case).grant.stage is Stage.CLOSED


# ── the past ─────────────────────────────────────────────────────────────────────────────────


def past(
    signed: bool = False, handler: PersonId | None = None, approver: PersonId | None = None,
) -> Case:  # fmt: skip
    case = Case()
    event = AidGrant.record_past(
        by_clerk(), case.id, WEI, kind=AidKind.LIVING, amount=Fen(800_00), need=NEED,
        mode=PayMode.CASH, voucher=Code("2019现付44"), fund=FUND, handler=handler,
        approver=approver, signed=signed, kin={AUNT},
    )  # fmt: skip
    case.tell(event, by_clerk())
    return case


def test_what_was_paid_before_there_was_this_book_is_signed_for_taken_back_and_closed() -> None:
    unsigned, signed = past(), past(signed=True)

    assert (unsigned.grant.stage, signed.grant.stage) == (Stage.PAID, Stage.RECEIVED)
    assert unsigned.grant.granted == signed.grant.paid == 800_00
    unsigned.sign(by=by_witness())
    assert closed(unsigned).grant.outcome is Outcome.RECEIVED
    taken_back(ordered_back(signed, Fen(800_00)), Fen(800_00))
    assert closed(signed).grant.outcome is Outcome.TAKEN_BACK


def test_what_was_wrong_about_the_past_is_found_and_no_reason_to_keep_it_out() -> None:
    lone, own = past(handler=CHAIR, approver=CHAIR), past(handler=AUNT, approver=CHAIR)

    assert lone.facts[-1].event.__dict__["findings"] == ("OneDutyEach",)
    assert lone.grant.duties.merged == [(CHAIR, [Duty.HANDLER, Duty.APPROVER])]
    assert own.facts[-1].event.__dict__["findings"] == ("OwnOrKin",)
    with pytest.raises(NothingAsked):
        AidGrant.record_past(
            by_clerk(), new_grant(), WEI, kind=AidKind.LIVING, amount=Fen(0), need=NEED,
            mode=PayMode.CASH, voucher=Code("1"), fund=FUND,
        )  # fmt: skip


def test_what_counts_towards_a_cap() -> None:
    """As approved while it is under way; as paid, less what came back; nothing where it came to nothing."""
    declined = Case().approved()
    declined.tell(declined.grant.decline(by_approver(), "不符合条件"), by_approver())

    assert Case().examined().grant.granted == 0
    assert Case().approved().grant.granted == FOUR_THOUSAND
    assert Case().approved().instruct(HALF).made().grant.granted == FOUR_THOUSAND
    assert declined.grant.granted == 0
