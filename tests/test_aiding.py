"""Aid with its fund: what is approved is kept, what is paid is drawn, what comes back is there again."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from ledger.domain.aid import (
    AboveTheCap,
    AidApproved,
    AidHeld,
    AnswererHandledIt,
    Failure,
    HeldAsDouble,
    Lifted,
    ListClosed,
    MinutesMissing,
    MoneyOutstanding,
    NoPayee,
    NotApproved,
    NoticeStands,
    NotOnRecord,
    NotYourGrant,
    ObjectionAnswered,
    ObjectionRaised,
    OneDutyEach,
    OwnOrKin,
    PayeeKind,
    Signed,
    Stage,
    StepMissing,
    TakenBackFor,
    WrongFund,
)
from ledger.domain.aiding import AidKind, Cap, CapPer, PayMode
from ledger.domain.corrections import SecondPersonConfirms, Why
from ledger.domain.funds import Fund, FundExhausted, Source
from ledger.domain.ids import (
    AidListId,
    FundId,
    GrantId,
    PersonId,
    UnionId,
    new_fund,
    new_household,
    new_person,
)
from ledger.domain.kernel import Act, Basis, Code, Event, Fen, Office, Scope
from ledger.domain.offices import NotYourOffice
from ledger.domain.persons import Household, HouseholdMemberJoined, HouseholdOpened, Relation
from ledger.procedures import aiding, annul, funding
from ledger.projections import grants
from tests.aid import WARMTH, YUAN, AidOffice, open_office
from tests.auditing import correct, granted, place, take_back
from tests.pair import SHARED, annex, close, open_pair
from tests.world import open_province


@pytest.fixture
def office(tmp_path: Path) -> AidOffice:
    return open_office(tmp_path)


def test_a_study_grant_goes_from_application_to_receipt(office: AidOffice) -> None:
    mother, child = office.world.worker("韦秀英"), office.world.worker("韦小明")
    grant = office.apply(mother, child=child)

    office.examined(grant)
    office.approve(grant)
    assert office.money().reserved == 3000 * YUAN
    office.pay(grant)
    assert (office.money().reserved, office.money().balance) == (0, 97_000 * YUAN)
    office.sign(grant)
    with office.entry(Office.CLERK) as entry:
        aiding.close(entry, grant)

    assert office.grant(grant).stage is Stage.CLOSED
    with office.world.ledger.reading() as reader:
        (row,) = grants.listed(reader.conn, office.world.origin, grants.Sought(person=child)).rows
    assert (row["stage"], row["paid"], row["turn"]) == ("closed", 3000 * YUAN, None)


def test_nothing_is_approved_before_its_steps_and_its_notice(office: AidOffice) -> None:
    grant = office.apply(office.world.worker())
    with pytest.raises(StepMissing):
        office.approve(grant)

    office.examined(grant)
    with office.entry(Office.CLERK) as entry:
        aiding.publicise(entry, grant, Code("公示2号"), Basis.SEPARATE_CONSENT, "公开栏")
    with pytest.raises(NoticeStands):
        office.approve(grant)


def test_a_failed_transfer_is_sent_again_and_what_came_back_is_kept_for_it(
    office: AidOffice,
) -> None:
    grant = office.apply(office.world.worker())
    office.examined(grant)
    office.approve(grant)
    first = office.send(grant)
    with office.entry(Office.CASHIER, office.world.root) as entry:
        aiding.failed(entry, grant, first, Failure.NAME_MISMATCH)
    second = office.pay(grant)
    with office.entry(Office.CASHIER, office.world.root) as entry:
        aiding.returned(entry, grant, second, Failure.ACCOUNT_CLOSED, Code("退1"))

    assert (office.money().reserved, office.money().balance) == (3000 * YUAN, 97_000 * YUAN)
    assert office.grant(grant).stage is Stage.FAILED
    third = office.pay(grant)
    office.sign(grant, third)

    assert office.money().reserved == 0
    assert office.grant(grant).stage is Stage.RECEIVED
    assert [p.instead_of for p in office.grant(grant).payments.values()] == [None, 1, 2]


def test_money_that_is_taken_back_is_in_the_fund_again(office: AidOffice) -> None:
    grant = office.apply(office.world.worker())
    office.examined(grant)
    office.approve(grant)
    office.pay(grant)
    office.sign(grant)
    with office.entry(Office.APPROVER, office.world.root) as entry:
        aiding.order_back(entry, grant, Fen(1000 * YUAN), TakenBackFor.WRONG_AMOUNT, "算错")
    assert office.grant(grant).stage is Stage.TAKING_BACK

    for part in (400 * YUAN, 600 * YUAN):
        with office.entry(Office.CASHIER, office.world.root) as entry:
            aiding.took_back(entry, grant, Fen(part), Code("收据9"))

    assert office.money().balance == 98_000 * YUAN
    assert office.grant(grant).taken_back == 1000 * YUAN


def test_a_change_voids_the_approval_and_frees_the_money(office: AidOffice) -> None:
    grant = office.apply(office.world.worker())
    office.examined(grant)
    office.approve(grant)
    with office.entry(Office.CLERK) as entry:
        aiding.amend(entry, grant, Fen(2000 * YUAN))

    assert office.money().reserved == 0
    with pytest.raises(NotApproved):
        office.send(grant)
    with office.entry(Office.REVIEWER) as entry:
        aiding.review(entry, grant)  # what was reviewed before was something else
    office.approve(grant)
    assert office.money().reserved == 2000 * YUAN


def part_paid(office: AidOffice, grant: GrantId, amount: int) -> int:
    with office.entry(Office.CASHIER, office.world.root) as entry:
        number = aiding.instruct(entry, grant, PayMode.BANK, Fen(amount * YUAN))
        aiding.made(entry, grant, number, Code(f"凭证{number}"))
    return number


def renamed(office: AidOffice, grant: GrantId) -> None:
    with office.entry(Office.CLERK) as entry:
        aiding.name_payee(entry, grant, PayeeKind.APPLICANT, holder="韦", bank="行", account="62")


def came_back(office: AidOffice, grant: GrantId, payment: int) -> None:
    with office.entry(Office.CASHIER, office.world.root) as entry:
        aiding.returned(entry, grant, payment, Failure.ACCOUNT_CLOSED, Code("退1"))


def moved(office: AidOffice, fund: FundId | None = None) -> tuple[int, int, int]:
    """What a fund keeps, has paid, and has back, in yuan."""
    money = office.money(fund)
    return money.reserved // YUAN, money.drawn // YUAN, money.returned // YUAN


def test_each_fund_gets_back_what_it_paid_whichever_approval_stands_now(office: AidOffice) -> None:
    world, first, second = office.world, office.fund, new_fund()
    with world.entry(world.root, Office.CHAIR) as entry:
        entry.write(Fund.open(entry.act, second, world.root, "自有资金", Source.OWN))
    with world.entry(world.root, Office.ACCOUNTANT) as entry:
        funding.credit(entry, second, Fen(10_000 * YUAN))
    grant = granted(office)
    part_paid(office, grant, 1000)
    renamed(office, grant)
    office.fund = second
    office.approve(grant)
    part_paid(office, grant, 2000)

    came_back(office, grant, 1)
    assert (moved(office, first), moved(office)) == ((1000, 1000, 1000), (0, 2000, 0))
    part_paid(office, grant, 1000)  # out of what came back
    assert (moved(office, first), moved(office)) == ((0, 2000, 1000), (0, 2000, 0))
    take_back(office, grant, 3000 * YUAN)
    assert (moved(office, first), moved(office)) == ((0, 2000, 2000), (0, 2000, 2000))


def test_what_was_taken_back_bars_neither_a_return_nor_the_next_take_back(
    office: AidOffice,
) -> None:
    grant = granted(office)
    part_paid(office, grant, 2000)
    part_paid(office, grant, 1000)
    take_back(office, grant, 500 * YUAN)

    came_back(office, grant, 2)
    part_paid(office, grant, 1000)
    take_back(office, grant, 2500 * YUAN)

    assert moved(office) == (0, 4000, 4000)


def test_two_sheets_of_one_voucher_are_two_sheets(office: AidOffice) -> None:
    aid_list = office.list_of([office.world.worker() for _ in range(3)])
    office.approve_list(aid_list)
    grants_ = on_list(office, aid_list)
    for some in (grants_[:2], grants_[2:]):
        with office.entry(Office.CASHIER, office.world.root) as entry:
            aiding.hand_out(entry, aid_list, Code("批1"), only=some)

    for grant in grants_:
        came_back(office, grant, 1)

    assert moved(office) == (1200, 1200, 1200)


def test_a_part_that_comes_back_to_an_approval_that_is_no_more_is_free_again(
    office: AidOffice,
) -> None:
    withdrawn, anew = granted(office), granted(office)
    for grant in (withdrawn, anew):
        part_paid(office, grant, 1000)
        renamed(office, grant)
        came_back(office, grant, 1)

    with office.entry(Office.CLERK) as entry:
        aiding.withdraw(entry, withdrawn, "不要了")
    office.approve(anew)

    assert office.money().reserved == 3000 * YUAN


def test_who_leaves_a_list_leaves_her_share_to_the_fund(office: AidOffice) -> None:
    aid_list = office.list_of([office.world.worker() for _ in range(5)])
    first, second, third, *_ = on_list(office, aid_list)
    with office.entry(Office.CLERK) as entry:
        aiding.withdraw(entry, first, "不要了")
    office.approve_list(aid_list)
    assert office.money().reserved == 1600 * YUAN  # she left before the approval

    with office.entry(Office.CLERK) as entry:
        aiding.withdraw(entry, second, "不要了")
    with office.entry(Office.APPROVER, office.world.root) as entry:
        aiding.decline(entry, third, "不符合条件")
    assert office.money().reserved == 800 * YUAN
    with office.entry(Office.CASHIER, office.world.root) as entry:
        assert aiding.hand_out(entry, aid_list, Code("签领表1")) == 2
    *_, last = on_list(office, aid_list)
    came_back(office, last, 1)
    with office.entry(Office.CLERK) as entry:
        aiding.close(entry, last, uncollected=True)

    assert moved(office) == (0, 800, 400)


def test_a_grant_that_is_lost_in_part_is_closed_with_what_arrived(office: AidOffice) -> None:
    grant = granted(office)
    part_paid(office, grant, 2000)
    office.sign(grant, 1)
    came_back(office, grant, part_paid(office, grant, 1000))

    with pytest.raises(MoneyOutstanding), office.entry(Office.CLERK) as entry:
        aiding.close(entry, grant)
    with office.entry(Office.CLERK) as entry:
        aiding.close(entry, grant, uncollected=True)

    assert (office.grant(grant).stage, moved(office)) == (Stage.CLOSED, (0, 3000, 1000))


def test_a_step_that_may_follow_the_payment_is_done_before_the_closure(office: AidOffice) -> None:
    grant = office.apply(office.world.worker(), 500 * YUAN, AidKind.TEMPORARY)
    renamed(office, grant)
    with office.entry(Office.REVIEWER) as entry:
        aiding.review(entry, grant)
    office.approve(grant)
    office.sign(grant, office.pay(grant))
    with pytest.raises(StepMissing), office.entry(Office.CLERK) as entry:
        aiding.close(entry, grant)

    with office.entry(Office.CLERK) as entry:
        aiding.visit(entry, grant)
        aiding.close(entry, grant)

    assert office.grant(grant).stage is Stage.CLOSED


def household(office: AidOffice, *persons: PersonId) -> None:
    made = new_household()
    with office.world.entry(office.village) as entry:
        entry.write(HouseholdOpened(made, persons[0]))
        for person in persons:
            relation = Relation.SELF if person == persons[0] else Relation.SPOUSE
            entry.write(HouseholdMemberJoined(made, person, relation, date(2020, 1, 1)))


@pytest.mark.parametrize("per", [CapPer.HOUSEHOLD_YEAR, CapPer.PERSON_YEAR])
def test_a_cap_counts_who_else_is_put_on_the_list_at_once(tmp_path: Path, per: CapPer) -> None:
    capped = replace(WARMTH, caps=(Cap(per=per, most=Fen(500 * YUAN)),))
    office = AidOffice(open_province(tmp_path), (capped,))
    one, other, stranger = (office.world.worker() for _ in range(3))
    if per is CapPer.HOUSEHOLD_YEAR:
        household(office, one, other)
    else:
        office.world.link(one, other)

    with pytest.raises(AboveTheCap):
        office.list_of([one, other])
    office.approve_list(office.list_of([one, stranger]))

    assert office.money().reserved == 800 * YUAN


def test_one_person_on_a_list_under_two_ids_is_held(office: AidOffice) -> None:
    one, other, stranger = (office.world.worker() for _ in range(3))
    office.world.link(one, other)
    aid_list = office.list_of([one, stranger, other])

    waiting = {
        office.grant(each).person: office.grant(each).held for each in on_list(office, aid_list)
    }
    assert [len(waiting[person]) for person in (one, stranger, other)] == [0, 0, 1]
    with pytest.raises(HeldAsDouble):
        office.approve_list(aid_list)


def bank_list(tmp_path: Path) -> tuple[AidOffice, AidListId, GrantId]:
    """A list that is paid to accounts, not sent up yet."""
    office = AidOffice(open_province(tmp_path), (replace(WARMTH, modes=(PayMode.BANK,)),))
    worker = office.world.worker()
    with office.entry(Office.CLERK) as entry:
        aid_list = aiding.draw_up(
            entry,
            "春节送温暖",
            office.scheme,
            AidKind.SENDING_WARMTH,
            Fen(400 * YUAN),
            PayMode.BANK,
        )
    with office.entry(Office.CLERK) as entry:
        (grant,) = aiding.put_on(entry, aid_list, [worker])
    return office, aid_list, grant


def test_a_list_that_is_sent_up_names_every_payee_and_keeps_them(tmp_path: Path) -> None:
    office, aid_list, grant = bank_list(tmp_path)
    with pytest.raises(NoPayee), office.entry(Office.CLERK) as entry:
        aiding.send_up(entry, aid_list)
    renamed(office, grant)
    with office.entry(Office.CLERK) as entry:
        aiding.send_up(entry, aid_list)
    with pytest.raises(ListClosed):
        renamed(office, grant)
    with office.entry(Office.REVIEWER) as entry:
        aiding.review_list(entry, aid_list)
    office.approve_list(aid_list)

    with pytest.raises(ListClosed):
        renamed(office, grant)


def test_after_a_return_a_list_pays_to_another_account_once_somebody_has_looked(
    tmp_path: Path,
) -> None:
    office, aid_list, grant = bank_list(tmp_path)
    renamed(office, grant)
    with office.entry(Office.CLERK) as entry:
        aiding.send_up(entry, aid_list)
    with office.entry(Office.REVIEWER) as entry:
        aiding.review_list(entry, aid_list)
    office.approve_list(aid_list)
    with office.entry(Office.CASHIER, office.world.root) as entry:
        aiding.hand_out(entry, aid_list, Code("批1"))
    came_back(office, grant, 1)
    renamed(office, grant)

    with pytest.raises(StepMissing), office.entry(Office.CASHIER, office.world.root) as entry:
        aiding.hand_out(entry, aid_list, Code("批2"), only=[grant])
    with office.entry(Office.REVIEWER) as entry:
        aiding.review(entry, grant)
    with office.entry(Office.CASHIER, office.world.root) as entry:
        aiding.hand_out(entry, aid_list, Code("批2"), only=[grant])

    assert office.grant(grant).paid == 400 * YUAN


def on_list(office: AidOffice, aid_list: AidListId) -> list[GrantId]:
    with office.world.ledger.reading() as reader:
        return grants.on_list(reader.conn, office.world.origin, aid_list)


def test_a_childs_need_is_aided_once_whichever_parent_asks(office: AidOffice) -> None:
    mother, father, child = (office.world.worker() for _ in range(3))
    first = office.apply(mother, child=child)
    second = office.apply(father, child=child)

    assert office.grant(second).stage is Stage.HELD
    office.examined(second)
    with pytest.raises(HeldAsDouble):
        office.approve(second)
    with office.entry(Office.REVIEWER, office.world.root) as entry:
        aiding.lift(entry, second, first, Lifted.ANOTHER_NEED, "另一学段")
    office.approve(second)
    assert office.grant(second).stage is Stage.APPROVED


def test_a_need_that_is_amended_to_one_already_aided_is_held(office: AidOffice) -> None:
    mother, father, child = (office.world.worker() for _ in range(3))
    first = office.apply(mother, child=child)
    second = office.apply(father, child=child, need="2027-2028")
    assert office.grant(second).held == set()

    with office.entry(Office.CLERK) as entry:
        aiding.amend(entry, second, Fen(3000 * YUAN), Code("2026-2027"))

    assert office.grant(second).held == {first}
    assert office.grant(first).held == set()


def test_a_need_that_the_partner_amends_holds_who_came_to_it_later(tmp_path: Path) -> None:
    pair = open_pair(tmp_path).agree(annex((*SHARED, Scope.AID)))
    at_home, at_host = AidOffice(pair.home), AidOffice(pair.host)
    worker, membership = pair.member()
    offer = pair.offer(membership)
    pair.sync()
    pair.accept(membership, offer)
    pair.sync()
    theirs = at_host.apply(worker, need="另一事由")
    pair.home.time.to(pair.home.today + timedelta(1))
    ours = at_home.apply(worker)
    pair.sync()
    assert at_home.grant(ours).held == at_host.grant(theirs).held == set()

    pair.host.time.to(pair.home.today + timedelta(1))
    with at_host.entry(Office.CLERK) as entry:
        aiding.amend(entry, theirs, Fen(3000 * YUAN), Code("2026-2027"))
    pair.sync()

    assert (at_home.grant(ours).held, at_host.grant(theirs).held) == (set(), {ours})
    close(pair)


def test_a_cap_counts_what_was_granted_in_the_year(office: AidOffice) -> None:
    mother, child = office.world.worker(), office.world.worker()
    first = office.apply(mother, 4000 * YUAN, child=child, need="春季")
    office.examined(first)
    office.approve(first)
    second = office.apply(mother, 2500 * YUAN, child=child, need="秋季")
    office.examined(second)

    with pytest.raises(AboveTheCap) as refused:
        office.approve(second)
    assert refused.value.facts["already"] == 4000 * YUAN


def test_a_large_amount_needs_minutes(office: AidOffice) -> None:
    grant = office.apply(office.world.worker(), 5500 * YUAN)
    office.examined(grant)
    with pytest.raises(MinutesMissing):
        office.approve(grant)
    office.approve(grant, "纪要3号")
    assert office.grant(grant).approval is not None


def test_a_fund_in_another_line_pays_nothing_here(office: AidOffice) -> None:
    other = office.world.union("别县总工会")
    village = office.world.union("别村工会", superior=other)
    grant = office.apply(office.world.worker())
    with pytest.raises(NotYourGrant), office.entry(Office.CLERK, village) as entry:
        aiding.visit(entry, grant)
    office.fund = _fund_of(office, other)
    office.examined(grant)
    with pytest.raises(WrongFund):
        office.approve(grant)


def _fund_of(office: AidOffice, union: UnionId) -> FundId:
    fund = new_fund()
    with office.world.entry(union, Office.CHAIR) as entry:
        entry.write(Fund.open(entry.act, fund, union, "别县资金", Source.OWN))
    return fund


def test_duties_are_kept_apart_by_person_after_delegation_too(office: AidOffice) -> None:
    """Pitfall 5: the clerk who took it in approves it by nobody's delegation."""
    grant = office.apply(office.world.worker())
    office.examined(grant)
    clerk = office.world.officer(office.village, Office.CLERK)
    delegate(office, office.world.root, Office.APPROVER, clerk)
    act = acting(office, clerk, Office.APPROVER)

    content = office.grant(grant).content
    with pytest.raises(OneDutyEach), office.entry(Office.APPROVER, act=act) as entry:
        aiding.approve(entry, grant, content, office.fund)


