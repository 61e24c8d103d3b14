"""Aid (救助办理): a grant with its fund and its file; two payers for one need; lists of one amount.

What a scheme asks for, who is kin, what was already given and which day is the first on which a
notice may end: all that is found here and handed to the law, which decides. Money is kept for a
grant with its approval, drawn with its payment, and back with its return, in the same entry.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date, timedelta

from ledger.book import Entry, NotFound
from ledger.clock import working_days_after
from ledger.domain.aid import (
    AidApplied,
    AidApproved,
    AidGrant,
    AidList,
    AidListApproved,
    Duties,
    Duty,
    Failure,
    Goods,
    GrantOver,
    Lifted,
    Means,
    MoneyOutstanding,
    PastAidRecorded,
    PayeeKind,
    PaymentMade,
    SheetPaid,
    Signed,
    TakenBackFor,
    WrongFund,
)
from ledger.domain.aiding import AidKind, CapPer, Days, KindRules, PayMode, Step
from ledger.domain.funds import BackCause, Fund, NotDrawn
from ledger.domain.hardship import HardshipFile, HouseholdHasFile
from ledger.domain.ids import (
    AidListId,
    FileId,
    FundId,
    GrantId,
    HouseholdId,
    PersonId,
    SchemeId,
    UnionId,
    new_aid_list,
    new_grant,
)
from ledger.domain.kernel import Basis, Code, Event, Fact, Fen
from ledger.domain.persons import AlreadyInHousehold
from ledger.domain.schemes import Scheme
from ledger.procedures.delegation import stands_in_for
from ledger.procedures.enrolling import concerns, kin_of, memberships_held, on_record
from ledger.procedures.publishing import lawful
from ledger.projections import grants, worker_files

# ── what the law has to know ─────────────────────────────────────────────────────────────────


def rules_of(entry: Entry, grant: AidGrant | AidList) -> KindRules:
    """The rules that judge it: of its application date, or by the scheme's transition.

    Raises: GrantOver where it was paid on paper before, by no scheme of this book.
    """
    if grant.scheme is None or grant.kind is None:
        raise GrantOver(grant=grant.id)
    begun = grant.applied_on if isinstance(grant, AidGrant) else grant.drawn_on
    assert begun is not None
    return entry.look_up(Scheme, grant.scheme).rules(grant.kind, begun, entry.act.today)[1]


def _mine(entry: Entry, grant: GrantId) -> tuple[AidGrant, frozenset[PersonId]]:
    """A grant of ours that this union may handle, and the kin of those whom it concerns."""
    one = entry.read(AidGrant, grant)
    if one.union is None:
        raise NotFound(grant)
    one.handled_here(entry.act, entry.ledger.origin, entry.line(one.union))
    _widen(entry, one.duties)
    return one, _near(entry, one)


def _near(entry: Entry, one: AidGrant) -> frozenset[PersonId]:
    payee = one.payee.person if one.payee else None
    return kin_of(entry, one.person, one.beneficiary, payee)


def _widen(entry: Entry, duties: Duties, *others: str | None) -> None:
    """Lets duties know those who decide now, and these others, under every id that they have."""
    persons = [each for each in (entry.act.decider, stands_in_for(entry), *others) if each]
    duties.same = {**worker_files.identities(entry.conn, entry.ledger.origin, persons)}


def parts_in(entry: Entry, event: Event) -> tuple[Duties, frozenset[str]] | None:
    """Who had a part in the grant or the list that an event is of, and whom that concerns."""
    name = str(getattr(event, "grant", None) or getattr(event, "aid_list", ""))
    if name.startswith("grt_"):
        one = entry.look_up(AidGrant, name)
        _widen(entry, one.duties)
        return one.duties, frozenset(one.concerned(_near(entry, one)))
    if name.startswith("lis_"):
        duties = entry.look_up(AidList, name).duties
        _widen(entry, duties)
        return duties, _of_list(entry, AidListId(name))
    return None


def unapproved(entry: Entry, fact: Fact) -> Callable[[], None] | None:
    """What an approval kept in its fund, to be given back once that is annulled; None: nothing.

    Raises: MoneyOutstanding.
    """
    match fact.event:
        case AidApproved() as e:
            one = entry.look_up(AidGrant, e.grant)
            if one.approval is None or one.approval.ref != fact.ref:
                return None  # of other content since: what was kept for it is free already
            name, paid, under_way = e.grant, one.paid, one.under_way
        case AidListApproved() as e:
            name, paid = GrantId(e.aid_list), entry.look_up(AidList, e.aid_list).paid
            under_way = Fen(0)
        case _:
            return None
    if paid or under_way:
        raise MoneyOutstanding(grant=name, paid=paid, under_way=under_way)

    def free() -> None:
        money = entry.read(Fund, e.fund)
        _release(entry, money, name, money.reserved_for(name))

    return free


def _household(entry: Entry, person: PersonId) -> HouseholdId | None:
    held = entry.holder(AlreadyInHousehold, person)
    return HouseholdId(held[1]) if held else None


def _file(entry: Entry, household: HouseholdId | None) -> tuple[FileId | None, Code | None]:
    """The valid hardship file of a household here, and the category that it is of."""
    held = entry.holder(HouseholdHasFile, household) if household else None
    if held is None:
        return None, None
    return FileId(held[1]), _category(entry, FileId(held[1]))


def _category(entry: Entry, file: FileId | None) -> Code | None:
    """Of which category a hardship file is on the day of the act; None: none that is valid."""
    if file is None:
        return None
    held = entry.look_up(HardshipFile, file)
    category = held.category_on(entry.act.on)
    return Code(category) if category and held.valid_on(entry.act.on) else None


def _above(entry: Entry, rules: KindRules) -> dict[UnionId, list[UnionId]]:
    return {level.approver: entry.line(level.approver) for level in rules.levels}


def _already(entry: Entry, grant: AidGrant) -> dict[CapPer, Fen]:
    """What was granted beside this one in the year of its application, however a cap is counted."""
    assert grant.kind is not None
    found = _in_year(
        entry, grant.kind, grant.household, grant.person, grant.beneficiary,
        year=grant.applied_on.year if grant.applied_on else None, but=grant.id,
    )  # fmt: skip
    for other in _approved_here(entry, grant):
        shared = {
            CapPer.PERSON_YEAR: _same(entry, grant.person, other.person),
            CapPer.CHILD_YEAR: _same(entry, grant.beneficiary, other.beneficiary),
            CapPer.HOUSEHOLD_YEAR: other.household == grant.household,
        }
        found = {
            per: Fen(already + other.amount) if shared[per] else already
            for per, already in found.items()
        }
    return found


def _same(entry: Entry, one: PersonId | None, other: PersonId | None) -> bool:
    if one is None or other is None:
        return False
    return other in worker_files.identity(entry.conn, entry.ledger.origin, one)


def _in_year(
    entry: Entry, kind: AidKind, household: HouseholdId | None, person: PersonId | None,
    beneficiary: PersonId | None, *, year: int | None = None, but: GrantId | None = None,
) -> dict[CapPer, Fen]:  # fmt: skip
    conn, origin = entry.conn, entry.ledger.origin
    there = [each for each in (person, beneficiary) if each is not None]
    same = worker_files.identities(conn, origin, there)
    asked: dict[CapPer, grants.Whose] = {}
    if person is not None:
        asked[CapPer.PERSON_YEAR] = grants.Whose(persons=same[person])
    if beneficiary is not None:
        asked[CapPer.CHILD_YEAR] = grants.Whose(beneficiaries=same[beneficiary])
    if household is not None:
        asked[CapPer.HOUSEHOLD_YEAR] = grants.Whose(household=household)
    when = year or entry.act.on.year
    return {
        per: grants.granted(conn, origin, kind, when, whose, but=but or "")
        for per, whose in asked.items()
    }


def _approved_here(entry: Entry, grant: AidGrant) -> Iterator[AidGrant]:
    """What this entry has approved for that kind and year, and no view can know yet."""
    assert grant.applied_on is not None
    for event in entry.written:
        if isinstance(event, AidApproved) and event.grant != grant.id:
            other = entry.look_up(AidGrant, event.grant)
            year = other.applied_on.year if other.applied_on else None
            if other.kind is grant.kind and year == grant.applied_on.year:
                yield other


# ── application and examination ──────────────────────────────────────────────────────────────


def apply(
    entry: Entry, person: PersonId, scheme: SchemeId, kind: AidKind, amount: Fen, *,
    beneficiary: PersonId | None = None, need: Code | None = None, emergency: bool = False,
    reason: str = "",
) -> GrantId:  # fmt: skip
    """Takes an application in; it is held where the same need is already aided.

    The entry holds the head: nobody applies for the same need meanwhile.
    Raises: NotFound, NoRuleForThis, and what `AidGrant.apply` raises.
    """
    assert entry.locked
    act, aided = entry.act, beneficiary or person
    version, rules = entry.read(Scheme, scheme).rules(kind, act.on, act.today)
    household = _household(entry, person)
    file, category = _file(entry, household)
    asked = need or Code(f"{act.on.year}")
    applied = AidGrant.apply(
        act, new_grant(), person, scheme=scheme, version=version, rules=rules, amount=amount,
        beneficiary=aided, need=asked, household=household,
        file=file, category=category,
        known=on_record(entry, [person, aided]) >= {person, aided},
        member=not rules.members_only or bool(memberships_held(entry, [person])),
        emergency=emergency, kin=kin_of(entry, person, aided), acting_for=stands_in_for(entry),
        reason=reason,
    )  # fmt: skip
    entry.start(applied)
    if rules.once_per_need:
        _hold_doubles(entry, entry.look_up(AidGrant, applied.grant))
    return applied.grant


def _hold_doubles(entry: Entry, grant: AidGrant, causation: str | None = None) -> None:
    """Holds a grant for those that are for the same need, here and at the partner's."""
    assert grant.beneficiary is not None
    assert grant.kind is not None
    assert grant.union is not None
    origin = entry.ledger.origin
    aided = worker_files.identity(entry.conn, origin, grant.beneficiary)
    act = entry.ledger.procedure(grant.union)
    for other in grants.for_need(entry.conn, origin, aided, grant.kind, [grant.need]):
        if other.grant == grant.id or other.stage in _COME_TO_NOTHING:
            continue
        held = grant.hold(other.grant)
        if held is not None:
            entry.write(held, act=act, causation=causation)


