"""A fund of a hundred thousand lines measured: what it had on any day, and its statement.

Its lines are past payments (补记已付) of a thousand days, written by lists, with its view.
"""

from datetime import date, timedelta
from random import Random

from sqlalchemy import func, select

from bench.audits import AMOUNT, LIST, fill
from bench.doors import Door, beside, milliseconds
from bench.provinces import pair
from bench.rows import Places, Row
from ledger.domain.funds import Source
from ledger.domain.kernel import Fen, Office
from ledger.procedures import funding
from ledger.projections import fund_statements as view
from ledger.projections import union_tree
from ledger.projections.posting import live
from tests.aid import YUAN, AidOffice

LINES = 100_000
DAYS = 10
"""Over how many days the thousand lines of a list are spread."""


def fund(place: Places) -> list[Row]:
    """Milliseconds of a balance at a random day, of the statement's page, of a line recorded."""
    rows: list[Row] = []
    for name in ("sqlite", "postgresql"):
        with pair(place, name) as provinces:
            office = AidOffice(provinces.home)
            many = place.size(LINES, 2_000)
            office.credit(Fen(many * AMOUNT))
            begun = provinces.home.today
            for start in range(0, many, LIST):
                fill(office, office.fund, start, LIST, union_tree.VIEW, view.VIEW, days=DAYS)
            place.tell(f"{name}: a fund of {many:,} lines")
            rows += _asked(place, name, office, begun, f"a fund of {many:,} lines")
    return rows


def _asked(place: Places, name: str, office: AidOffice, begun: date, what: str) -> list[Row]:
    home, fund_ = office.world, office.fund
    database, origin, path = home.ledger.database, home.origin, f"/funds/{fund_}"
    door = Door(home, home.root, Office.ACCOUNTANT)
    random = Random(1)
    span = (home.today - begun).days
    days = [begun + timedelta(random.randrange(span)) for _ in range(1000)]
    many = place.size(200, 5)

    def balance(turn: int) -> None:
        with database.reading() as conn:
            view.totals(conn, origin, [fund_], days[turn])

    def known(turn: int) -> None:
        with database.reading() as conn:
            view.totals(conn, origin, [fund_], days[turn], home.today)

    def summed(turn: int) -> None:
        line = view.fund_line.c
        with database.reading() as conn:
            conn.execute(
                select(func.sum(line.credited), func.sum(line.drawn)).where(
                    line.generation == live(conn, origin, view.NAME), line.fund == fund_,
                    line.on <= days[turn].isoformat(),
                )
            ).all()  # fmt: skip

    def lines(turn: int) -> None:
        with database.reading() as conn:
            view.lines(conn, origin, fund_, view.Asked(until=days[turn]), limit=100)

    def credit(_: int) -> None:
        with home.entry(home.root, Office.ACCOUNTANT) as entry:
            funding.credit(entry, fund_, Fen(YUAN))

    def other(_: int) -> None:
        with home.entry(home.root, Office.ACCOUNTANT) as entry:
            funding.credit(entry, small, Fen(YUAN))

    with home.entry(home.root, Office.CHAIR) as entry:
        small = funding.open_fund(entry, home.root, "县级帮扶资金", Source.PROVINCIAL)
    raw = milliseconds(many, summed)
    alone = milliseconds(many, lines)
    page = milliseconds(many, lambda turn: door.page(path, as_of=days[turn].isoformat()))
    now = milliseconds(many, lambda _: door.page(path))
    api = milliseconds(many, lambda turn: door.ask(path, as_of=days[turn].isoformat()))
    wrote = milliseconds(many, credit)
    return [
        *beside(
            f"{what}: balance at a day", name, milliseconds(many, balance),
            "its lines summed by the database", raw,
        ),
        *beside(
            f"{what}: balance at a day, as known", name, milliseconds(many, known),
            "its lines summed by the database", raw,
        ),
        *beside(f"{what}: statement page", name, now, "its lines alone", alone),
        *beside(f"{what}: statement page at a day", name, page, "its lines alone", alone),
        *beside(f"{what}: statement by API at a day", name, api, "its lines alone", alone),
        *beside(
            f"{what}: a line recorded", name, wrote, "of a new fund", milliseconds(many, other)
        ),
    ]  # fmt: skip