def taken_back(
    office: AidOffice, grant: GrantId, kind: type[Event], act: Act, second: PersonId | None = None
) -> None:
    with office.entry(act.office, act=act) as entry:
        annul(entry, place(office.world, grant, kind), Why.NOT_SO, "不属实", confirmed_by=second)


def test_the_handler_takes_back_no_hold_no_objection_and_no_answer(office: AidOffice) -> None:
    child, (father, mother) = office.world.worker(), (office.world.worker() for _ in range(2))
    office.apply(father, 2000 * YUAN, child=child)
    grant = office.apply(mother, 2000 * YUAN, child=child)
    with office.entry(Office.CLERK) as entry:
        objection = aiding.object_(entry, grant, "有两套房")
    clerk, reviewer = (office.world.act(office.village, e) for e in (Office.CLERK, Office.REVIEWER))
    with office.entry(Office.REVIEWER) as entry:
        aiding.answer(entry, grant, objection, True, "属实")

    with pytest.raises(NotYourOffice):
        taken_back(office, grant, AidHeld, clerk)
    for kind in (ObjectionRaised, ObjectionAnswered):
        with pytest.raises(OneDutyEach):
            taken_back(office, grant, kind, clerk)
    taken_back(office, grant, ObjectionAnswered, reviewer)

    assert office.grant(grant).held
    assert office.grant(grant).open_objections()