_COME_TO_NOTHING = {grants.Stage.DECLINED, grants.Stage.WITHDRAWN}


def amend(
    entry: Entry, grant: GrantId, amount: Fen, need: Code | None = None, reason: str = ""
) -> None:
    """Changes what is asked for; money that was kept for the old content is free again.

    It is held where the need that it is for now is already aided; the entry holds the head.
    Raises: NotFound, NotYourGrant, and what `AidGrant.amend` raises.
    """
    assert entry.locked
    one, concerned = _mine(entry, grant)
    before = one.need
    amended = one.amend(
        entry.act, amount, need, kin=concerned, acting_for=stands_in_for(entry), reason=reason
    )
    _free(entry, one)
    entry.write(amended)
    if one.need != before and rules_of(entry, one).once_per_need:
        _hold_doubles(entry, one)


def name_payee(
    entry: Entry, grant: GrantId, kind: PayeeKind, *, payee: PersonId | None = None,
    paper: Code | None = None, holder: str = "", bank: str = "", account: str = "",
) -> None:  # fmt: skip
    """Says to whom it is paid; once its list is sent up, only after a payment did not arrive.

    Raises: NotFound, NotYourGrant, ListClosed, and what `name_payee` raises.
    """
    one, concerned = _mine(entry, grant)
    if one.aid_list is not None and one.lost_payment is None:
        _list(entry, one.aid_list).still_open()
    near = frozenset[PersonId]() if kind is PayeeKind.APPLICANT else kin_of(entry, payee)
    _widen(entry, one.duties, payee, *near)
    _free(entry, one)
    named = one.name_payee(
        entry.act, kind, payee=payee, paper=paper, holder=holder, bank=bank, account=account,
        kin=concerned, near=near, acting_for=stands_in_for(entry),
    )  # fmt: skip
    entry.write(named)


