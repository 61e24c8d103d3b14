"""Two provinces for tests: a home and a host world, their agreement, and the exchange between them."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from ledger import procedures
from ledger.domain.ids import (
    MembershipId,
    PartnershipId,
    PersonId,
    TransferId,
    UnionId,
    new_partnership,
)
from ledger.domain.kernel import Basis, Code, Group, Office, Scope
from ledger.domain.membership import Membership, TransferReason
from ledger.domain.partnerships import (
    Annex,
    AtEnd,
    CountedBy,
    Partnership,
    Party,
    Unanswered,
)
from ledger.domain.unions import UnionKind
from ledger.exchange.giving import Giving
from ledger.exchange.reading import Reading
from ledger.exchange.running import drain, sync
from tests.world import Time, World, open_province

SHARED = (Scope.ORGANISATION, Scope.PERSON, Scope.MEMBERSHIP)
BASIS = Basis.STATUTORY_DUTY


def annex(
    scopes: Sequence[Scope] = SHARED,
    groups: Sequence[Group] = (Group.IDENTITY, Group.CONTACT, Group.MEMBERSHIP),
    unanswered: Unanswered = Unanswered.LAPSES,
    at_end: AtEnd = AtEnd.FINISH,
) -> Annex:
    return Annex(
        scopes=tuple(scopes), groups=tuple(groups), answer_days=10, unanswered=unanswered,
        request_days=5, counted_by=CountedBy.HOST, late_after_days=30, notice_days=30,
        at_end=at_end,
    )  # fmt: skip


class Pair:
    """广西 and 广东, each with a village union and a ledger of its own."""

    def __init__(self, home: World, host: World) -> None:
        self.home, self.host = home, host
        self.village = home.union("纳合村工会", UnionKind.VILLAGE)
        self.street = host.union("莞城街道工会", UnionKind.TOWNSHIP)
        self.to_host = Giving(home.ledger, host.origin)
        self.to_home = Giving(host.ledger, home.origin)
        self.at_host = Reading(host.ledger, self.to_host)
        self.at_home = Reading(home.ledger, self.to_home)
        self.partnership = new_partnership()

    def parties(self) -> list[Party]:
        return [
            Party(w.root, Code(w.origin), Code(w.ledger.province.code), w.ledger.province.name)
            for w in (self.home, self.host)
        ]

    def propose(self, terms: Annex | None = None, until: date | None = None) -> PartnershipId:
        """The home province proposes and signs."""
        with self.home.entry(self.home.root, Office.CHAIR) as entry:
            entry.write(
                Partnership.propose(
                    entry.act, self.partnership, "会籍接转合作协议", self.parties(),
                    terms or annex(), origin=self.home.origin, until=until,
                )
            )  # fmt: skip
        self.sign(self.home)
        return self.partnership

    def sign(self, world: World) -> None:
        with world.entry(world.root, Office.CHAIR) as entry:
            entry.write(
                entry.read(Partnership, self.partnership).sign(entry.act, origin=world.origin)
            )

    def agree(self, terms: Annex | None = None, until: date | None = None) -> "Pair":
        """Both sign, and each has read the other."""
        self.propose(terms, until)
        self.sync()
        self.sign(self.host)
        self.sync()
        return self

    def sync(self) -> int:
        return sync(self.home.ledger, self.host.ledger)

    def host_reads(self) -> int:
        return drain(self.at_host)

    def home_reads(self) -> int:
        return drain(self.at_home)

    def member(self, name: str = "", phone: str = "") -> tuple[PersonId, MembershipId]:
        """A worker of the village, a member of its union."""
        person = self.home.worker(name, phone=phone)
        return person, self.home.enrol(person, self.village)

    def offer(
        self, membership: MembershipId, to: UnionId | None = None, basis: Basis | None = BASIS,
        deadline: date | None = None,
    ) -> TransferId:  # fmt: skip
        with self.home.entry(self.village, Office.LIAISON) as entry:
            return procedures.offer(
                entry, membership, to or self.street, TransferReason.WORKS_THERE, basis=basis,
                deadline=deadline,
            )  # fmt: skip

    def accept(self, membership: MembershipId, offer: TransferId) -> None:
        with self.host.entry(self.street, Office.LIAISON) as entry:
            procedures.accept(entry, membership, offer)

    def holders(self, membership: MembershipId) -> tuple[str | None, str | None]:
        """Who holds it, as each side sees it."""
        found: list[str | None] = []
        for world in (self.home, self.host):
            with world.ledger.reading() as reader:
                holder = reader.get(Membership, membership).holder
                found.append(holder.origin if holder else None)
        return found[0], found[1]


def open_pair(folder: Path, host_url: str | None = None, home_url: str | None = None) -> Pair:
    time = Time()
    return Pair(
        open_province(folder, "45", url=home_url, time=time),
        open_province(folder, "44", url=host_url, time=time),
    )


def close(pair: Pair) -> None:
    pair.home.ledger.close()
    pair.host.ledger.close()