def test_an_approval_is_taken_back_with_a_second_person_and_given_anew(office: AidOffice) -> None:
    grant, root = granted(office), office.world.root
    approver = office.world.act(root, Office.APPROVER)
    handler = office.world.officer(office.village, Office.CLERK)
    chair = office.world.officer(root, Office.CHAIR)
    assert office.money().reserved == 3000 * YUAN

    for second in (new_person(), handler):
        with pytest.raises(SecondPersonConfirms):
            taken_back(office, grant, AidApproved, approver, second)
    taken_back(office, grant, AidApproved, approver, chair)

    assert (office.money().reserved, office.grant(grant).approval) == (0, None)
    office.approve(grant)
    office.pay(grant)
    assert office.money().balance == 97_000 * YUAN


def test_what_was_approved_is_paid_only_where_it_is_what_was_asked_for(office: AidOffice) -> None:
    grant = granted(office)
    correct(office.world, grant, AidApproved, amount=Fen(5900 * YUAN))

    with pytest.raises(NotApproved):
        office.pay(grant)


# ── one person on record twice, and her kin ──


def married(office: AidOffice, one: PersonId, other: PersonId) -> None:
    home = new_household()
    with office.world.entry(office.world.root) as entry:
        entry.write(*Household.open(entry.act, home, one))
    with office.world.entry(office.world.root) as entry:
        entry.write(entry.read(Household, home).join(entry.act, home, other, Relation.SPOUSE))