def visit(entry: Entry, grant: GrantId, finding: str = "") -> None:
    """Raises: NotFound, NotYourGrant, and what `AidGrant.visit` raises."""
    one, concerned = _mine(entry, grant)
    entry.write(one.visit(entry.act, finding, kin=concerned, acting_for=stands_in_for(entry)))


def check_means(
    entry: Entry, grant: GrantId, result: Means, paper: Code | None = None, finding: str = ""
) -> None:
    """Raises: NotFound, NotYourGrant, and what `AidGrant.check_means` raises."""
    one, concerned = _mine(entry, grant)
    checked = one.check_means(
        entry.act, result, paper, finding, kin=concerned, acting_for=stands_in_for(entry)
    )
    entry.write(checked)


def review(entry: Entry, grant: GrantId, amount: Fen | None = None, opinion: str = "") -> None:
    """A second look. Raises: NotFound, NotYourGrant, and what `AidGrant.review` raises."""
    one, concerned = _mine(entry, grant)
    reviewed = one.review(
        entry.act, amount, opinion, kin=concerned, acting_for=stands_in_for(entry)
    )
    if reviewed.amount != one.amount:
        _free(entry, one)
    entry.write(reviewed)


def earliest_end(rules: KindRules, since: date) -> date:
    """The last day of a notice that runs as long as the scheme says, its first day counted."""
    days = max(rules.notice_days, 1)
    if rules.notice_in is Days.WORKING:
        return working_days_after(since - timedelta(1), days)
    return since + timedelta(days - 1)


def publicise(
    entry: Entry, grant: GrantId, number: Code, basis: Basis | None, place: str, *,
    since: date | None = None, until: date | None = None,
) -> None:  # fmt: skip
    """Posts a notice from `since` until `until`, or as long as the scheme says.

    Raises: NotFound, NotYourGrant, and what `AidGrant.publicise` raises.
    """
    one, concerned = _mine(entry, grant)
    first = since or entry.act.on
    earliest = earliest_end(rules_of(entry, one), first)
    posted = one.publicise(
        entry.act, number, first, until or earliest, earliest=earliest,
        basis=lawful(entry, one.person, basis) if one.person else basis, place=place,
        kin=concerned, acting_for=stands_in_for(entry),
    )  # fmt: skip
    entry.write(posted)


def take_down(entry: Entry, grant: GrantId, number: Code) -> None:
    """Takes a notice down, the consent to it withdrawn. Raises: NotFound, NotYourGrant, NothingPosted."""
    entry.write(_mine(entry, grant)[0].take_down(entry.act, number))


