"""Aid for tests: a province with a scheme, a fund and the officers of every duty."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from ledger.book import Entry, Ledger, Province
from ledger.clock import working_days_after
from ledger.domain.aid import AidGrant, AidList, PayeeKind, Signed
from ledger.domain.aiding import AidKind, Cap, CapPer, Days, KindRules, PayMode, Step
from ledger.domain.funds import Fund, Source
from ledger.domain.ids import (
    AidListId,
    FundId,
    GrantId,
    PersonId,
    SchemeId,
    UnionId,
    new_fund,
    new_scheme,
)
from ledger.domain.kernel import Act, Basis, Code, Fen, Office
from ledger.domain.schemes import Scheme
from ledger.journal.database import Database
from ledger.journal.vault import Keyring
from ledger.procedures import aiding
from tests.world import LONG_AGO, Time, World, open_province

YUAN = 100

STUDY = KindRules(
    kind=AidKind.STUDY, steps=(Step.REVIEW, Step.VISIT, Step.NOTICE),
    caps=(Cap(per=CapPer.CHILD_YEAR, most=Fen(6000 * YUAN)),),
    minutes_above=Fen(5000 * YUAN), notice_days=5, notice_in=Days.WORKING,
    modes=(PayMode.BANK, PayMode.INSTITUTION),
)  # fmt: skip
WARMTH = KindRules(
    kind=AidKind.SENDING_WARMTH, steps=(Step.REVIEW,),
    caps=(Cap(per=CapPer.APPLICATION, most=Fen(1000 * YUAN)),),
    modes=(PayMode.CASH, PayMode.GOODS),
)  # fmt: skip
TEMPORARY = KindRules(
    kind=AidKind.TEMPORARY, steps=(Step.REVIEW,), later=(Step.VISIT,),
    caps=(Cap(per=CapPer.PERSON_YEAR, most=Fen(3000 * YUAN)),), modes=(PayMode.BANK, PayMode.CASH),
    once_per_need=False, emergency=True, review_days=7,
)  # fmt: skip


class AidOffice:
    """A federation that aids: its scheme, its fund with 100,000 yuan, and what its officers do."""

    def __init__(
        self, world: World, kinds: tuple[KindRules, ...] = (STUDY, WARMTH, TEMPORARY)
    ) -> None:
        self.world = world
        self.village = world.union("纳合村工会")
        self.scheme, self.fund = new_scheme(), new_fund()
        with world.entry(world.root, Office.CHAIR, LONG_AGO) as entry:
            entry.write(
                Scheme().adopt(
                    entry.act, self.scheme, "困难职工帮扶办法", 1, LONG_AGO, kinds, Code("450000")
                )
            )
        with world.entry(world.root, Office.CHAIR) as entry:
            opened = Fund.open(entry.act, self.fund, world.root, "省级帮扶资金", Source.PROVINCIAL)
            entry.write(opened)
        self.credit(Fen(100_000 * YUAN))

    def credit(self, amount: Fen) -> None:
        with self.world.entry(self.world.root, Office.ACCOUNTANT) as entry:
            fund = entry.read(Fund, self.fund)
            entry.write(
                fund.contribute(entry.act, amount, Source.PROVINCIAL, "省财政", Code("拨1号"))
            )

    @contextmanager
    def entry(
        self, office: Office, union: UnionId | None = None, act: Act | None = None
    ) -> Generator[Entry]:
        """An entry that holds the head, as everything does that asks what was already given."""
        there = act or self.world.act(union or self.village, office)
        with self.world.ledger.entry(there, lock=True) as entry:
            yield entry

    # ── one grant ──

    def apply(
        self, person: PersonId, amount: int = 3000 * YUAN, kind: AidKind = AidKind.STUDY, *,
        child: PersonId | None = None, need: str = "2026-2027", emergency: bool = False,
    ) -> GrantId:  # fmt: skip
        with self.entry(Office.CLERK) as entry:
            return aiding.apply(
                entry, person, self.scheme, kind, Fen(amount), beneficiary=child, need=Code(need),
                emergency=emergency, reason="在工地受伤，急用" if emergency else "",
            )  # fmt: skip

    def examined(self, grant: GrantId) -> None:
        """Payee named, reviewed, visited, and the notice has ended."""
        with self.entry(Office.CLERK) as entry:
            aiding.name_payee(
                entry, grant, PayeeKind.APPLICANT, holder="韦秀英", bank="农信社", account="6228480"
            )
            aiding.visit(entry, grant, "住房漏雨")
        with self.entry(Office.REVIEWER) as entry:
            aiding.review(entry, grant)
        with self.entry(Office.CLERK) as entry:
            aiding.publicise(entry, grant, Code("公示1号"), Basis.SEPARATE_CONSENT, "村务公开栏")
        until = working_days_after(self.world.today - timedelta(1), 5)
        self.world.time.to(until + timedelta(1))

    def approve(self, grant: GrantId, minutes: str | None = None) -> None:
        with self.entry(Office.APPROVER, self.world.root) as entry:
            aiding.approve(
                entry, grant, entry.read(AidGrant, grant).content, self.fund,
                minutes=Code(minutes) if minutes else None,
            )  # fmt: skip

    def send(self, grant: GrantId) -> int:
        with self.entry(Office.CASHIER, self.world.root) as entry:
            return aiding.instruct(entry, grant, PayMode.BANK)

    def pay(self, grant: GrantId) -> int:
        payment = self.send(grant)
        with self.entry(Office.CASHIER, self.world.root) as entry:
            aiding.made(entry, grant, payment, Code("凭证1"))
        return payment

    def sign(self, grant: GrantId, payment: int = 1) -> None:
        with self.entry(Office.LEGAL, self.world.root) as entry:
            aiding.sign(entry, grant, payment, Signed.SELF)

    # ── lists ──

    def list_of(self, persons: list[PersonId], each: int = 400 * YUAN) -> AidListId:
        """A list of 送温暖, sent up and reviewed."""
        with self.entry(Office.CLERK) as entry:
            aid_list = aiding.draw_up(
                entry, "春节送温暖", self.scheme, AidKind.SENDING_WARMTH, Fen(each), PayMode.CASH
            )
        with self.entry(Office.CLERK) as entry:
            aiding.put_on(entry, aid_list, persons, Code("2026春节"))
        with self.entry(Office.CLERK) as entry:
            aiding.send_up(entry, aid_list)
        with self.entry(Office.REVIEWER) as entry:
            aiding.review_list(entry, aid_list)
        return aid_list

    def approve_list(self, aid_list: AidListId) -> None:
        with self.entry(Office.APPROVER, self.world.root) as entry:
            aiding.approve_list(entry, aid_list, entry.read(AidList, aid_list).content, self.fund)

    # ── what there is ──

    def grant(self, grant: GrantId) -> AidGrant:
        with self.world.ledger.reading() as reader:
            return reader.get(AidGrant, grant)

    def money(self, fund: FundId | None = None) -> Fund:
        with self.world.ledger.reading() as reader:
            return reader.get(Fund, fund or self.fund)


@dataclass(frozen=True)
class Seat:
    """Where an office works, so that another process can sit down in it."""

    url: str
    keys: Path
    province: Province
    on: date
    unions: tuple[UnionId, UnionId]
    officers: dict[tuple[str, Office], PersonId]
    scheme: SchemeId
    fund: FundId

    @classmethod
    def of(cls, office: AidOffice, url: str, keys: Path) -> "Seat":
        """The seat of an office whose officers have all been appointed."""
        world = office.world
        posts = [(office.village, each) for each in (Office.CLERK, Office.REVIEWER)]
        posts += [
            (world.root, each)
            for each in (Office.CLERK, Office.APPROVER, Office.CASHIER, Office.LEGAL)
        ]
        return cls(
            url, keys, world.ledger.province, world.today, (world.root, office.village),
            {(union, held): world.officer(union, held) for union, held in posts},
            office.scheme, office.fund,
        )  # fmt: skip

    def sit(self) -> AidOffice:
        """The same office, on connections of its own."""
        time = Time(self.on)
        ledger = Ledger(self.province, Database(self.url), Keyring(self.keys), time.clock)
        world = World.at(ledger, time, self.unions[0], self.officers)
        office = AidOffice.__new__(AidOffice)
        office.world, office.village = world, self.unions[1]
        office.scheme, office.fund = self.scheme, self.fund
        return office


def open_office(folder: Path, code: str = "45") -> AidOffice:
    return AidOffice(open_province(folder, code))