def test_who_handled_it_under_one_id_does_not_approve_under_another(office: AidOffice) -> None:
    clerk = office.world.officer(office.village, Office.CLERK)
    approver = office.world.officer(office.world.root, Office.APPROVER)
    office.world.link(clerk, approver)
    grant = office.apply(office.world.worker())
    office.examined(grant)

    with pytest.raises(OneDutyEach):
        office.approve(grant)


def test_kin_under_another_id_step_back(office: AidOffice) -> None:
    approver = office.world.officer(office.world.root, Office.APPROVER)
    second, husband = office.world.worker(), office.world.worker()
    office.world.link(approver, second)
    married(office, husband, second)
    grant = office.apply(husband)
    office.examined(grant)

    with pytest.raises(OwnOrKin):
        office.approve(grant)


def test_a_clerk_puts_neither_her_husband_nor_her_other_record_on_a_list(office: AidOffice) -> None:
    clerk = office.world.officer(office.village, Office.CLERK)
    second, husband = office.world.worker(), office.world.worker()
    office.world.link(clerk, second)
    married(office, husband, clerk)

    for person in (husband, second):
        with pytest.raises(OwnOrKin):
            office.list_of([office.world.worker(), person])


def test_a_clerk_names_neither_her_husband_nor_her_other_record_as_payee(
    office: AidOffice,
) -> None:
    clerk = office.world.officer(office.village, Office.CLERK)
    second, husband = office.world.worker(), office.world.worker()
    office.world.link(clerk, second)
    married(office, husband, clerk)
    grant = office.apply(office.world.worker())

    for person in (husband, second):
        with pytest.raises(OwnOrKin), office.entry(Office.CLERK) as entry:
            aiding.name_payee(entry, grant, PayeeKind.AGENT, payee=person, paper=Code("委1"))


