"""The audit of disbursements: each finding is brought about by the world, and put right by it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from ledger import procedures
from ledger.domain.aid import (
    AidApplied,
    AidApproved,
    Failure,
    Goods,
    Lifted,
    NoticePosted,
    PayeeKind,
    PayeeNamed,
    PaymentMade,
    ReceiptSigned,
    Signed,
)
from ledger.domain.aiding import AidKind, Cap, CapPer, KindRules, PayMode, Step
from ledger.domain.auditing import Finding
from ledger.domain.funds import Fund, FundCredited
from ledger.domain.hardship import (
    Category,
    FileBasis,
    FileOutcome,
    HardshipCause,
    HardshipFileOpened,
)
from ledger.domain.ids import FileId, GrantId, PersonId, QuestionId, new_household
from ledger.domain.kernel import Basis, Code, Decision, Fen, Group, Office, Scope
from ledger.domain.membership import Card, MemberLeft, Membership
from ledger.domain.persons import DeathProof, Household, Person, PersonDied
from ledger.domain.questions import Outcome, QuestionKind, Reply, Verdict
from ledger.procedures import aiding
from ledger.projections import disbursement_audit as audit
from ledger.projections import rebuild, schemes
from ledger.projections.disbursement_audit import FindingState, Line, Sought
from ledger.projections.filters import UnknownFilter
from ledger.replay import derive
from tests.aid import STUDY, TEMPORARY, WARMTH, YUAN, AidOffice
from tests.auditing import (
    annul,
    approve_on_paper,
    correct,
    granted,
    on_paper,
    past,
    place,
    settled,
    take_back,
)
from tests.pair import Pair, annex, close, open_pair
from tests.world import World, open_province

LIVING = KindRules(
    kind=AidKind.LIVING, steps=(Step.FILE, Step.REVIEW),
    caps=(
        Cap(per=CapPer.HOUSEHOLD_YEAR, most=Fen(5000 * YUAN), category=Code("severe")),
        Cap(per=CapPer.HOUSEHOLD_YEAR, most=Fen(2000 * YUAN), category=Code("relative")),
    ),
    modes=(PayMode.BANK,), categories=(Code("severe"), Code("relative")), once_per_need=False,
)  # fmt: skip
KINDS = (STUDY, WARMTH, TEMPORARY, LIVING)
LATER = date(2027, 12, 31)


@pytest.fixture
def office(tmp_path: Path, ledger_url: str) -> Iterator[AidOffice]:
    made = AidOffice(open_province(tmp_path, url=ledger_url), KINDS)
    yield made
    again(made.world)
    made.world.ledger.close()


def again(world: World) -> None:
    """Dropped and replayed, the audit has found the same. Raises: Differs."""
    rebuild(world.ledger.database, world.origin, audit.VIEW)


# ── what is found ────────────────────────────────────────────────────────────────────────────


def lines(world: World, today: date = LATER, **sought: Any) -> list[Line]:
    with world.ledger.reading() as reader:
        return list(audit.each(reader.conn, world.origin, Sought(today, **sought), size=3))


def found(world: World, today: date = LATER, **sought: Any) -> dict[str, list[Line]]:
    by_rule: dict[str, list[Line]] = {}
    for line in lines(world, today, **sought):
        by_rule.setdefault(line.rule, []).append(line)
    return by_rule


def rules(office: AidOffice, today: date = LATER) -> set[str]:
    return set(found(office.world, today))


def the(office: AidOffice, rule: str, today: date = LATER) -> Line:
    [line] = found(office.world, today)[rule]
    return line


# ── one grant ────────────────────────────────────────────────────────────────────────────────


def test_a_grant_that_went_as_its_scheme_wants_it_shows_nothing(office: AidOffice) -> None:
    settled(office)

    assert rules(office) == set()


def test_a_receipt_is_missing_from_the_day_after_its_last(office: AidOffice) -> None:
    grant = granted(office)
    office.pay(grant)
    last = office.world.today + timedelta(STUDY.receipt_days)

    assert rules(office, last) == set()
    line = the(office, "ReceiptMissing", last + timedelta(1))
    assert (line.subject, line.amount, line.since) == (grant, 3000 * YUAN, last + timedelta(1))
    assert line.cites == (office.grant(grant).payments[1].ref,)
    office.sign(grant)
    assert rules(office) == set()


def test_money_that_came_back_waits_to_be_sent_again(office: AidOffice) -> None:
    grant = granted(office)
    payment = office.send(grant)
    with office.entry(Office.CASHIER, office.world.root) as entry:
        aiding.failed(entry, grant, payment, Failure.ACCOUNT_CLOSED)

    assert the(office, "ReturnNotReissued").amount == 3000 * YUAN
    office.sign(grant, office.pay(grant))
    assert rules(office) == set()


def test_above_the_cap_of_the_day_on_paper(office: AidOffice) -> None:
    grant = office.apply(office.world.worker(), 7000 * YUAN)
    office.examined(grant)
    approve_on_paper(office, grant, minutes="纪要1")
    office.sign(grant, office.pay(grant))

    line = the(office, "PaidAboveCap")
    assert (line.amount, line.detail) == (1000 * YUAN, "child_year 600000 0")
    take_back(office, grant, 1000 * YUAN)
    assert rules(office) == set()


def test_above_the_cap_of_a_year_names_the_grant_that_went_above(office: AidOffice) -> None:
    mother, child = office.world.worker(), office.world.worker()
    settled(office, mother, amount=4000 * YUAN, child=child, need="春季")
    second = office.apply(mother, 2500 * YUAN, child=child, need="秋季")
    office.examined(second)
    approve_on_paper(office, second)

    line = the(office, "PaidAboveCap")
    assert (line.subject, line.amount) == (second, 500 * YUAN)
    correct(office.world, second, AidApproved, amount=Fen(2000 * YUAN), findings=())
    assert rules(office) == set()


def test_a_notice_that_ran_longer_than_was_typed_in(office: AidOffice) -> None:
    grant = settled(office)
    notice = office.grant(grant).notices[-1]

    correct(office.world, grant, NoticePosted, until=office.world.today)
    line = the(office, "NoticeCutShort")
    assert office.grant(grant).notices[-1].ref in line.cites
    correct(office.world, grant, NoticePosted, until=notice.until)
    assert rules(office) == set()


def test_a_grant_without_its_notice(office: AidOffice) -> None:
    grant = settled(office)
    annul(office.world, grant, NoticePosted)

    assert the(office, "NoticeCutShort").subject == grant


def test_who_had_two_duties_on_paper(office: AidOffice) -> None:
    world = office.world
    clerk = world.officer(office.village, Office.CLERK)
    with world.entry(world.root, Office.CHAIR, date(2026, 1, 1)) as entry:
        entry.write(
            entry.offices_of(clerk).appoint(
                entry.act, clerk, world.root, Office.APPROVER, line=[world.root]
            )
        )
    grant = office.apply(world.worker())
    office.examined(grant)
    approve_on_paper(office, grant, clerk)

    line = the(office, "DutiesMerged")
    assert line.detail == "approver handler"
    approval = office.grant(grant).approval
    assert approval is not None
    assert approval.ref in line.cites
    chief = Decision(world.officer(world.root, Office.APPROVER), Office.APPROVER)
    correct(world, grant, AidApproved, decided_by=chief, findings=())
    assert rules(office) == set()


def test_a_decision_on_paper_names_the_rules_that_it_broke(office: AidOffice) -> None:
    grant = office.apply(office.world.worker(), 5500 * YUAN)
    office.examined(grant)
    approve_on_paper(office, grant)

    assert the(office, "DecidedAgainstRules").detail == "MinutesMissing"
    correct(office.world, grant, AidApproved, minutes=Code("纪要3"), findings=())
    assert rules(office) == set()


def test_money_that_went_out_over_an_objection(office: AidOffice) -> None:
    grant = granted(office)
    payment = office.send(grant)
    with office.entry(Office.CLERK) as entry:
        objection = aiding.object_(entry, grant, "另有房产")
    with office.entry(Office.CASHIER, office.world.root) as entry:
        aiding.made(entry, grant, payment, Code("凭证1"))
    office.sign(grant)

    line = the(office, "PaidOverObjection")
    assert (line.subject, line.amount) == (grant, 3000 * YUAN)
    with office.entry(Office.REVIEWER) as entry:
        aiding.answer(entry, grant, objection, upheld=False, text="查实无房产")
    assert rules(office) == {"PaidOverObjection"}
    correct(office.world, grant, PaymentMade, findings=())
    assert rules(office) == set()


def test_aid_of_the_past_that_nobody_had_approved_nor_signed_for(office: AidOffice) -> None:
    grant = past(office, office.world.worker(), approver=None, signed=False)

    assert rules(office, office.world.today) == {"PaidUnapproved", "ReceiptMissing"}
    take_back(office, grant, 1000 * YUAN)
    assert rules(office) == {"PaidUnapproved"}


def test_an_approval_that_is_found_to_be_later_than_its_payment(office: AidOffice) -> None:
    grant = settled(office)
    day, world = office.world.today, office.world
    world.time.to(day + timedelta(9))
    correct(world, grant, AidApproved, on=day + timedelta(3), opinion="日期有误")

    assert the(office, "PaidUnapproved").amount == 3000 * YUAN
    correct(world, grant, AidApproved, on=day, opinion="日期无误")
    assert rules(office) == set()


def test_an_emergency_is_looked_at_by_its_day(office: AidOffice) -> None:
    grant = office.apply(
        office.world.worker(), 1000 * YUAN, AidKind.TEMPORARY, need="工伤", emergency=True
    )
    office.approve(grant)
    last = office.world.today + timedelta(TEMPORARY.review_days)

    assert rules(office, last) == set()
    assert the(office, "EmergencyUnreviewed", last + timedelta(1)).subject == grant
    with office.entry(Office.REVIEWER) as entry:
        aiding.review_emergency(entry, grant, upheld=True)
    assert rules(office) == set()


def test_another_is_paid_without_paper(office: AidOffice) -> None:
    grant = office.apply(office.world.worker())
    office.examined(grant)
    with office.entry(Office.CLERK) as entry:
        aiding.name_payee(entry, grant, PayeeKind.SCHOOL, paper=Code("缴费单1"), account="7")
    office.approve(grant)
    with office.entry(Office.CASHIER, office.world.root) as entry:
        payment = aiding.instruct(entry, grant, PayMode.INSTITUTION)
        aiding.made(entry, grant, payment, Code("凭证2"))
    office.sign(grant)
    assert rules(office) == set()

    correct(office.world, grant, PayeeNamed, paper=None)
    assert the(office, "PaidToAnother").detail == "school"
    correct(office.world, grant, PayeeNamed, paper=Code("缴费单1"))
    assert rules(office) == set()


def test_another_collects_it_without_paper(office: AidOffice) -> None:
    grant = settled(office)
    correct(office.world, grant, ReceiptSigned, how=Signed.REPRESENTATIVE)

    assert the(office, "PaidToAnother").detail == "representative"
    correct(office.world, grant, ReceiptSigned, paper=Code("代领1"))
    assert rules(office) == set()


def test_what_was_typed_up_late_is_found_until_it_is_ruled(office: AidOffice) -> None:
    world = office.world
    day = world.today
    grant = granted(office)
    payment = office.send(grant)
    world.time.to(day + timedelta(60))
    cashier = world.officer(world.root, Office.CASHIER)
    with office.entry(
        Office.CLERK, act=on_paper(office, cashier, Office.CASHIER, day + timedelta(20))
    ) as entry:
        aiding.made(entry, grant, payment, Code("凭证8"))
    office.sign(grant, payment)

    line = the(office, "EnteredLate")
    assert (line.detail, line.since) == ("typed_up", world.today)
    assert line.cites == (office.grant(grant).payments[payment].ref,)


# ── several grants together ──────────────────────────────────────────────────────────────────


def test_a_need_that_was_paid_twice(office: AidOffice) -> None:
    mother, father, child = (office.world.worker() for _ in range(3))
    first = settled(office, mother, child=child)
    second = past(office, father, beneficiary=child)

    line = the(office, "AidedTwice")
    assert (line.subject, line.amount, line.detail) == (second, 1000 * YUAN, "2026-2027")
    assert {each.partition("#")[0] for each in line.cites} == {office.world.origin}
    assert office.grant(first).payments[1].ref in line.cites
    take_back(office, second, 1000 * YUAN)
    assert rules(office) == set()


def test_what_a_reviewer_found_to_be_another_need_is_not_found_twice(office: AidOffice) -> None:
    mother, child = office.world.worker(), office.world.worker()
    first = settled(office, mother, child=child, amount=1000 * YUAN)
    second = office.apply(mother, 1000 * YUAN, child=child)
    office.examined(second)
    with office.entry(Office.REVIEWER, office.world.root) as entry:
        aiding.lift(entry, second, first, Lifted.ANOTHER_NEED, "另一学段")
    office.approve(second)
    office.sign(second, office.pay(second))

    assert rules(office) == set()


def test_what_a_scheme_gives_again_is_not_found_twice(office: AidOffice) -> None:
    person = office.world.worker()
    past(office, person, 500 * YUAN, kind=AidKind.TEMPORARY, need=Code("工伤"))
    grant = office.apply(person, 1000 * YUAN, AidKind.TEMPORARY, need="工伤", emergency=True)
    office.approve(grant)
    with office.entry(Office.REVIEWER) as entry:
        aiding.review_emergency(entry, grant, upheld=True)
    with office.entry(Office.CLERK) as entry:
        aiding.name_payee(entry, grant, PayeeKind.APPLICANT, account="1")
    office.approve(grant)

    assert "AidedTwice" not in rules(office)


def test_persons_who_are_linked_later_and_parted_again(office: AidOffice) -> None:
    one, other = office.world.worker(), office.world.worker()
    settled(office, one)
    second = past(office, other)
    assert rules(office) == set()

    link = office.world.link(one, other)
    assert the(office, "AidedTwice").subject == second
    office.world.unlink(link, one, other)
    assert rules(office) == set()


def test_several_who_are_paid_to_one_account(office: AidOffice) -> None:
    first, second = settled(office), settled(office)

    line = the(office, "OneAccountForSeveral")
    assert (line.subject, line.amount) == (second, 6000 * YUAN)
    assert len(line.cites) == 2
    correct(office.world, first, PayeeNamed, account="6217000")
    assert rules(office) == set()


def test_one_person_under_two_ids_has_one_account(office: AidOffice) -> None:
    one, other = office.world.worker(), office.world.worker()
    settled(office, one, need="春季")
    settled(office, other, need="秋季")
    assert rules(office) == {"OneAccountForSeveral"}

    office.world.link(one, other)
    assert rules(office) == set()


def test_what_was_paid_after_a_death(office: AidOffice) -> None:
    person, world = office.world.worker(), office.world
    grant = settled(office, person)
    day = world.today - timedelta(1)
    with world.entry(world.root, on=day) as entry:
        entry.write(entry.read(Person, person).die(entry.act, person, DeathProof.CERTIFICATE))

    line = the(office, "PaidAfterDeath")
    assert (line.subject, line.detail) == (grant, day.isoformat())
    assert len(line.cites) == 2
    annul(world, person, PersonDied)
    assert rules(office) == set()


def test_what_was_paid_after_the_membership_had_ended(office: AidOffice) -> None:
    person, world = office.world.worker(), office.world
    membership = world.enrol(person, office.village)
    grant = settled(office, person)
    day = world.today - timedelta(1)
    with world.entry(office.village, Office.CHAIR, day) as entry:
        entry.write(*entry.read(Membership, membership).leave(entry.act, Card.TAKEN_BACK))

    line = the(office, "PaidAfterExit")
    assert (line.subject, line.detail) == (grant, day.isoformat())
    annul(world, membership, MemberLeft)
    assert rules(office) == set()


# ── hardship files ───────────────────────────────────────────────────────────────────────────


def with_file(office: AidOffice, category: Category = Category.SEVERE) -> tuple[PersonId, FileId]:
    person, household, world = office.world.worker(), new_household(), office.world
    with world.entry(office.village) as entry:
        entry.write(*Household.open(entry.act, household, person))
    with office.entry(Office.CLERK) as entry:
        opened = procedures.open_file(
            entry, household, person, category, HardshipCause.GRAVE_ILLNESS, (),
            FileBasis.MEANS_CHECK, date(2027, 6, 30), Code("困1号"),
        )  # fmt: skip
    return person, opened.file


def living(office: AidOffice, person: PersonId, amount: int = 2000 * YUAN) -> GrantId:
    grant = office.apply(person, amount, AidKind.LIVING, need="第一季度")
    with office.entry(Office.REVIEWER) as entry:
        aiding.review(entry, grant)
    with office.entry(Office.CLERK) as entry:
        aiding.name_payee(entry, grant, PayeeKind.APPLICANT, account=f"62{amount}")
    office.approve(grant)
    return grant


def test_what_was_paid_when_the_file_was_closed(office: AidOffice) -> None:
    person, file = with_file(office)
    grant = living(office, person)
    with office.entry(Office.REVIEWER) as entry:
        procedures.close_file(entry, file, FileOutcome.RECOVERED)
    office.sign(grant, office.pay(grant))

    assert the(office, "PaidWithoutFile").subject == grant
    take_back(office, grant, 2000 * YUAN)
    assert rules(office) == {"PaidWithoutFile"}


def test_a_category_that_was_too_high_lowers_the_cap(office: AidOffice) -> None:
    person, file = with_file(office)
    grant = living(office, person, 4000 * YUAN)
    office.sign(grant, office.pay(grant))
    assert rules(office) == set()

    correct(office.world, file, HardshipFileOpened, category=Category.RELATIVE)
    assert the(office, "PaidAboveCap").amount == 2000 * YUAN
    correct(office.world, file, HardshipFileOpened, category=Category.SEVERE)
    assert rules(office) == set()


def test_due_is_what_the_cap_of_her_own_category_allows(office: AidOffice) -> None:
    person, _ = with_file(office)
    grant = office.apply(person, 6000 * YUAN, AidKind.LIVING, need="第一季度")
    with office.entry(Office.REVIEWER) as entry:
        aiding.review(entry, grant)
    with office.entry(Office.CLERK) as entry:
        aiding.name_payee(entry, grant, PayeeKind.APPLICANT, account="62")
    approve_on_paper(office, grant)
    office.pay(grant)

    with office.world.ledger.reading() as reader:
        [one] = derive(reader)
    assert (one.paid, one.due) == (6000 * YUAN, 5000 * YUAN)


def test_who_is_eligible_and_not_aided(office: AidOffice) -> None:
    person, file = with_file(office)
    world = office.world

    line = the(office, "EligibleNotAided", world.today)
    assert (line.subject, line.person, line.detail) == (file, person, "severe")
    assert line.cites == (f"{world.origin}#{place(world, file, HardshipFileOpened)}",)
    living(office, person)
    assert rules(office, world.today) == set()
    assert rules(office, date(2027, 1, 5)) == {"EligibleNotAided"}
    with office.entry(Office.REVIEWER) as entry:
        procedures.close_file(entry, file, FileOutcome.RECOVERED)
    assert "EligibleNotAided" not in rules(office, date(2027, 1, 5))


# ── lists, sheets, goods ─────────────────────────────────────────────────────────────────────


def handed_out(office: AidOffice, count: int = 3, **more: Any) -> tuple[str, list[GrantId]]:
    aid_list = office.list_of([office.world.worker() for _ in range(count)])
    office.approve_list(aid_list)
    with office.entry(Office.CASHIER, office.world.root) as entry:
        aiding.hand_out(entry, aid_list, Code("签领表1"), **more)
        grants = [each.id for each in aiding.on_list(entry, aid_list) if each.id]
    with office.entry(Office.LEGAL, office.world.root) as entry:
        aiding.sign_for(entry, aid_list, Signed.SELF)
    return aid_list, grants


def test_a_list_that_adds_up_shows_nothing(office: AidOffice) -> None:
    handed_out(office)

    assert rules(office) == set()


def test_a_sheet_whose_lines_do_not_add_up(office: AidOffice) -> None:
    aid_list, grants = handed_out(office)
    correct(office.world, grants[0], PaymentMade, amount=Fen(300 * YUAN))

    line = the(office, "TotalDiffers")
    assert (line.subject, line.amount, line.detail) == (
        aid_list, 100 * YUAN, f"sheet {1200 * YUAN} {1100 * YUAN} 3 3",
    )  # fmt: skip
    correct(office.world, grants[0], PaymentMade, amount=Fen(400 * YUAN))
    assert rules(office) == set()


def test_a_list_from_which_a_line_is_gone(office: AidOffice) -> None:
    aid_list, grants = handed_out(office)
    annul(office.world, grants[1], AidApplied)

    details = {line.detail.split()[0] for line in found(office.world)["TotalDiffers"]}
    assert details == {"list", "sheet"}
    assert {line.aid_list for line in lines(office.world)} == {aid_list}


def test_goods_are_issued_and_not_signed_for(office: AidOffice) -> None:
    world = office.world
    people = [world.worker(), world.worker()]
    with office.entry(Office.CLERK) as entry:
        aid_list = aiding.draw_up(
            entry, "送清凉", office.scheme, AidKind.SENDING_WARMTH, Fen(50 * YUAN), PayMode.GOODS
        )
    with office.entry(Office.CLERK) as entry:
        aiding.put_on(entry, aid_list, people, Code("2026夏"))
    with office.entry(Office.CLERK) as entry:
        aiding.send_up(entry, aid_list)
    with office.entry(Office.REVIEWER) as entry:
        aiding.review_list(entry, aid_list)
    office.approve_list(aid_list)
    goods = (Goods("凉茶", 1, Code("箱"), Fen(50 * YUAN), Code("发票1")),)
    with office.entry(Office.CASHIER, world.root) as entry:
        aiding.hand_out(entry, aid_list, Code("签领表2"), goods=goods)

    assert [line.amount for line in found(world)["GoodsUnsigned"]] == [50 * YUAN] * 2
    with office.entry(Office.LEGAL, world.root) as entry:
        aiding.sign_for(entry, aid_list, Signed.SELF)
    assert rules(office) == set()


# ── funds ────────────────────────────────────────────────────────────────────────────────────


def test_a_fund_that_paid_more_than_it_had(office: AidOffice) -> None:
    past(office, office.world.worker(), 120_000 * YUAN)

    line = the(office, "FundOverspent")
    assert (line.subject, line.amount) == (office.fund, 20_000 * YUAN)
    office.credit(Fen(30_000 * YUAN))
    with office.entry(Office.ACCOUNTANT, office.world.root) as entry:
        fund = entry.read(Fund, office.fund)
        entry.write(fund.cover(entry.act, Fen(20_000 * YUAN)))
    assert rules(office) == set()


def test_a_contribution_that_was_less_than_typed_in(office: AidOffice) -> None:
    settled(office)
    correct(office.world, office.fund, FundCredited, amount=Fen(1000 * YUAN))

    assert the(office, "FundOverspent").amount == 2000 * YUAN
    office.credit(Fen(1500 * YUAN))
    assert the(office, "FundOverspent").amount == 500 * YUAN
    office.credit(Fen(500 * YUAN))
    assert rules(office) == set()


# ── two provinces ────────────────────────────────────────────────────────────────────────────

AID = (Scope.ORGANISATION, Scope.PERSON, Scope.MEMBERSHIP, Scope.AID)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    made = open_pair(tmp_path).agree(annex(AID, (Group.IDENTITY, Group.MEMBERSHIP)))
    yield made
    for world in (made.home, made.host):
        again(world)
    close(made)


def alike(pair: Pair, rule: str) -> list[tuple[Any, ...]]:
    """What both provinces have found of a rule; it is the same."""
    seen = [
        [replace(line, key="") for line in found(world).get(rule, [])]
        for world in (pair.home, pair.host)
    ]
    assert seen[0] == seen[1]
    return [(line.subject, line.amount, line.cites) for line in seen[0]]


def test_both_provinces_find_the_same_after_days_apart(pair: Pair) -> None:
    person, membership = pair.member("韦秀英")
    at_home, at_host = AidOffice(pair.home), AidOffice(pair.host)
    pair.accept(membership, offered(pair, membership))
    pair.sync()

    first = settled(at_home, person, amount=2000 * YUAN)  # neither side hears the other
    pair.home.time.to(pair.home.today + timedelta(3))
    second = settled(at_host, person, amount=1000 * YUAN)
    assert "AidedTwice" not in rules(at_home) | rules(at_host)
    pair.sync()

    [(subject, amount, cites)] = alike(pair, "AidedTwice")
    assert (subject, amount) == (second, 1000 * YUAN)
    assert {each.partition("#")[0] for each in cites} == {pair.home.origin, pair.host.origin}
    take_back(at_host, second, 1000 * YUAN)
    pair.sync()
    assert alike(pair, "AidedTwice") == []
    assert first != second


def test_a_partners_grant_is_judged_by_the_partners_own_scheme(pair: Pair) -> None:
    person, membership = pair.member("韦秀英")
    pair.accept(membership, offered(pair, membership))
    pair.sync()
    at_host = AidOffice(pair.host)
    assert at_host.scheme not in known(pair.home)

    grant = at_host.apply(person, 7000 * YUAN)
    at_host.examined(grant)
    approve_on_paper(at_host, grant, minutes="纪要1")
    at_host.sign(grant, at_host.pay(grant))
    pair.sync()

    assert at_host.scheme in known(pair.home)
    assert [(subject, amount) for subject, amount, _ in alike(pair, "PaidAboveCap")] == [
        (grant, 1000 * YUAN)
    ]
    annul(pair.host, grant, NoticePosted)
    pair.sync()
    assert [subject for subject, *_ in alike(pair, "NoticeCutShort")] == [grant]


def test_a_scheme_comes_along_with_the_grants_of_who_is_linked_later(pair: Pair) -> None:
    person, membership = pair.member("韦秀英")
    at_home = AidOffice(pair.home)
    settled(at_home, person)

    pair.accept(membership, offered(pair, membership))
    pair.sync()

    assert at_home.scheme in known(pair.host)


def known(world: World) -> set[str]:
    with world.ledger.reading() as reader:
        return {row.scheme for row in schemes.listing(reader.conn, world.origin, world.today)}


def offered(pair: Pair, membership: Any) -> Any:
    offer = pair.offer(membership, basis=Basis.STATUTORY_DUTY)
    pair.sync()
    return offer


def test_two_records_that_are_linked_after_both_were_paid(tmp_path: Path) -> None:
    home, host = open_province(tmp_path), open_province(tmp_path, "44")
    at_home, at_host = AidOffice(home), AidOffice(host)
    one, other = home.worker("韦秀英"), host.worker("韦秀英")
    settled(at_home, one)
    host.time.to(home.today)
    second = settled(at_host, other)
    home.read_from(host)
    host.read_from(home)
    assert rules(at_home) | rules(at_host) == set()

    link = home.link(one, other)
    host.read_from(home)
    for office in (at_home, at_host):
        assert the(office, "AidedTwice").subject == second
        assert the(office, "AidedTwice").union == at_host.village

    home.unlink(link, one, other)
    host.read_from(home)
    assert rules(at_home) | rules(at_host) == set()
    for world in (home, host):
        again(world)
        world.ledger.close()


# ── questions, filters, pages ────────────────────────────────────────────────────────────────


def queried(world: World, line: Line) -> QuestionId:
    """An auditor raises a question about a finding, in one step."""
    with world.entry(world.root, Office.AUDITOR) as entry:
        told = audit.as_question(entry.conn, world.origin, line)
        return procedures.raise_question(
            entry, QuestionKind.AUDIT_QUERY, told.cites, answer_days=5, ruling_days=10,
            asked=told.asked, rule=told.rule, person=told.person,
        )  # fmt: skip


def test_a_finding_opens_a_question_and_its_ruling_closes_it(office: AidOffice) -> None:
    world = office.world
    office.pay(granted(office))
    question = queried(world, the(office, "ReceiptMissing"))

    line = the(office, "ReceiptMissing")
    assert (line.state, line.question) == (FindingState.ASKED, question)
    with world.entry(office.village, Office.CLERK) as entry:
        procedures.answer_question(entry, question, Reply.EXPLAINS, "本人住院，已电话核实")
    with world.entry(world.root, Office.AUDITOR) as entry:
        chief = world.act(world.root, Office.CHAIR)
    with world.ledger.entry(chief) as entry:
        procedures.rule_question(entry, question, Verdict.DISMISSED, "情况属实")

    line = the(office, "ReceiptMissing")
    assert (line.state, line.outcome) == (FindingState.CLOSED, "stands")
    assert lines(world, state=FindingState.OPEN) == []
    with world.ledger.reading() as reader:
        [tally] = audit.count(reader.conn, world.origin, Sought(LATER)).values()
    assert (tally.findings, tally.open) == (1, 0)


def test_a_question_that_was_taken_back_leaves_the_finding_open(office: AidOffice) -> None:
    office.pay(granted(office))
    question = queried(office.world, the(office, "ReceiptMissing"))
    with office.world.entry(office.world.root, Office.AUDITOR) as entry:
        procedures.close_question(entry, question, Outcome.WITHDRAWN, "提错了")

    assert the(office, "ReceiptMissing").state is FindingState.OPEN


def test_what_was_queried_already_is_not_queried_again(office: AidOffice) -> None:
    """Two payments followed one death: the second query leaves the death to the first."""
    person, world = office.world.worker(), office.world
    for need in ("春季", "秋季"):
        settled(office, person, need=need, amount=1000 * YUAN)
    with world.entry(world.root, on=date(2026, 3, 2)) as entry:
        entry.write(entry.read(Person, person).die(entry.act, person, DeathProof.CERTIFICATE))

    for line in found(world)["PaidAfterDeath"]:
        queried(world, line)

    assert {line.state for line in found(world)["PaidAfterDeath"]} == {FindingState.ASKED}


def test_lists_and_counts_ask_the_same_question(office: AidOffice) -> None:
    for _ in range(5):
        office.pay(granted(office))
    past(office, office.world.worker(), 200_000 * YUAN, need=Code("x"))
    elsewhere = office.world.union("别村工会")

    with office.world.ledger.reading() as reader:
        conn, origin = reader.conn, office.world.origin
        counts = audit.count(conn, origin, Sought(LATER))
        here = Sought(LATER, union=office.village)
        page = audit.listing(conn, origin, here, limit=4)
        rest = audit.listing(conn, origin, here, limit=4, after=page.next)
        none = audit.listing(conn, origin, Sought(LATER, union=elsewhere))
        fund = audit.listing(conn, origin, Sought(LATER, fund=office.fund, rule="FundOverspent"))
    assert counts["ReceiptMissing"] == (5, 15_000 * YUAN, 5)
    assert {rule: t.findings for rule, t in counts.items()} == {
        rule: len(told) for rule, told in found(office.world).items()
    }
    assert len(page.rows) == 4
    assert len(page.rows) + len(rest.rows) == 6
    assert none.rows == []
    assert [line.amount for line in fund.rows] == [115_000 * YUAN]


@pytest.mark.parametrize("given", [{"rules": "x"}, {"rule": "Unheard"}, {"own": "perhaps"}])
def test_an_unknown_filter_is_an_error(given: dict[str, str]) -> None:
    with pytest.raises(UnknownFilter):
        Sought.of(LATER, given)


def test_filters_as_words() -> None:
    sought = Sought.of(LATER, {"rule": "AidedTwice", "today": "2026-01-01", "own": "true"})

    assert sought == Sought(date(2026, 1, 1), rule="AidedTwice", own=True)


def test_some_test_brings_every_finding_about() -> None:
    said = set(re.findall(r"\w+", Path(__file__).read_text("utf-8")))

    assert not set(Finding.kinds) - said


def test_every_finding_is_a_sentence_with_its_article() -> None:
    for kind in Finding.kinds.values():
        assert kind.sentence().endswith(".")
        assert kind.zh.endswith("。")
        assert kind.put_right.endswith("。")
        assert kind.article
