"""The audit of a million payments measured: posted, asked, and every amount derived again.

What is filled in is aid that was paid outside the book (补录), a thousand a day, a record of each
payment and one of its fund: through all their steps they would be ten million records. One in a
hundred has no receipt. The views that the audit asks follow list by list; the audit itself is rebuilt from the
whole journal, and its payments are derived in a process of its own, so that its memory is its own.
"""

import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from bench.files import carried_over
from bench.provinces import Line, Page, pair
from bench.rows import Places, Row, rate
from ledger import projections
from ledger.book import Ledger, Province
from ledger.domain.aid import AidGrant
from ledger.domain.aiding import AidKind, PayMode
from ledger.domain.funds import Fund, PastPaymentNoted, Source
from ledger.domain.ids import FundId, new_grant, new_person
from ledger.domain.kernel import Code, Fen, Office
from ledger.journal.database import Database
from ledger.journal.vault import Keyring
from ledger.procedures import funding
from ledger.projections import disbursement_audit, fund_statements, union_tree
from ledger.projections.posting import Projection
from ledger.replay import derive
from tests.aid import AidOffice
from tests.world import Time

PAYMENTS = 1_000_000
LIST = 1_000
UNSIGNED = 100
"""One payment of so many has no receipt."""

FUNDS = 20
AMOUNT = Fen(400_00)