def acting(office: AidOffice, person: PersonId, held: Office, union: UnionId | None = None) -> Act:
    day = office.world.today
    return Act(person, union or office.world.root, held, day, day)


def delegate(office: AidOffice, union: UnionId, held: Office, deputy: PersonId) -> None:
    """The holder of an office lets a deputy act in it."""
    giver = office.world.officer(union, held)
    with office.world.entry(union, Office.CHAIR) as entry:
        given = entry.offices_of(deputy).delegate(
            entry.act, deputy, entry.offices_of(giver), giver, union, held, office.world.today,
            date(2027, 1, 1), line=entry.line(union),
        )  # fmt: skip
        entry.write(given)


def test_no_objection_is_answered_in_the_handlers_stead_nor_by_whose_deputy_handled_it(
    office: AidOffice,
) -> None:
    village = office.village
    clerk, deputy = (office.world.officer(village, e) for e in (Office.CLERK, Office.LIAISON))

    def answers(who: PersonId, grant: GrantId) -> None:
        with office.entry(Office.REVIEWER) as entry:
            objection = aiding.object_(entry, grant, "家中有两辆货车")
        act = acting(office, who, Office.CLERK, village)
        with office.entry(Office.CLERK, act=act) as entry:
            aiding.answer(entry, grant, objection, False, "货车已报废")

    hers = office.apply(office.world.worker())
    delegate(office, village, Office.CLERK, deputy)
    with pytest.raises(AnswererHandledIt):
        answers(deputy, hers)

    act, other = acting(office, deputy, Office.CLERK, village), office.world.worker()
    with office.entry(Office.CLERK, act=act) as entry:
        in_her_stead = aiding.apply(
            entry, other, office.scheme, AidKind.STUDY, Fen(1000 * YUAN),
            need=Code("2026-2027"),
        )  # fmt: skip
    with pytest.raises(AnswererHandledIt):
        answers(clerk, in_her_stead)


