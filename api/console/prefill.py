"""What stands now (现值): a form that changes something opens with what it would change.

A small registry: the act → what its fields say now. Where nothing is registered, a form is empty.
"""

from collections.abc import Callable, Mapping

from api.console.forms import Written, written_of
from api.showing import check_sight
from ledger import replay
from ledger.book import Reader
from ledger.desk import Visitor
from ledger.domain.aid import AidGrant
from ledger.domain.aiding import KindRules
from ledger.domain.hardship import HardshipFile
from ledger.domain.ids import MembershipId, PersonId
from ledger.domain.membership import Membership
from ledger.domain.money import yuan
from ledger.domain.persons import Person
from ledger.domain.schemes import Scheme

Upon = Mapping[str, str]
Prefill = Callable[[Reader, Visitor, Upon], Written]


def standing(reader: Reader, who: Visitor, deed: str, upon: Upon) -> Written:
    """The values that stand now, as a form has them. Whoever may do the act may see them."""
    found = _PREFILLS.get(deed)
    return found(reader, who, upon) if found else {}


# ── aid ──────────────────────────────────────────────────────────────────────────────────────


def _scheme(reader: Reader, who: Visitor, upon: Upon) -> Written:
    latest = reader.find(Scheme, upon["scheme"]).latest
    if latest is None:
        return {}
    return written_of({
        "version": latest.version + 1, "title": latest.title, "place": latest.place,
        "transition": latest.transition.value, "rules": [_kind(each) for each in latest.rules],
    })  # fmt: skip


def _kind(rules: KindRules) -> Mapping[str, object]:
    return {
        "kind": rules.kind.value, "steps": [each.value for each in rules.steps],
        "later": [each.value for each in rules.later],
        "caps": [
            {"per": cap.per.value, "most": yuan(cap.most), "category": cap.category}
            for cap in rules.caps
        ],
        "levels": [
            {"above": yuan(each.above), "approver": each.approver} for each in rules.levels
        ],
        "minutes_above": None if rules.minutes_above is None else yuan(rules.minutes_above),
        "notice_days": rules.notice_days, "notice_in": rules.notice_in.value,
        "modes": [each.value for each in rules.modes], "funds": list(rules.funds),
        "categories": list(rules.categories), "members_only": rules.members_only,
        "once_per_need": rules.once_per_need, "emergency": rules.emergency,
        "review_days": rules.review_days, "receipt_days": rules.receipt_days,
    }  # fmt: skip


def _amendment(reader: Reader, who: Visitor, upon: Upon) -> Written:
    one = reader.find(AidGrant, upon["grant"])
    return written_of({"amount_fen": yuan(one.amount), "need": one.need})


def _payee(reader: Reader, who: Visitor, upon: Upon) -> Written:
    payee = replay.grant(reader, upon["grant"], accounts=who.sees_accounts).state.payee
    if payee is None:
        return {}
    told = {
        "kind": payee.kind.value, "payee": payee.person, "paper": payee.paper,
        "holder": payee.holder, "bank": payee.bank,
    }  # fmt: skip
    return written_of({**told, "account": payee.account} if who.sees_accounts else told)


def _payment(reader: Reader, who: Visitor, upon: Upon) -> Written:
    """What is not paid yet, in the mode in which it was tried before."""
    one = reader.find(AidGrant, upon["grant"])
    rest = one.due - one.paid - one.under_way
    modes = [each.mode.value for each in one.payments.values()]
    return written_of(
        {"amount_fen": yuan(rest) if rest > 0 else None, "mode": (modes or [None])[-1]}
    )


def _file(reader: Reader, who: Visitor, upon: Upon) -> Written:
    found = reader.find(HardshipFile, upon["file"]).assessments
    if not found:
        return {}
    now = found[-1]
    return written_of({
        "category": now.category.value, "main": now.main.value,
        "others": [each.value for each in now.others], "basis": now.basis.value,
    })  # fmt: skip


# ── members ──────────────────────────────────────────────────────────────────────────────────


def _person(reader: Reader, who: Visitor, upon: Upon) -> Person:
    """The person with her texts open. Raises what `check_sight` raises."""
    person = PersonId(upon["person"])
    check_sight(reader, who, person)
    return Person.of(reader.opened(reader.records(person)))


def _contact(reader: Reader, who: Visitor, upon: Upon) -> Written:
    told = _person(reader, who, upon)
    # Where the office sees a masked number, nothing: what is sent back is recorded as it looks.
    return written_of({"phone": told.phone if who.sees_numbers else "", "address": told.address})


def _name(reader: Reader, who: Visitor, upon: Upon) -> Written:
    return written_of({"name": _person(reader, who, upon).name})


def _residence(reader: Reader, who: Visitor, upon: Upon) -> Written:
    told = _person(reader, who, upon)
    return written_of({"division": told.division, "residence": told.residence})


def _work(reader: Reader, who: Visitor, upon: Upon) -> Written:
    membership = MembershipId(upon["membership"])
    told = Membership.of(reader.opened(reader.records(membership)))
    if told.person is None:
        return {}
    check_sight(reader, who, told.person)
    return written_of({"employer": told.employer, "trade": told.trade})


_PREFILLS: Mapping[str, Prefill] = {
    "schemes/amend": _scheme,
    "aid/amend": _amendment,
    "aid/name_payee": _payee,
    "aid/instruct": _payment,
    "hardship/review": _file,
    "persons/change_contact": _contact,
    "persons/rename": _name,
    "persons/move": _residence,
    "membership/change_employment": _work,
    "membership/resume": _work,
}