def object_(entry: Entry, grant: GrantId, said: str) -> int:
    """Somebody objects; returns the number of the objection. Raises: NotFound, GrantOver."""
    raised = _mine(entry, grant)[0].object(entry.act, said)
    entry.write(raised)
    return raised.objection


def answer(entry: Entry, grant: GrantId, objection: int, upheld: bool, text: str) -> None:
    """Raises: NotFound, NotYourGrant, and what `AidGrant.answer` raises."""
    one, concerned = _mine(entry, grant)
    answered = one.answer(
        entry.act, objection, upheld, text, kin=concerned, acting_for=stands_in_for(entry)
    )
    entry.write(answered)


def lift(entry: Entry, grant: GrantId, other: GrantId, ground: Lifted, opinion: str = "") -> None:
    """Lets a held grant go on. Raises: NotFound, NotYourGrant, and what `AidGrant.lift` raises."""
    one, concerned = _mine(entry, grant)
    lifted = one.lift(
        entry.act, other, ground, opinion, kin=concerned, acting_for=stands_in_for(entry)
    )
    entry.write(lifted)


# ── decision ─────────────────────────────────────────────────────────────────────────────────


def approve(
    entry: Entry, grant: GrantId, content: str, fund: FundId, *,
    minutes: Code | None = None, opinion: str = "",
) -> None:  # fmt: skip
    """Approves what was seen, and keeps its money in the fund.

    The entry holds the head: nothing is granted beside it meanwhile.
    Raises: NotFound, NotYourGrant, WrongFund, FundExhausted, what `AidGrant.approve` raises.
    """
    assert entry.locked
    one, concerned = _mine(entry, grant)
    rules = rules_of(entry, one)
    money = _fund(entry, fund, one.union)
    approved = one.approve(
        entry.act, content, rules=rules, fund=fund, already=_already(entry, one),
        category=_category(entry, one.file), above=_above(entry, rules), minutes=minutes,
        kin=concerned, acting_for=stands_in_for(entry), opinion=opinion,
    )  # fmt: skip
    _free(entry, one)
    _keep(entry, money, grant, Fen(approved.amount - one.paid))  # a part may be paid already
    entry.write(approved)


def _fund(entry: Entry, fund: FundId, union: UnionId | None) -> Fund:
    """A fund that may pay this: one that is kept in the union's own line, in this journal."""
    money = entry.read(Fund, fund)
    assert union is not None
    if money.keeper not in entry.line(union) or money.origin != entry.ledger.origin:
        raise WrongFund(fund=fund, keeper=money.keeper)
    return money


def _keep(entry: Entry, money: Fund, grant: GrantId, amount: Fen) -> None:
    assert money.keeper is not None
    act = entry.ledger.procedure(money.keeper, entry.act.on)
    entry.write(money.reserve(act, grant, amount), act=act)


def _free(entry: Entry, grant: AidGrant) -> None:
    """Gives back what the funds still keep for a grant; of a list, one share where it ends unpaid."""
    assert grant.id is not None
    key, most = GrantId(grant.aid_list or grant.id), None
    if grant.aid_list is not None:
        each = entry.read(AidList, grant.aid_list).each
        most = each if grant.ended is not None and not grant.paid else Fen(0)
    for money in _funds(entry, grant):
        kept = money.reserved_for(key)
        part = kept if most is None else Fen(min(kept, most))
        _release(entry, money, key, part)


def _release(entry: Entry, money: Fund, key: GrantId, part: Fen) -> None:
    """Gives back so much of what a fund keeps, in the name of its keeper."""
    if part and money.keeper is not None:
        act = entry.ledger.procedure(money.keeper, entry.act.on)
        entry.write(money.release(act, key, part), act=act)


def decline(entry: Entry, grant: GrantId, opinion: str) -> None:
    """Raises: NotFound, NotYourGrant, and what `AidGrant.decline` raises."""
    one, concerned = _mine(entry, grant)
    declined = one.decline(entry.act, opinion, kin=concerned, acting_for=stands_in_for(entry))
    entry.write(declined)
    _free(entry, one)


def withdraw(entry: Entry, grant: GrantId, reason: str = "") -> None:
    """Raises: NotFound, NotYourGrant, and what `AidGrant.withdraw` raises."""
    one, _ = _mine(entry, grant)
    withdrawn = one.withdraw(entry.act, reason)
    entry.write(withdrawn)
    _free(entry, one)


def review_emergency(entry: Entry, grant: GrantId, upheld: bool, opinion: str = "") -> None:
    """Raises: NotFound, NotYourGrant, and what `AidGrant.review_emergency` raises."""
    one, concerned = _mine(entry, grant)
    reviewed = one.review_emergency(
        entry.act, upheld, opinion, kin=concerned, acting_for=stands_in_for(entry)
    )
    entry.write(reviewed)


# ── money ────────────────────────────────────────────────────────────────────────────────────


