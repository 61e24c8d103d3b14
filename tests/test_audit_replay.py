"""Every paid amount derived again: it matches to the fen, or it says where it does not."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from ledger.domain.aid import AidApproved, AidGrant, Failure, PaymentMade, Signed
from ledger.domain.aiding import AidKind, Cap, CapPer, PayMode
from ledger.domain.auditing import Mismatch
from ledger.domain.ids import GrantId, PersonId
from ledger.domain.kernel import Code, Fen, Office
from ledger.domain.schemes import Scheme, SchemeAdopted, Transition
from ledger.procedures import aiding
from ledger.replay import Derived, derive
from ledger.replay import disbursements as module
from tests.aid import STUDY, YUAN, AidOffice
from tests.auditing import (
    approve_on_paper,
    correct,
    granted,
    on_paper,
    past,
    settled,
    take_back,
)
from tests.world import open_province


@pytest.fixture
def office(tmp_path: Path) -> Iterator[AidOffice]:
    made = AidOffice(open_province(tmp_path))
    yield made
    made.world.ledger.close()


def derived(office: AidOffice, after: int = 0) -> list[Derived]:
    with office.world.ledger.reading() as reader:
        return list(derive(reader, after=after))


def the(office: AidOffice) -> Derived:
    [one] = derived(office)
    return one


def approved_on_paper(
    office: AidOffice, amount: int, minutes: str | None = None, person: PersonId | None = None
) -> GrantId:
    grant = office.apply(person or office.world.worker(), amount)
    office.examined(grant)
    approve_on_paper(office, grant, minutes=minutes)
    office.sign(grant, office.pay(grant))
    return grant


def test_what_went_as_its_scheme_wants_it_matches(
    office: AidOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGE", 2)
    grant = settled(office)
    take_back(office, grant, 500 * YUAN)
    past(office, office.world.worker())
    aid_list = office.list_of([office.world.worker() for _ in range(3)])
    office.approve_list(aid_list)
    with office.entry(Office.CASHIER, office.world.root) as entry:
        aiding.hand_out(entry, aid_list, Code("签领表1"))

    told = derived(office)
    assert [one.paid for one in told] == [
        3000 * YUAN, 1000 * YUAN, 1200 * YUAN, 400 * YUAN, 400 * YUAN, 400 * YUAN,
    ]  # fmt: skip
    assert all(one.matches for one in told)
    assert derived(office, after=office.world.ledger.recorder.max_notification_id() or 0) == []


def test_in_parts_and_sent_again(office: AidOffice) -> None:
    grant = granted(office)
    with office.entry(Office.CASHIER, office.world.root) as entry:
        first = aiding.instruct(entry, grant, PayMode.BANK, Fen(1000 * YUAN))
        aiding.made(entry, grant, first, Code("凭证1"))
    with office.entry(Office.CASHIER, office.world.root) as entry:
        aiding.returned(entry, grant, first, Failure.ACCOUNT_CLOSED, Code("退1"))
    office.pay(grant)

    assert [(one.paid, one.due, one.matches) for one in derived(office)] == [
        (1000 * YUAN, 1000 * YUAN, True), (3000 * YUAN, 3000 * YUAN, True),
    ]  # fmt: skip


def test_above_the_cap_of_the_day(office: AidOffice) -> None:
    approved_on_paper(office, 7000 * YUAN, "纪要1")

    one = the(office)
    assert (one.paid, one.due, one.why) == (7000 * YUAN, 6000 * YUAN, (Mismatch.ABOVE_CAP,))
    assert one.rules == ("AboveTheCap",)


def test_against_a_rule_of_the_day(office: AidOffice) -> None:
    approved_on_paper(office, 5500 * YUAN)

    one = the(office)
    assert (one.due, one.why, one.rules) == (0, (Mismatch.AGAINST_RULES,), ("MinutesMissing",))


def test_what_was_learned_later_plays_no_part(office: AidOffice) -> None:
    """A lower cap, adopted afterwards and even from an earlier day, judges no earlier payment."""
    settled(office)
    world = office.world
    kinds = [replace(STUDY, caps=(Cap(per=CapPer.CHILD_YEAR, most=Fen(1000 * YUAN)),))]
    with world.entry(world.root, Office.CHAIR) as entry:
        entry.write(
            entry.read(Scheme, office.scheme).adopt(
                entry.act, office.scheme, "新办法", 2, world.today - timedelta(10), kinds,
                Code("450000"), Transition.NEW_RULES,
            )
        )  # fmt: skip
    world.time.to(world.today + timedelta(1))
    correct(world, office.scheme, SchemeAdopted, title="新办法（修订）")

    assert the(office).matches


def test_what_was_granted_is_counted_as_it_was_known_at_the_decision(office: AidOffice) -> None:
    """A payment of January typed up later, an earlier paper date and a link change nothing."""
    world, first = office.world, office.world.worker()
    other = world.worker()
    for person in (first, other):
        settled(office, person, amount=4000 * YUAN)
    world.time.to(world.today + timedelta(1))

    clerk = world.act(world.root, Office.ACCOUNTANT, date(2026, 1, 15))
    with office.entry(Office.ACCOUNTANT, act=clerk) as entry:
        aiding.record_past(
            entry, first, AidKind.STUDY, Fen(3000 * YUAN), office.fund, Code("2026-1"),
            mode=PayMode.CASH, need=Code("2025-2026"), signed=True,
            approver=world.officer(world.root, Office.APPROVER),
        )  # fmt: skip
    world.link(first, other)

    assert all(one.matches for one in derived(office))


def test_who_decided_second_is_above_the_cap_whatever_date_her_paper_has(
    office: AidOffice,
) -> None:
    world, person = office.world, office.world.worker()
    first = settled(office, person, amount=4000 * YUAN, need="a")
    world.time.to(world.today + timedelta(1))
    second = office.apply(person, 4000 * YUAN, need="b")
    office.examined(second)
    approval = office.grant(first).approval
    assert approval is not None
    act = on_paper(
        office, world.officer(world.root, Office.APPROVER), on=approval.on - timedelta(1)
    )
    with office.entry(Office.CLERK, act=act) as entry:
        aiding.approve(entry, second, entry.read(AidGrant, second).content, office.fund)
    office.pay(second)

    told = {one.subject: one for one in derived(office)}
    assert told[first].matches
    assert Mismatch.AGAINST_RULES not in told[first].why
    assert told[second].due < told[second].paid


def test_a_correction_of_the_minutes_number_leaves_the_approval_standing(
    office: AidOffice,
) -> None:
    grant = office.apply(office.world.worker(), 5500 * YUAN)
    office.examined(grant)
    office.approve(grant, "纪要1")
    correct(office.world, grant, AidApproved, minutes=Code("纪要11"))
    office.sign(grant, office.pay(grant))

    one = the(office)
    assert (one.due, one.why) == (5500 * YUAN, ())


def test_a_payment_that_was_corrected_since(office: AidOffice) -> None:
    grant = settled(office)
    correct(office.world, grant, PaymentMade, amount=Fen(2000 * YUAN))

    one = the(office)
    assert (one.paid, one.due, one.drawn) == (2000 * YUAN, 3000 * YUAN, 3000 * YUAN)
    assert one.why == (Mismatch.CORRECTED_SINCE, Mismatch.DRAWN_OTHERWISE)


def test_a_payment_that_nobody_had_sent(office: AidOffice) -> None:
    grant = settled(office)
    person = office.grant(grant).person
    assert person is not None
    office.world.write(
        PaymentMade(grant, person, 2, Fen(50 * YUAN), PayMode.BANK, Code("凭证9")),
        office.world.root, Office.CASHIER,
    )  # fmt: skip

    _, one = derived(office)
    assert (one.paid, one.due, one.drawn) == (50 * YUAN, 0, 0)
    assert one.why == (Mismatch.NOT_AS_INSTRUCTED, Mismatch.DRAWN_OTHERWISE)


def test_aid_of_the_past_without_an_approver(office: AidOffice) -> None:
    past(office, office.world.worker(), kind=AidKind.LIVING, approver=None)

    assert the(office).why == (Mismatch.NOT_APPROVED,)


def test_a_line_of_a_list_that_was_corrected(office: AidOffice) -> None:
    aid_list = office.list_of([office.world.worker() for _ in range(2)])
    office.approve_list(aid_list)
    with office.entry(Office.CASHIER, office.world.root) as entry:
        aiding.hand_out(entry, aid_list, Code("签领表1"))
        [first, _] = [each.id for each in aiding.on_list(entry, aid_list) if each.id]
    with office.entry(Office.LEGAL, office.world.root) as entry:
        aiding.sign_for(entry, aid_list, Signed.SELF)
    correct(office.world, first, PaymentMade, amount=Fen(390 * YUAN))

    [wrong] = [one for one in derived(office) if not one.matches]
    assert (wrong.subject, wrong.paid, wrong.due) == (first, 390 * YUAN, 400 * YUAN)
    assert wrong.why == (Mismatch.CORRECTED_SINCE,)
