"""The pages measured in a province of a million members: how long each first page takes, and its size.

The members are brought on record by lists (历史会籍), two records each, with applications, offers,
consents, past payments and a read log beside them, so that every list of the menu has more than it
shows. Then officers of five offices open every page of the menu, the roster by each of its filters
and searches, a worker's file; and a worker opens the pages of her phone.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from fastapi.testclient import TestClient

from api.app import create_app
from api.console.frame import MENU
from api.console.workers import COLUMNS
from api.phone.frame import COOKIE
from bench.audits import fill as pay
from bench.doors import PAGE, milliseconds, p99
from bench.files import carried_over
from bench.provinces import Line, Page, pair, people
from bench.rows import Places, Row
from ledger import projections
from ledger.book import Ledger
from ledger.demo.people import COUNTIES, EMPLOYERS
from ledger.desk import Desk
from ledger.domain.consents import Consent, Evidence, Purpose, Receiver
from ledger.domain.ids import (
    ConsentId,
    PersonId,
    UnionId,
    new,
    new_membership,
    new_person,
    new_transfer,
)
from ledger.domain.kernel import Act, Code, Fen, Group, Office
from ledger.domain.membership import Channel, Confirmed, Membership, Proof, TransferReason
from ledger.domain.persons import Particulars, Person
from ledger.domain.unions import UnionKind
from ledger.journal.database import load
from ledger.journal.tables import reading
from ledger.window import Window
from tests.aid import AidOffice
from tests.pair import Pair
from tests.world import World

MEMBERS = 1_000_000
UNIONS = 1_000
LIST = 2_000
"""How many members come on record in one list."""

AIM = 300
"""Milliseconds at the server for the first page of anything."""

OFFICES = (
    Office.CLERK, Office.APPROVER, Office.ACCOUNTANT, Office.AUDITOR, Office.PRIVACY,
)  # fmt: skip
LOADED = date(2024, 5, 1)
ONE_IN = 100
"""One of so many applies only; one of so many of the members is offered to the other province, has
given a consent, was paid once."""


@dataclass(frozen=True)
class Filled:
    """A province with its members; and one of them, to ask for."""

    unions: Sequence[UnionId]
    person: PersonId
    told: Particulars


def pages(place: Places) -> list[Row]:
    """Milliseconds and KB of each first page.

    The ledger is filled on PostgreSQL and carried over to SQLite table by table.
    """
    many = place.size(MEMBERS, 300)
    with pair(place, "postgresql") as provinces:
        filled = populated(place, provinces, many)
        home = provinces.home
        with home.ledger.database.at_once() as conn:
            conn.exec_driver_sql("ANALYZE")
        rows = measured(place, home, home.ledger, filled, many)
        place.tell("pages: carrying it over to sqlite")
        with closing(carried_over(home.ledger, place.url("sqlite"))) as ledger:
            return measured(place, home, ledger, filled, many) + rows


# ── asking ───────────────────────────────────────────────────────────────────────────────────


def measured(place: Places, home: World, ledger: Ledger, filled: Filled, many: int) -> list[Row]:
    """Every page, by those who open it."""
    asker = _Asker(place, ledger, many, [])
    root = {office: home.officer(home.root, office) for office in OFFICES}
    village = home.officer(filled.unions[0], Office.CLERK)
    code, engine = ledger.province.code, ledger.database.engine.name
    desk = Desk({code: ledger}, demo=True)
    app = create_app(desk)
    menu = [(link.name, link.href) for _, links in MENU for link in links]
    for name, person in {**root, "village": village}.items():
        desk.open_account(ledger, f"{name}-{engine}", person, "", name)
        browser = TestClient(app, headers=PAGE)
        browser.post("/sign-in", data={"demo": "1", "name": f"{name}-{engine}", "province": code})
        for zh, path in menu:
            asker.ask(f"{zh} ({name})", browser, path)
        if name == Office.CLERK:
            for zh, path in _searches(filled):
                asker.ask(f"{zh} ({name})", browser, path)
        if name == Office.AUDITOR:
            for tab in ("samples", "payments", "reads"):
                asker.ask(f"经审工作台 {tab} ({name})", browser, f"/audit?tab={tab}")
    window: Window = app.state.window
    phone = TestClient(app, headers=PAGE)
    poster = window.put_up(ledger, filled.unions[0], "bench")
    asker.ask("扫码入会 (phone)", phone, f"/j/{poster}")
    phone.cookies.set(COOKIE, window.begin(ledger, filled.person))
    for path in ("/m", "/m/membership", "/m/progress", "/m/consents", "/m/help", "/m/rights"):
        asker.ask(f"手机 {path} (phone)", phone, path)
    return asker.rows


@dataclass(frozen=True)
class _Asker:
    """Asks for pages, and writes down how long it took and how much came."""

    place: Places
    ledger: Ledger
    many: int
    rows: list[Row]

    def ask(self, name: str, door: TestClient, path: str) -> None:
        """One page several times; a page that this office may not open is left out."""
        answered = door.get(path)
        if answered.status_code == 403:
            return
        if answered.status_code != 200:
            raise RuntimeError(f"{path}: {answered.status_code} {answered.text[:500]}")
        database = "sqlite" if self.ledger.database.is_sqlite else "postgresql"
        times = milliseconds(self.place.size(10, 1), lambda _: door.get(path))
        size = len(answered.content) / 1024
        self.place.tell(
            f"{database} {median(times):6.0f} {p99(times):6.0f} ms {size:5.0f} KB  {name}"
        )
        what = f"{self.many:,} members: {name}"
        self.rows.extend((
            Row(f"{what}, p99", database, p99(times), "ms", aim=AIM, better="lower"),
            Row(f"{what}, p50", database, median(times), "ms", better="lower"),
            Row(f"{what}, size", database, size, "KB", better="lower"),
        ))  # fmt: skip


def _searches(filled: Filled) -> Iterator[tuple[str, str]]:
    """The roster by each of its filters and searches, and what a row leads to."""
    told, union = filled.told, filled.unions[0]
    asked = {
        "姓名": f"q={told.name}", "拼音": "q=weixiuying", "首字母": "q=wxy",
        "末四位": f"q={told.number[-4:]}", "证件号码": f"q={told.number}", "电话": f"q={told.phone}",
        "工会": f"union={union}", "户籍县": f"home={told.division}",
        "户籍市": f"home={told.division[:4]}", "外省户籍": "home=44",
        "用人单位": f"employer={EMPLOYERS[0]}", "少见的单位": "employer=广西7号建筑劳务有限公司",
        "户籍和单位": f"home={told.division}&employer={EMPLOYERS[1]}",
        "姓名和户籍": f"q={told.name}&home={told.division}", "待批准": "state=applied",
        "保留会籍": "state=retained", "渠道": f"channel={Channel.QR}",
        "所有列": f"cols={','.join(COLUMNS)}&size=100", "某日": "as_of=2025-03-01",
        "对方省": "own=false",
    }  # fmt: skip
    for name, words in asked.items():
        yield f"名册：{name}", f"/workers?{words}"
    yield "会员详情", f"/workers/{filled.person}"
    yield "会员授权", f"/consents?person={filled.person}"
    yield "一个工会", f"/unions/{union}"


# ── filling ──────────────────────────────────────────────────────────────────────────────────


def populated(place: Places, provinces: Pair, many: int) -> Filled:
    """A province with this many members, and something of everything else."""
    home = provinces.home
    unions = _unions(home, place.size(UNIONS, 10))
    place.tell(f"pages: {len(unions)} unions with their officers")
    officers = [_Officers.of(home, union) for union in unions]
    everybody, first = people(), None
    for start in range(0, many, LIST):
        page = Page(home)
        for at in range(start, min(start + LIST, many)):
            told, person = next(everybody), new_person()
            first = first or (person, told)
            page.lines += _life(provinces, officers[at % len(officers)], at, person, told)
        page.close()
        if start % (LIST * 25) == 0:
            place.tell(f"pages: {start + len(page.lines):,} members")
    assert first is not None
    _paid(home, unions, max(many // ONE_IN, 10))
    _read(home, unions, many, first[0])
    return Filled(unions, *first)


def _unions(home: World, many: int) -> list[UnionId]:
    """A federation for each county, and their village unions."""
    counties = [
        home.union(f"{name}总工会", UnionKind.FEDERATION, division=code)
        for _, name, code, _ in COUNTIES
    ]
    return [
        home.union(
            f"第{at}村工会", superior=counties[at % len(counties)],
            division=COUNTIES[at % len(counties)][2],
        )
        for at in range(many)
    ]  # fmt: skip


@dataclass(frozen=True)
class _Officers:
    """Under what the officers of one union act, on the day on which its list came on record."""

    clerk: Act
    approver: Act
    liaison: Act

    @classmethod
    def of(cls, home: World, union: UnionId) -> "_Officers":
        return cls(
            *(home.act(union, each) for each in (Office.CLERK, Office.APPROVER, Office.LIAISON))
        )


def _life(
    provinces: Pair, by: _Officers, at: int, person: PersonId, told: Particulars
) -> Iterator[Line]:
    """What is on record of one worker."""
    membership, union = new_membership(), by.clerk.union
    employer = EMPLOYERS[at % 5] if at % 3 else f"广西{at % 997}号建筑劳务有限公司"
    yield Line(1, person, Person.register(by.clerk, person, told), by.clerk)
    if at % ONE_IN == 1:
        applied = Membership.apply(
            by.clerk, membership, person, union, Channel.VILLAGE, of_age=True,
            confirmed=Confirmed.LIST, employer=employer,
        )  # fmt: skip
        yield Line(1, person, applied, by.clerk)
        return
    loaded = Membership.load(
        by.approver, membership, person, union, LOADED - timedelta(at % 3000), Proof.CARD,
        employer=employer,
    )  # fmt: skip
    yield Line(1, person, loaded, by.approver)
    if at % ONE_IN == 2:
        offered = Membership.told(loaded).offer_to(
            by.liaison, new_transfer(), provinces.street, Code(provinces.host.origin),
            provinces.home.today + timedelta(10), TransferReason.WORKS_THERE,
        )  # fmt: skip
        yield Line(2, person, offered, by.liaison)
    if at % ONE_IN == 3:
        consent = ConsentId(new("con"))
        given = Consent.give(
            by.clerk, consent, person, Receiver("广东省总工会", partner=Code(provinces.host.origin)),
            Purpose.MEMBERSHIP, [Group.IDENTITY], Evidence.SIGNED_FORM, Code("告知书1"),
        )  # fmt: skip
        yield Line(1, person, given, by.clerk)


def _paid(home: World, unions: Sequence[UnionId], many: int) -> None:
    """Aid of the past, of one fund, with all views."""
    office = AidOffice(home)
    office.credit(Fen(many * 400_00))
    for start in range(0, many, 1000):
        pay(office, office.fund, start, min(1000, many - start), *projections.VIEWS)


def _read(home: World, unions: Sequence[UnionId], many: int, person: PersonId) -> None:
    """As many lines of the read log as there are members, of the last ninety days."""
    officer = home.officer(home.root, Office.CLERK)
    begun = home.ledger.clock.now() - timedelta(90)
    each = timedelta(90) / many
    with home.ledger.database.writing() as conn:
        for start in range(0, many, 10_000):
            load(conn, reading, [
                (
                    f"vis_{at:026}", person if at % 1000 == 0 else new_person(),
                    (begun + each * at).isoformat(timespec="microseconds"), officer,
                    unions[at % len(unions)], ("workers", "worker", "grants")[at % 3], "office",
                )
                for at in range(start, min(start + 10_000, many))
            ])  # fmt: skip