def instruct(
    entry: Entry, grant: GrantId, mode: PayMode, amount: Fen | None = None,
    goods: tuple[Goods, ...] = (),
) -> int:  # fmt: skip
    """Sends what is left of the grant, or `amount`, on its way; returns the payment's number.

    Raises: NotFound, NotYourGrant, and what `AidGrant.instruct` raises.
    """
    one, concerned = _mine(entry, grant)
    left = (one.approval.amount if one.approval else 0) - one.paid - one.under_way
    sent = one.instruct(
        entry.act, Fen(left) if amount is None else amount, mode, rules=rules_of(entry, one),
        goods=goods, kin=concerned, acting_for=stands_in_for(entry),
    )  # fmt: skip
    entry.write(sent)
    return sent.payment


def made(entry: Entry, grant: GrantId, payment: int, voucher: Code) -> None:
    """It was paid: the money leaves the fund. Raises: NotFound, NotYourGrant, NoSuchPayment."""
    one, concerned = _mine(entry, grant)
    paid = one.made(entry.act, payment, voucher, kin=concerned, acting_for=stands_in_for(entry))
    entry.write(paid)
    newest, *older = _funds(entry, one)
    left = paid.amount
    for money in older:  # what came back to a fund of an earlier approval is kept for it there
        if part := min(left, money.reserved_for(grant)):
            _draw(entry, money, grant, payment, part)
            left = Fen(left - part)
    if left:
        _draw(entry, newest, grant, payment, left)


def _draw(entry: Entry, money: Fund, grant: GrantId, payment: int, amount: Fen) -> None:
    assert money.keeper is not None
    act = entry.ledger.procedure(money.keeper, entry.act.on)
    entry.write(money.draw(act, grant, payment, amount), act=act)


def failed(entry: Entry, grant: GrantId, payment: int, why: Failure) -> None:
    """It never left. Raises: NotFound, NotYourGrant, NoSuchPayment."""
    entry.write(_mine(entry, grant)[0].failed(entry.act, payment, why))


def returned(entry: Entry, grant: GrantId, payment: int, why: Failure, voucher: Code) -> None:
    """It came back, and waits to be sent again. Raises: NotFound, NotYourGrant, NoSuchPayment."""
    one, _ = _mine(entry, grant)
    back = one.returned(entry.act, payment, why, voucher)
    entry.write(back)
    _back(entry, one, back.amount, BackCause.RETURNED_BY_BANK, of=payment)
    if one.ended is not None or (one.aid_list is None and one.approval is None):
        _free(entry, one)  # there is nothing that it could be sent again for


def _back(
    entry: Entry, one: AidGrant, amount: Fen, cause: BackCause, of: int | None = None
) -> None:
    """Money is in the funds that paid it; of this payment first, then of the newest.

    What was taken back may have been booked to this payment, and then it is of another.
    """
    arrived = [each.number for each in reversed(one.payments.values()) if each.arrived]
    left = amount
    for payment in [of, *arrived] if of else arrived:
        key, drawn = _drawn_as(entry, one, payment)
        for money in _funds(entry, one):
            assert money.keeper is not None
            paid = min(money.paid_for(key, drawn), one.payments[payment].amount)
            if part := Fen(min(left, paid)):
                act = entry.ledger.procedure(money.keeper, entry.act.on)
                entry.write(money.give_back(act, key, drawn, part, cause), act=act)
                left = Fen(left - part)
    if left:
        raise NotDrawn(grant=one.id, amount=left)


def sign(
    entry: Entry, grant: GrantId, payment: int, how: Signed, *,
    collector: PersonId | None = None, paper: Code | None = None, remark: str = "",
) -> None:  # fmt: skip
    """It was received. Raises: NotFound, NotYourGrant, and what `AidGrant.sign` raises."""
    one, concerned = _mine(entry, grant)
    _widen(entry, one.duties, collector)
    signed = one.sign(
        entry.act, payment, how, collector=collector, paper=paper, kin=concerned,
        acting_for=stands_in_for(entry), remark=remark,
    )  # fmt: skip
    entry.write(signed)


def order_back(
    entry: Entry, grant: GrantId, amount: Fen, why: TakenBackFor, opinion: str = ""
) -> None:
    """Raises: NotFound, NotYourGrant, and what `AidGrant.order_back` raises."""
    one, concerned = _mine(entry, grant)
    ordered = one.order_back(
        entry.act, amount, why, opinion, kin=concerned, acting_for=stands_in_for(entry)
    )
    entry.write(ordered)


def took_back(entry: Entry, grant: GrantId, amount: Fen, voucher: Code) -> None:
    """The money is back in the fund that paid it; of the newest payments first.

    Raises: NotFound, NotYourGrant, NothingToTakeBack.
    """
    one, _ = _mine(entry, grant)
    back = one.took_back(entry.act, amount, voucher)
    entry.write(back)
    _back(entry, one, amount, BackCause.TAKEN_BACK)


