"""Requests for help and joining by a poster (诉求与扫码入会): what nobody's officer was there for."""

from datetime import date, timedelta
from typing import NamedTuple

from ledger.book import Entry
from ledger.domain.consents import Consent, Evidence, Purpose, Receiver
from ledger.domain.help import (
    CallAt,
    HelpOutcome,
    HelpRequest,
    HelpStillOpen,
    Want,
)
from ledger.domain.identity import DocumentKind, normalise, normalise_name
from ledger.domain.ids import (
    HelpId,
    MembershipId,
    PersonId,
    UnionId,
    new_consent,
    new_help,
    new_membership,
    new_person,
)
from ledger.domain.kernel import Code, Fen, Group
from ledger.domain.membership import ApplicationOpen, Channel, Confirmed, Membership, UnderAge
from ledger.domain.persons import NumberOwed, Particulars, Person
from ledger.procedures.closing import must_be_open
from ledger.procedures.deaths import died_on
from ledger.procedures.enrolling import membership_held

WORKING_AGE = 16
"""From this age on one may work, and so join (E13)."""
NUMBER_DAYS = 30
"""Within how many days who had no number at hand is asked for it."""
NEEDED = (Group.IDENTITY, Group.CONTACT, Group.MEMBERSHIP)
"""What is needed to examine an application."""


# ── requests ─────────────────────────────────────────────────────────────────────────────────


def ask_for_help(
    entry: Entry, person: PersonId, union: UnionId, want: Want, call_at: CallAt = CallAt.ANY, *,
    amount: Fen | None = None, since: date | None = None, to_union: UnionId | None = None,
    about: Code | None = None, campaign: Code | None = None, employer: str = "", text: str = "",
    phone: str = "",
) -> HelpId:  # fmt: skip
    """Puts a request to a union. Raises: HelpStillOpen on closing."""
    made = new_help()
    entry.start(
        HelpRequest.ask(
            entry.act, made, person, union, want, call_at, amount=amount, since=since,
            to_union=to_union, about=about, campaign=campaign, employer=employer, text=text,
            phone=phone,
        )
    )  # fmt: skip
    return made


def help_open(entry: Entry, person: PersonId, want: Want) -> HelpId | None:
    """The request of this kind that the person has open, if there is one."""
    held = entry.holder(HelpStillOpen, f"{person} {want}")
    return HelpId(held[1]) if held else None


def take_up(entry: Entry, help_: HelpId, remark: str = "") -> None:
    """Raises: NotFound, and what `HelpRequest.take_up` raises."""
    told = entry.read(HelpRequest, help_)
    entry.write(told.take_up(entry.act, remark, line=_line(entry, told)))


def pass_on(entry: Entry, help_: HelpId, to_union: UnionId, remark: str = "") -> None:
    """Raises: NotFound, and what `HelpRequest.pass_on` raises."""
    told = entry.read(HelpRequest, help_)
    entry.write(told.pass_on(entry.act, to_union, remark, line=_line(entry, told)))


def settle_help(
    entry: Entry, help_: HelpId, outcome: HelpOutcome, opened: Code | None = None, remark: str = ""
) -> None:
    """Raises: NotFound, and what `HelpRequest.settle` raises."""
    told = entry.read(HelpRequest, help_)
    entry.write(told.settle(entry.act, outcome, opened, remark, line=_line(entry, told)))


def _line(entry: Entry, told: HelpRequest) -> list[UnionId]:
    return entry.line(told.union) if told.union else []


def register_caller(entry: Entry, name: str, phone: str) -> PersonId:
    """Brings somebody on record who asks for help and is not known: a name, and where to call."""
    person = new_person()
    due = entry.act.on + timedelta(days=NUMBER_DAYS)
    entry.start(
        Person.register(
            entry.act, person, Particulars(name, DocumentKind.NONE_YET, phone=phone),
            number_owed=NumberOwed.NOT_AT_HAND, number_due=due,
        )
    )  # fmt: skip
    return person


# ── joining ──────────────────────────────────────────────────────────────────────────────────


class Joining(NamedTuple):
    """What was filled in at a poster. `agreed`: to whom more may be given, and for what."""

    told: Particulars
    of_age: bool
    employer: str
    trade: str
    campaign: Code | None
    notice: Code
    agreed: tuple[tuple[Receiver, Purpose, tuple[Group, ...]], ...] = ()


def join(entry: Entry, union: UnionId, asked: Joining) -> MembershipId | HelpId:
    """An application from a poster, to be examined by the union's clerk; what its number is of.

    Whoever fills it in proves nothing of who she is. So who is new comes on record with her
    consents; for somebody who is known only the application is recorded; and where it cannot be
    one (a member already, a death, a number on record under another name) the union is asked to look into
    it. What she is told is the same each time.

    Raises: UnionNotOpen, UnderAge.
    """
    must_be_open(entry, union)
    if not asked.of_age:
        raise UnderAge()
    number = normalise(asked.told.number)
    known = entry.ledger.vault.holders(entry.conn, [number]).get(number, []) if number else []
    person = next((one for one in map(PersonId, known) if _is_called(entry, one, asked)), None)
    if known and person is None:
        stranger = register_caller(entry, asked.told.name, asked.told.phone)
        why = f"所填证件号码 {number} 与档案姓名不符，请核对"
        return _to_be_looked_into(entry, stranger, union, asked, why)
    if person is None:
        person = _register(entry, union, asked)
    elif died_on(entry, [person]):
        return _to_be_looked_into(entry, person, union, asked, "档案已登记去世，请核对")
    elif membership_held(entry, person) is not None:
        return _to_be_looked_into(entry, person, union, asked)
    open_ = entry.holder(ApplicationOpen, f"{person} {union}")
    if open_ is not None:
        return MembershipId(open_[1])
    made = new_membership()
    entry.start(
        Membership.apply(
            entry.act, made, person, union, Channel.QR, of_age=asked.of_age,
            confirmed=Confirmed.ONLINE, employer=asked.employer, trade=asked.trade,
            campaign=asked.campaign,
        )
    )  # fmt: skip
    return made


def _is_called(entry: Entry, person: PersonId, asked: Joining) -> bool:
    facts = [entry.restated(one) for one in entry.records(person)]
    names = {normalise_name(name) for name in Person.of(facts).names}
    return normalise_name(asked.told.name) in names


def _register(entry: Entry, union: UnionId, asked: Joining) -> PersonId:
    person, act, told = new_person(), entry.act, asked.told
    owed = NumberOwed.NOT_AT_HAND if not told.number else None
    due = act.on + timedelta(days=NUMBER_DAYS) if owed else None
    entry.start(Person.register(act, person, told, number_owed=owed, number_due=due))
    born = date.fromisoformat(told.birth) if told.birth else None
    for receiver, purpose, groups in asked.agreed:
        entry.start(
            Consent.give(
                act, new_consent(), person, receiver, purpose, groups, Evidence.PHONE_PAGE,
                asked.notice, born=born,
            )
        )  # fmt: skip
    return person


def _to_be_looked_into(
    entry: Entry, person: PersonId, union: UnionId, asked: Joining,
    why: str = "已有会籍，请核对后办理接转",
) -> HelpId:  # fmt: skip
    return help_open(entry, person, Want.JOINING) or ask_for_help(
        entry, person, union, Want.JOINING, campaign=asked.campaign, employer=asked.employer,
        text=why, phone=asked.told.phone,
    )  # fmt: skip
