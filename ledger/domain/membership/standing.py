"""Standing (会籍管理): retained by this union or another, resumed, managed by entrustment."""

from collections.abc import Sequence
from datetime import date

from ledger.domain.ids import MembershipId, PersonId, UnionId
from ledger.domain.kernel import (
    Act,
    Code,
    EmployerText,
    Event,
    Fact,
    MembershipText,
    Office,
    Scope,
)
from ledger.domain.membership.custody import (
    Custody,
    Management,
)
from ledger.domain.membership.rules import (
    AlreadyEntrusted,
    AlreadyRetained,
    NotEntrusted,
    NotRetained,
)
from ledger.domain.membership.words import (
    Card,
    ManagementEnding,
    Retention,
)

_DECIDERS = (Office.APPROVER, Office.CHAIR)


class MembershipRetained(Event, by=(*_DECIDERS, Office.PROCEDURE), scope=Scope.MEMBERSHIP):
    """保留会籍: kept by `union`, without dues or vote; dues stop after `dues_until`."""

    membership: MembershipId
    person: PersonId
    union: UnionId
    from_union: UnionId
    reason: Retention
    card: Card
    dues_until: date | None = None
    minutes: Code | None = None
    note: MembershipText = ""


class MembershipResumed(Event, by=_DECIDERS, scope=Scope.MEMBERSHIP):
    """恢复会籍: retained no longer, an ordinary member of the same union."""

    membership: MembershipId
    person: PersonId
    union: UnionId
    employer: EmployerText = ""
    trade: MembershipText = ""


class ManagementEntrusted(Event, by=_DECIDERS, scope=Scope.MEMBERSHIP, ahead=True):
    """委托管理: another union manages the member from `since` until `until` (excluded, T10)."""

    membership: MembershipId
    person: PersonId
    union: UnionId
    to_union: UnionId
    to_origin: Code
    since: date
    until: date | None = None
    agreement: Code | None = None


class ManagementEnded(Event, by=(*_DECIDERS, Office.LIAISON), scope=Scope.MEMBERSHIP):
    """委托管理终止: on the day that the fact takes effect."""

    membership: MembershipId
    person: PersonId
    union: UnionId
    to_union: UnionId
    why: ManagementEnding


class Standing(Custody):
    """The part of a membership that is its keeping."""

    def retain(
        self, act: Act, reason: Retention, card: Card, keeper: UnionId | None = None, *,
        line: Sequence[UnionId] = (), dues_until: date | None = None,
        minutes: Code | None = None, note: str = "",
    ) -> MembershipRetained:  # fmt: skip
        """Keeps a membership, here or at the superior or residence union. An open offer stays open.

        `line`: the holding union and those above it. Raises: NotAMember, NotTheHolder,
        AlreadyRetained.
        """
        membership, person, holder = self._held(act, *line)
        union = keeper or holder.union
        if self.retained and union == holder.union:
            raise AlreadyRetained(union=union)
        return MembershipRetained(
            membership, person, union, holder.union, reason, card, dues_until, minutes, note
        )

    def resume(self, act: Act, employer: str = "", trade: str = "") -> MembershipResumed:
        """Raises: NotAMember, NotTheHolder, NotRetained."""
        membership, person, holder = self._held(act)
        if not self.retained:
            raise NotRetained()
        return MembershipResumed(membership, person, holder.union, employer, trade)

    def entrust_management(
        self, act: Act, to_union: UnionId, to_origin: Code, *, since: date | None = None,
        until: date | None = None, agreement: Code | None = None,
    ) -> ManagementEntrusted:  # fmt: skip
        """Raises: NotAMember, NotTheHolder, AlreadyEntrusted."""
        membership, person, holder = self._held(act)
        first = since or act.on
        if any(m.moves == self.moves and m.holds(first) for m in self.managements):
            raise AlreadyEntrusted(to=self.managing(first))
        return ManagementEntrusted(
            membership, person, holder.union, to_union, to_origin, first, until, agreement
        )

    def end_management(self, act: Act, to_union: UnionId, why: ManagementEnding) -> ManagementEnded:
        """The member's own union, or the one entrusted, ends it. Raises: NotAMember, NotTheHolder,
        NotEntrusted.
        """
        membership, person, holder = self._held(act, to_union)
        running = [m for m in self.managements if m.moves == self.moves and m.holds(act.on)]
        if to_union not in {m.union for m in running}:
            raise NotEntrusted(to=to_union)
        return ManagementEnded(membership, person, holder.union, to_union, why)

    # ── folding ──

    def after(self, fact: Fact) -> None:
        match fact.event:
            case MembershipRetained() as e:
                self._keep(fact, e.union, retained=True)
            case MembershipResumed() as e:
                self._keep(fact, e.union, retained=False)
                self.employer, self.trade = e.employer, e.trade
            case ManagementEntrusted() as e:
                moves = self._known_to(fact)
                self.managements.append(Management(moves, e.to_union, e.since, e.until))
            case ManagementEnded() as e:
                self.managements = [m.cut(e.to_union, fact.on) for m in self.managements]
            case _:
                super().after(fact)
