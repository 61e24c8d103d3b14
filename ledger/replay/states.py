"""How a worker stands on a day (职工状态): who she is, her memberships, and who answers for her."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from ledger.domain.identity import DocumentKind
from ledger.domain.ids import MembershipId, PersonId, TransferId, UnionId
from ledger.domain.kernel import Fact
from ledger.domain.membership import Ending, Membership, State
from ledger.domain.persons import NumberOwed
from ledger.replay.told import Lane, Told


@dataclass(frozen=True)
class Identity:
    """Who she is, as far as it is open (基本情况)."""

    person: PersonId
    others: tuple[PersonId, ...]  # further ids of the same person
    name: str
    former_names: tuple[str, ...]
    document: DocumentKind
    number: str
    number_owed: NumberOwed | None
    number_due: date | None
    sex: str
    ethnic: str
    birth: str
    division: str
    division_name: str
    residence: str
    phone: str
    address: str
    died_on: date | None
    closed: str = ""  # why the texts are not open, where they are not


@dataclass(frozen=True)
class MembershipState:
    """Where one membership stands on a day (会籍)."""

    membership: MembershipId
    person: PersonId
    state: State
    ending: Ending | None
    union: UnionId | None
    union_name: str
    lane: Lane | None  # whose journal holds it
    since: date | None  # member since, over all unions
    union_since: date | None
    retained: bool
    managing: UnionId | None  # by entrustment, where it is another one
    serving: UnionId | None  # the receiver that has accepted
    offer: TransferId | None
    deadline: date | None
    channel: str
    employer: str
    trade: str


@dataclass(frozen=True)
class WorkerState:
    """How a worker stands on a day, by the facts that are known."""

    on: date
    memberships: tuple[MembershipState, ...]
    died_on: date | None = None

    @property
    def current(self) -> MembershipState | None:
        """The membership that counts: one that is held before one applied for, the later first."""

        def rank(one: MembershipState) -> tuple[bool, bool, date]:
            return one.union is not None, one.state is not State.ENDED, one.since or date.min

        return max(self.memberships, key=rank, default=None)

    @property
    def held(self) -> tuple[MembershipState, ...]:
        return tuple(one for one in self.memberships if one.union is not None)


@dataclass(frozen=True)
class Interval:
    """Who answered for the worker from `since` until `until` (excluded; None: still)."""

    since: date
    until: date | None
    union: UnionId  # holds the membership, and so is responsible
    union_name: str
    lane: Lane
    membership: MembershipId
    retained: bool
    managing: UnionId | None  # manages by entrustment (T10)
    serving: UnionId | None  # serves by its acceptance, before custody
    serving_name: str
    offer: TransferId | None  # a transfer was pending

    def covers(self, on: date) -> bool:
        return self.since <= on and (self.until is None or on < self.until)


# ── folding ──────────────────────────────────────────────────────────────────────────────────


def memberships(standing: Iterable[Told]) -> dict[str, Membership]:
    """The memberships that these facts tell of, folded in the order in which they became known."""
    streams: dict[str, list[Fact]] = {}
    for each in sorted(standing, key=lambda one: one.rank):
        if each.record.stream.startswith("mem_"):
            streams.setdefault(each.record.stream, []).append(each.fact)
    folded = {stream: Membership.of(facts) for stream, facts in streams.items()}
    return {stream: told for stream, told in folded.items() if told.id is not None}


def union_since(told: Membership, day: date) -> date | None:
    """Since when it has been held by the same union without a break."""
    now = told.holding_on(day)
    if now is None:
        return None
    since = now.since
    for held in sorted(told.holdings, key=lambda one: one.place, reverse=True):
        if held.place > now.place:
            continue
        if held.holder != now.holder:
            break
        since = held.since
    return since


def turns(told: Membership) -> set[date]:
    """The days on which somebody else may have come to answer for the member."""
    days = {held.since for held in told.holdings}
    days |= {day for m in told.managements for day in (m.since, m.until) if day is not None}
    for offer in told.offers.values():
        days |= {
            d for d in (offer.offered_on, offer.answered_on, offer.outcome_on) if d is not None
        }
    if told.ended is not None:
        days.add(told.ended[1])
    return days