def audits(place: Places) -> list[Row]:
    """The view in payments a second; findings and replay in seconds, with the memory they take.

    The ledger is filled on PostgreSQL and carried over to SQLite table by table.
    """
    many = place.size(PAYMENTS, 3_000)
    with pair(place, "postgresql") as provinces:
        home = provinces.home
        office = AidOffice(home)
        funds = _funds(office, many)
        for start in range(0, many, LIST):
            fill(office, funds[start // LIST % FUNDS], start, min(LIST, many - start))
            if start % 100_000 == 0:
                place.tell(f"audits: {start + LIST:,} payments filled in")
        ledger = home.ledger
        rows = [_posted(ledger, "postgresql", many, disbursement_audit.VIEW)]
        place.tell(f"{rows[0]}")
        with ledger.database.at_once() as conn:
            conn.exec_driver_sql("ANALYZE")
        rows += _audited(place, ledger, "postgresql", many)
        place.tell("audits: carrying it over to sqlite")
        url = place.url("sqlite")
        with closing(carried_over(ledger, url)) as other:
            return _audited(place, other, "sqlite", many) + rows


def _funds(office: AidOffice, payments: int) -> list[FundId]:
    """Funds with as much money as will be paid."""
    home, funds = office.world, list[FundId]()
    for number in range(1, FUNDS + 1):
        with home.entry(home.root, Office.CHAIR) as entry:
            funds.append(
                funding.open_fund(entry, home.root, f"帮扶资金{number}", Source.PROVINCIAL)
            )
        with home.entry(home.root, Office.ACCOUNTANT) as entry:
            funding.credit(
                entry, funds[-1], Fen((payments + LIST) * AMOUNT // FUNDS + LIST * AMOUNT)
            )
    return funds


def fill(
    office: AidOffice, fund: FundId, start: int, many: int, *views: Projection, days: int = 1
) -> None:
    """A list of payments that were made outside the book in the last days, by one fund."""
    home = office.world
    home.time.to(home.today + timedelta(days))
    with home.ledger.reading() as reader:
        version = reader.get(Fund, fund).version
    handler, approver = _OFFICERS
    page = Page(home)
    for at in range(start, start + many):
        on = home.today - timedelta(at % days)
        clerk = home.act(office.village, Office.CLERK, on)
        grant, person, version = new_grant(), new_person(), version + 1
        paid = AidGrant.record_past(
            clerk, grant, person, kind=AidKind.STUDY, amount=AMOUNT, need=Code(f"{on.year}"),
            mode=PayMode.BANK, voucher=Code(f"凭证{at}"), fund=fund, handler=handler,
            approver=approver, signed=at % UNSIGNED != 0,
        )  # fmt: skip
        noted = PastPaymentNoted(fund, grant, 1, AMOUNT, Fen(0))
        page.lines += [
            Line(1, person, paid, clerk),
            Line(version, person, noted, home.ledger.procedure(home.root, on)),
        ]
    page.close(*(views or (union_tree.VIEW, fund_statements.VIEW)))


_OFFICERS = new_person(), new_person()


def _posted(ledger: Ledger, database: str, many: int, view: Projection) -> Row:
    """The view of the audit from the first record to the swap."""
    value = rate(
        many, lambda: projections.rebuild(ledger.database, ledger.origin, view, accept=True)
    )
    return Row(f"audit of {many:,} payments: view rebuilt", database, value, "payments/s")


def _audited(place: Places, ledger: Ledger, database: str, many: int) -> list[Row]:
    seat = Seat(
        str(ledger.database.url.render_as_string(hide_password=False)),
        ledger.vault.keyring.folder, ledger.province, ledger.today,
    )  # fmt: skip
    what = f"audit of {many:,} payments"
    found, asked, asking = apart(_findings, seat)
    derived, spent, memory = apart(_derived, seat)
    read, reading, bare = apart(_read, seat)
    place.tell(f"{what}: {database}: {found:,} findings, {derived:,} payments, {read:,} records")
    assert (found, derived) == (len(range(0, many, UNSIGNED)), many)
    name = f"{what}: each derived again"
    return [
        Row(f"{what}: findings counted and listed", database, asked, "s", better="lower"),
        Row(f"{what}: findings, memory", database, asking, "MB", better="lower"),
        Row(name, database, spent, "s", "records read alone", None, None, "lower"),
        Row(f"{name}: records read alone", database, reading, "s", better="lower"),
        Row(f"{name}, a second", database, derived / spent, "payments/s"),
        Row(f"{name}, memory", database, memory, "MB", "records read alone", None, None, "lower"),
        Row(f"{name}, memory: records read alone", database, bare, "MB", better="lower"),
    ]


# ── in a process of its own ──────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Seat:
    """Where a ledger is, so that another process can open it."""

    url: str
    keys: Path
    province: Province
    on: date

    def open(self) -> Ledger:
        return Ledger(self.province, Database(self.url), Keyring(self.keys), Time(self.on).clock)


def apart(work: Callable[[Seat], int], seat: Seat) -> tuple[int, float, float]:
    """What it found, how many seconds it took, and the most memory that its process had, in MB."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_measured, work, seat).result()


def _measured(work: Callable[[Seat], int], seat: Seat) -> tuple[int, float, float]:
    begun = time.perf_counter()
    found = work(seat)
    spent = time.perf_counter() - begun
    return found, spent, _most_memory()


def _most_memory() -> float:
    """The most that this process had, in MB. `getrusage` would tell of the one that began it, too."""
    status = Path("/proc/self/status").read_text().splitlines()
    kilobytes = next(line.split()[1] for line in status if line.startswith("VmHWM:"))
    return int(kilobytes) / 1024


def _findings(seat: Seat) -> int:
    """As `liangdi audit findings --json`: counted by rule, then listed page by page."""
    with closing(seat.open()) as ledger, ledger.reading() as reader:
        sought = disbursement_audit.Sought(ledger.today)
        disbursement_audit.count(reader.conn, ledger.origin, sought)
        return sum(1 for _ in disbursement_audit.each(reader.conn, ledger.origin, sought))


def _derived(seat: Seat) -> int:
    """As `liangdi audit replay`."""
    with closing(seat.open()) as ledger, ledger.reading() as reader:
        return sum(each.matches for each in derive(reader))


def _read(seat: Seat) -> int:
    """Every record, page by page, and nothing made of it."""
    with closing(seat.open()) as ledger, ledger.reading() as reader:
        after = 0
        while page := ledger.recorder.page(reader.conn, after, projections.PAGE):
            after = page[-1].position
        return after