def _funds(entry: Entry, one: AidGrant) -> list[Fund]:
    """The funds that have kept or paid its money: of every approval, also voided, the newest first."""
    assert one.id is not None
    named = [
        fact.event.fund
        for fact in reversed(entry.history(one.aid_list or one.id))
        if isinstance(fact.event, AidApproved | AidListApproved | PastAidRecorded)
    ]
    if one.approval is not None:
        named.insert(0, one.approval.fund)
    return [entry.read(Fund, fund) for fund in dict.fromkeys(named)]


def _drawn_as(entry: Entry, one: AidGrant, payment: int) -> tuple[GrantId, int]:
    """Under whose name and number a payment was drawn: of a list, its sheet's.

    A sheet stands right before its payments; its voucher may be that of another sheet, too.
    """
    assert one.id is not None
    if one.aid_list is None:
        return one.id, payment
    made_at = min(
        fact.position
        for fact in entry.history(one.id)
        if isinstance(fact.event, PaymentMade)
        and fact.event.payment == payment
        and fact.corrects is None
    )
    sheets = [
        fact.event.sheet
        for fact in entry.history(one.aid_list)
        if isinstance(fact.event, SheetPaid) and fact.position < made_at and fact.corrects is None
    ]
    return GrantId(one.aid_list), sheets[-1]


def close(entry: Entry, grant: GrantId, *, uncollected: bool = False) -> None:
    """Nothing is open; what the funds still keep for it is free again.

    `uncollected`: what did not arrive is not sent again.

    Raises: NotFound, NotYourGrant, and what `AidGrant.close` raises.
    """
    one, _ = _mine(entry, grant)
    rules = rules_of(entry, one) if one.scheme is not None else None  # none: paid before, on paper
    closed = one.close(entry.act, rules, uncollected=uncollected)
    entry.write(closed)
    _free(entry, one)


def record_past(
    entry: Entry, person: PersonId, kind: AidKind, amount: Fen, fund: FundId, voucher: Code, *,
    mode: PayMode, beneficiary: PersonId | None = None, need: Code | None = None,
    handler: PersonId | None = None, approver: PersonId | None = None, signed: bool = False,
    remark: str = "",
) -> GrantId:  # fmt: skip
    """Aid that was paid before, as the paper has it: never refused for what it did not keep.

    What the fund has no money for stands on its unfunded line. Raises: NotFound, WrongFund.
    """
    act, money = entry.act, entry.read(Fund, fund)
    if money.keeper not in entry.line(act.union) or money.keeper is None:
        raise WrongFund(fund=fund, keeper=money.keeper)
    recorded = AidGrant.record_past(
        act, new_grant(), person, kind=kind, amount=amount, need=need or Code(f"{act.on.year}"),
        mode=mode, voucher=voucher, fund=fund, beneficiary=beneficiary, handler=handler,
        approver=approver, signed=signed, kin=kin_of(entry, person, beneficiary), remark=remark,
    )  # fmt: skip
    entry.start(recorded)
    procedure = entry.ledger.procedure(money.keeper, act.on)
    entry.write(money.draw_past(procedure, recorded.grant, 1, amount), act=procedure)
    return recorded.grant


# ── lists of one amount ──────────────────────────────────────────────────────────────────────


def draw_up(
    entry: Entry, title: str, scheme: SchemeId, kind: AidKind, each: Fen, mode: PayMode
) -> AidListId:
    """Begins a list. Raises: NotFound, NoRuleForThis, and what `AidList.draw_up` raises."""
    version, rules = entry.read(Scheme, scheme).rules(kind, entry.act.on, entry.act.today)
    drawn = AidList.draw_up(
        entry.act, new_aid_list(), title, scheme=scheme, version=version, rules=rules, each=each,
        mode=mode, acting_for=stands_in_for(entry),
    )  # fmt: skip
    entry.start(drawn)
    return drawn.aid_list


def _list(entry: Entry, aid_list: AidListId) -> AidList:
    one = entry.read(AidList, aid_list)
    if one.union is None:
        raise NotFound(aid_list)
    one.handled_here(entry.act, entry.ledger.origin, entry.line(one.union))
    _widen(entry, one.duties)
    return one