def test_only_who_is_registered_is_aided_a_member_or_not(office: AidOffice) -> None:
    stranger, known = new_person(), office.world.worker()

    with pytest.raises(NotOnRecord):
        office.apply(stranger)
    with pytest.raises(NotOnRecord):
        office.apply(known, child=stranger)
    with pytest.raises(NotOnRecord):
        office.list_of([known, stranger])
    assert office.grant(office.apply(known)).stage is Stage.APPLIED


def test_nobody_handles_aid_for_herself(office: AidOffice) -> None:
    clerk = office.world.officer(office.village, Office.CLERK)
    with pytest.raises(OwnOrKin):
        office.apply(clerk)


def test_a_list_is_approved_and_handed_out_as_one_thing(office: AidOffice) -> None:
    persons = [office.world.worker() for _ in range(5)]
    aid_list = office.list_of(persons)
    office.approve_list(aid_list)
    assert office.money().reserved == 2000 * YUAN

    with office.entry(Office.CASHIER, office.world.root) as entry:
        assert aiding.hand_out(entry, aid_list, Code("签领表1")) == 5
    assert (office.money().reserved, office.money().drawn) == (0, 2000 * YUAN)
    with office.entry(Office.LEGAL, office.world.root) as entry:
        signed = aiding.sign_for(
            entry, aid_list, Signed.REPRESENTATIVE, collector=persons[0], paper=Code("代领1")
        )
    assert signed == 5
    with office.world.ledger.reading() as reader:
        counts = grants.counted(reader.conn, office.world.origin, grants.Sought(aid_list=aid_list))
        (row,) = grants.lists(reader.conn, office.world.origin).rows
    assert counts == {Stage.RECEIVED: (5, 2000 * YUAN)}
    assert (row["state"], row["paid"]) == ("paid", 2000 * YUAN)