def put_on(
    entry: Entry, aid_list: AidListId, persons: Iterable[PersonId], need: Code | None = None
) -> list[GrantId]:
    """Puts persons on a list, a grant each; who may be aided twice for the need is held.

    The entry holds the head. Raises: NotFound, NotYourGrant, ListClosed, AidGrant.apply's.
    """
    assert entry.locked
    one = _list(entry, aid_list)
    one.still_open()
    assert one.scheme is not None
    assert one.kind is not None
    rules = rules_of(entry, one)
    asked = need or Code(f"{entry.act.on.year}")
    every = list(dict.fromkeys(persons))
    conn, origin = entry.conn, entry.ledger.origin
    same = worker_files.identities(conn, origin, every)
    before: dict[str, list[GrantId]] = {}
    if rules.once_per_need:
        aided = {alias for ids in same.values() for alias in ids}
        for other in grants.for_need(conn, origin, list(aided), one.kind, [asked]):
            if other.stage not in _COME_TO_NOTHING:
                before.setdefault(other.beneficiary, []).append(other.grant)
    members = memberships_held(entry, every) if rules.members_only else {}
    known = on_record(entry, every)
    acting, procedure = stands_in_for(entry), entry.ledger.procedure(entry.act.union)
    barred = concerns(entry, entry.act.decider, acting)
    by_year = any(cap.per is not CapPer.APPLICATION for cap in rules.caps)
    put = _PutOn(one.kind, entry.written)
    made: list[GrantId] = []
    for person in every:
        household = _household(entry, person) if by_year or rules.categories else None
        file, category = _file(entry, household)
        twins = put.of(same[person])
        already = _in_year(entry, one.kind, household, person, person) if by_year else {}
        already = {
            per: Fen(sum((each.amount for each in here), already[per]))
            for per in already
            for here in [put.households[household] if per is CapPer.HOUSEHOLD_YEAR else twins]
        }
        one.admit(entry.act, rules, already, category=category, acting_for=acting)
        applied = AidGrant.apply(
            entry.act, new_grant(), person, scheme=one.scheme, version=one.rules_version,
            rules=rules, amount=one.each, need=asked, household=household,
            file=file, category=category,
            known=person in known, member=not rules.members_only or person in members,
            aid_list=aid_list,
            kin={entry.act.decider} if person in barred else (), acting_for=acting,
        )  # fmt: skip
        entry.start(applied)
        made.append(applied.grant)
        put.add(applied)
        others = [each for alias in sorted(same[person]) for each in before.get(alias, ())]
        if rules.once_per_need:
            others += [each.grant for each in twins if each.need == asked]
        if others:
            grant = entry.look_up(AidGrant, applied.grant)
            for other in others:
                if (held := grant.hold(other)) is not None:
                    entry.write(held, act=procedure)
    return made


class _PutOn:
    """Who was put on a list for that kind in this entry, and no view can know yet."""

    def __init__(self, kind: AidKind, written: Iterable[Event]) -> None:
        self.persons: dict[str, list[AidApplied]] = defaultdict(list)
        self.households: dict[str | None, list[AidApplied]] = defaultdict(list)
        for event in written:
            if isinstance(event, AidApplied) and event.aid_list and event.kind is kind:
                self.add(event)

    def add(self, applied: AidApplied) -> None:
        self.persons[applied.person].append(applied)
        self.households[applied.household].append(applied)

    def of(self, ids: Iterable[str]) -> list[AidApplied]:
        return [each for one in sorted(ids) for each in self.persons.get(one, ())]


def on_list(entry: Entry, aid_list: AidListId) -> list[AidGrant]:
    """The grants on a list, as they stand."""
    names = grants.on_list(entry.conn, entry.ledger.origin, aid_list)
    entry.read_ahead(names)
    return [entry.read(AidGrant, name) for name in names]


def strike_off(entry: Entry, grant: GrantId, reason: str = "") -> None:
    """Takes one off its list, while it is open. Raises: NotFound, NotYourGrant, ListClosed."""
    one, _ = _mine(entry, grant)
    if one.aid_list is None:
        raise NotFound(grant)
    _list(entry, one.aid_list).still_open()
    entry.write(one.strike_off(entry.act, reason))


def send_up(entry: Entry, aid_list: AidListId) -> Code:
    """Sends a list up for review and approval; returns the digest of who is on it.

    The entry holds the head. Raises: NotFound, NotYourGrant, and what `AidList.close` raises.
    """
    assert entry.locked
    one = _list(entry, aid_list)
    on_it = [each for each in on_list(entry, aid_list) if each.ended is None]
    hands = {who for each in on_it for who in each.duties.held.get(Duty.HANDLER, ())}
    closed = one.close(
        entry.act, [each.id for each in on_it if each.id],
        unnamed=[each.id for each in on_it if each.id and each.payee is None],
        hands=[PersonId(who) for who in hands], concerned=_of_list(entry, aid_list),
        acting_for=stands_in_for(entry),
    )  # fmt: skip
    entry.write(closed)
    return closed.content


def review_list(entry: Entry, aid_list: AidListId) -> None:
    """Raises: NotFound, NotYourGrant, and what `AidList.review` raises."""
    one, near = _list(entry, aid_list), _of_list(entry, aid_list)
    entry.write(one.review(entry.act, concerned=near, acting_for=stands_in_for(entry)))


def give_back_list(entry: Entry, aid_list: AidListId, opinion: str) -> None:
    """Raises: NotFound, NotYourGrant, and what `AidList.give_back` raises."""
    entry.write(_list(entry, aid_list).give_back(entry.act, opinion))


def approve_list(
    entry: Entry, aid_list: AidListId, content: str, fund: FundId, minutes: Code | None = None
) -> AidListApproved:
    """Approves a list as it was seen, whatever its length, and keeps its money in the fund.

    The entry holds the head. Raises: NotFound, NotYourGrant, WrongFund, FundExhausted, and what
    `AidList.approve` raises.
    """
    assert entry.locked
    one = _list(entry, aid_list)
    rules = rules_of(entry, one)
    money = _fund(entry, fund, one.union)
    conn, origin = entry.conn, entry.ledger.origin
    approved = one.approve(
        entry.act, content, rules=rules, fund=fund,
        concerned=_of_list(entry, aid_list),
        held=grants.on_list(conn, origin, aid_list, stages=[grants.Stage.HELD]),
        grants=on_list(entry, aid_list) if set(rules.steps) - {Step.REVIEW, Step.MINUTES} else (),
        above=_above(entry, rules), minutes=minutes, acting_for=stands_in_for(entry),
    )  # fmt: skip
    on_it = grants.on_list(conn, origin, aid_list)
    declined = grants.on_list(conn, origin, aid_list, stages=[grants.Stage.DECLINED])
    there = len(on_it) - len(declined)  # who withdrew since it was sent up needs no money
    _keep(entry, money, GrantId(aid_list), Fen(there * one.each))
    entry.write(approved)
    return approved


def _of_list(entry: Entry, aid_list: AidListId) -> frozenset[str]:
    """Whether the one who decides is on the list, or kin of somebody who is: she and nobody else.

    Asked the other way round, for a list is long and she is one.
    """
    found: set[str] = set()
    for who in (entry.act.decider, stands_in_for(entry)):
        near = concerns(entry, who)
        if who and near and grants.is_on(entry.conn, entry.ledger.origin, aid_list, near):
            found.add(who)
    return frozenset(found)


def hand_out(
    entry: Entry, aid_list: AidListId, voucher: Code, *, only: Collection[GrantId] | None = None,
    goods: tuple[Goods, ...] = (),
) -> int:  # fmt: skip
    """Hands out to these, or to everybody not paid yet, by one signing sheet; returns how many.

    Raises: NotFound, NotYourGrant, and what `AidList.pay_sheet` raises.
    """
    one = _list(entry, aid_list)
    some = _grants(entry, aid_list, only, grants.Stage.APPLIED)
    sheet, made_ = one.pay_sheet(
        entry.act, some, voucher, goods=goods, concerned=_of_list(entry, aid_list),
        acting_for=stands_in_for(entry),
    )  # fmt: skip
    assert one.approved is not None
    entry.write(sheet, *made_)
    money = entry.read(Fund, one.approved.fund)
    _draw(entry, money, GrantId(aid_list), sheet.sheet, sheet.total)
    return sheet.count


def sign_for(
    entry: Entry, aid_list: AidListId, how: Signed, *, only: Collection[GrantId] | None = None,
    collector: PersonId | None = None, paper: Code | None = None,
) -> int:  # fmt: skip
    """These, or all who were paid, have signed the sheet; returns how many.

    Raises: NotFound, NotYourGrant, and what `AidList.sign_sheet` raises.
    """
    one = _list(entry, aid_list)
    _widen(entry, one.duties, collector)
    some = _grants(entry, aid_list, only, grants.Stage.PAID)
    signed = one.sign_sheet(
        entry.act, some, how, collector=collector, paper=paper,
        concerned=_of_list(entry, aid_list), acting_for=stands_in_for(entry),
    )  # fmt: skip
    entry.write(*signed)
    return len(signed)


def _grants(
    entry: Entry, aid_list: AidListId, only: Collection[GrantId] | None, stage: grants.Stage
) -> list[AidGrant]:
    names = (
        grants.on_list(entry.conn, entry.ledger.origin, aid_list, stages=[stage])
        if only is None
        else list(dict.fromkeys(only))
    )
    entry.read_ahead(names)
    found = [entry.read(AidGrant, name) for name in names]
    for one in found:
        one.duties.same = entry.read(AidList, aid_list).duties.same
    return found


# ── what follows from the partner's ──────────────────────────────────────────────────────────


def hold_for_theirs(entry: Entry, fact: Fact, other: AidGrant) -> None:
    """The partner aids the same need: ours is held where it came later and is not paid yet.

    Both sides see both applications and hold the same one: that which came to this need later by
    date, then by journal.
    """
    if other.beneficiary is None or other.kind is None or other.asked_on is None:
        return
    conn, origin = entry.conn, entry.ledger.origin
    aided = worker_files.identity(conn, origin, other.beneficiary)
    for same in grants.for_need(conn, origin, aided, other.kind, [other.need]):
        if same.origin != origin or same.stage in _COME_TO_NOTHING:
            continue
        ours = entry.look_up(AidGrant, same.grant)
        assert ours.asked_on is not None
        first = min((other.asked_on, other.origin), (ours.asked_on, origin))
        if first[1] == origin or ours.paid or ours.union is None or other.id is None:
            continue
        held = ours.hold(other.id)
        if held is not None:
            act = entry.ledger.procedure(ours.union)
            entry.write(held, act=act, causation=fact.ref)