def test_a_past_payment_beyond_the_fund_stands_unfunded(office: AidOffice) -> None:
    worker = office.world.worker()
    with office.entry(Office.ACCOUNTANT, office.world.root) as entry:
        grant = aiding.record_past(
            entry, worker, AidKind.LIVING, Fen(120_000 * YUAN), office.fund,
            Code("2025-88"), mode=PayMode.CASH,
        )  # fmt: skip

    assert (office.money().balance, office.money().unfunded) == (0, 20_000 * YUAN)
    assert office.grant(grant).paid == 120_000 * YUAN


def test_more_than_the_fund_has_is_not_approved(office: AidOffice) -> None:
    worker = office.world.worker()
    with office.entry(Office.ACCOUNTANT, office.world.root) as entry:
        aiding.record_past(
            entry, worker, AidKind.LIVING, Fen(99_000 * YUAN), office.fund,
            Code("2025-88"), mode=PayMode.CASH,
        )  # fmt: skip
    grant = office.apply(office.world.worker())
    office.examined(grant)
    with pytest.raises(FundExhausted):
        office.approve(grant)


def test_an_emergency_is_approved_by_one_and_reviewed_later(office: AidOffice) -> None:
    grant = office.apply(
        office.world.worker(), 1000 * YUAN, AidKind.TEMPORARY, need="工伤", emergency=True
    )
    office.approve(grant)
    assert office.grant(grant).review_due
    with office.entry(Office.REVIEWER) as entry:
        aiding.review_emergency(entry, grant, upheld=True)
    assert not office.grant(grant).review_due
