"""Fund statements: what a fund had on any day, as known on any day, each line to its record."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger import procedures, replay
from ledger.book import NotFound
from ledger.clock import beijing
from ledger.domain.corrections import Why
from ledger.domain.funds import BackCause, Fund, MoneyDrawn, MoneyReserved, Source
from ledger.domain.ids import FundId, GrantId, UnionId, new_grant
from ledger.domain.kernel import Code, Fen, Office, Refused, standing
from ledger.domain.unions import UnionKind
from ledger.projections import fund_statements
from ledger.projections.filters import UnknownFilter
from ledger.projections.fund_statements import Asked, Sought, Totals
from tests.auditing import correct as correct_as_before
from tests.world import World, open_province

JANUARY, FEBRUARY, MARCH = date(2026, 1, 10), date(2026, 2, 10), date(2026, 3, 10)


@pytest.fixture
def home(tmp_path: Path, ledger_url: str) -> Iterator[World]:
    world = open_province(tmp_path, url=ledger_url)
    yield world
    world.ledger.close()


@pytest.fixture
def county(home: World) -> UnionId:
    return home.union("东兰县总工会", UnionKind.FEDERATION)


def fund_of(
    world: World, keeper: UnionId, name: str = "县总工会帮扶资金", source: Source = Source.OWN,
    on: date = JANUARY,
) -> FundId:  # fmt: skip
    with world.entry(keeper, Office.APPROVER, on) as entry:
        return procedures.open_fund(entry, keeper, name, source)


def credit(world: World, keeper: UnionId, fund: FundId, amount: int, on: date) -> int:
    with world.entry(keeper, Office.ACCOUNTANT, on) as entry:
        procedures.credit(entry, fund, Fen(amount), contributor="县财政局", paper=Code("进账单001"))
    assert entry.receipt is not None
    return entry.receipt.positions[0]


def totals(
    world: World, fund: FundId, on: date | None = None, known_on: date | None = None
) -> Totals:
    with world.ledger.reading() as reader:
        return fund_statements.totals(reader.conn, world.origin, [fund], on, known_on)[fund]


def correct(world: World, keeper: UnionId, position: int, **changes: object) -> None:
    second = world.officer(keeper, Office.CHAIR)
    with world.entry(keeper, Office.ACCOUNTANT) as entry:
        procedures.correct(
            entry, position, changes, Why.MISTYPED, "与进账单不符", confirmed_by=second
        )


def test_a_balance_is_that_of_the_day_one_asks_about(home: World, county: UnionId) -> None:
    fund = fund_of(home, county)

    credit(home, county, fund, 500_00, JANUARY)
    credit(home, county, fund, 300_00, FEBRUARY)

    assert totals(home, fund, JANUARY).balance == 500_00
    assert totals(home, fund, FEBRUARY).balance == 800_00
    assert totals(home, fund, JANUARY - timedelta(1)) == Totals()


def test_as_known_before_a_correction_the_balance_is_what_it_was_thought_to_be(
    home: World, county: UnionId
) -> None:
    fund = fund_of(home, county)
    position = credit(home, county, fund, 500_00, JANUARY)
    then = home.today
    home.time.to(then + timedelta(7))

    correct(home, county, position, amount=Fen(450_00))

    assert totals(home, fund, JANUARY).balance == 450_00
    assert totals(home, fund, JANUARY, then).balance == 500_00


def test_each_line_leads_to_its_record_and_a_corrected_one_stands_no_more(
    home: World, county: UnionId
) -> None:
    fund = fund_of(home, county)
    position = credit(home, county, fund, 500_00, JANUARY)
    then = home.today
    home.time.to(then + timedelta(1))
    correct(home, county, position, amount=Fen(450_00))

    with home.ledger.reading() as reader:
        now = fund_statements.lines(reader.conn, home.origin, fund).rows
        before = fund_statements.lines(reader.conn, home.origin, fund, Asked(known_on=then)).rows
        told = reader.facts_at([(home.origin, position)])[0][1]

    assert [line.amount for line in now] == [450_00, 0]
    assert before[0].ref == told.ref == f"{home.origin}#{position}"
    assert before[0].known_to is not None
    assert (now[0].contributor, now[0].paper) == ("县财政局", "进账单001")


def test_an_annulled_line_adds_nothing(home: World, county: UnionId) -> None:
    fund = fund_of(home, county)
    position = credit(home, county, fund, 500_00, JANUARY)
    second = home.officer(county, Office.CHAIR)

    with home.entry(county, Office.ACCOUNTANT) as entry:
        procedures.annul(entry, position, Why.TWICE, "重复登记", confirmed_by=second)

    assert totals(home, fund).balance == 0


def test_lines_are_listed_the_newest_first_in_pages(home: World, county: UnionId) -> None:
    fund = fund_of(home, county)
    for day in range(7):
        credit(home, county, fund, 100 + day, JANUARY + timedelta(day))

    found: list[int] = []
    after = None
    with home.ledger.reading() as reader:
        while True:
            page = fund_statements.lines(
                reader.conn, home.origin, fund, Asked(kind="FundCredited", until=FEBRUARY),
                limit=3, after=after,
            )  # fmt: skip
            found += [line.amount for line in page.rows]
            after = page.next
            if after is None:
                break

    assert found == [106, 105, 104, 103, 102, 101, 100]


def test_money_allotted_down_the_tree_leaves_one_fund_and_is_in_the_other_at_once(
    home: World, county: UnionId
) -> None:
    above, below = fund_of(home, home.root, "自治区帮扶资金"), fund_of(home, county)
    credit(home, home.root, above, 900_00, JANUARY)

    with home.entry(home.root, Office.APPROVER) as entry:
        procedures.allot(entry, above, below, Fen(400_00), Code("桂工发〔2026〕8号"))

    given, got = totals(home, above), totals(home, below)
    assert (given.balance, given.allotted) == (500_00, 400_00)
    assert (got.balance, got.received) == (400_00, 400_00)


def test_money_that_comes_in_covers_past_payments_first(home: World, county: UnionId) -> None:
    fund, grant = fund_of(home, county), new_grant()
    with home.entry(county, Office.CASHIER, FEBRUARY) as entry:
        entry.write(entry.read(Fund, fund).draw_past(entry.act, grant, 1, Fen(300_00)))
    assert totals(home, fund).unfunded == 300_00

    credit(home, county, fund, 500_00, MARCH - timedelta(9))

    assert (totals(home, fund).unfunded, totals(home, fund).balance) == (0, 200_00)
    assert totals(home, fund, FEBRUARY).unfunded == 300_00


def test_a_payment_dated_before_its_approval_is_no_money_made(home: World, county: UnionId) -> None:
    fund, grant = fund_of(home, county), new_grant()
    credit(home, county, fund, 500_00, JANUARY)
    with home.entry(county, Office.APPROVER, date(2026, 3, 1)) as entry:
        entry.write(entry.read(Fund, fund).reserve(entry.act, grant, Fen(200_00)))
    with home.entry(county, Office.CASHIER, FEBRUARY) as entry:
        entry.write(entry.read(Fund, fund).draw(entry.act, grant, 1, Fen(200_00)))

    told = totals(home, fund, FEBRUARY)

    assert (told.balance, told.reserved, told.drawn) == (300_00, 0, 200_00)


def test_what_a_fund_keeps_is_listed_by_grant(home: World, county: UnionId) -> None:
    fund, kept, paid = fund_of(home, county), new_grant(), new_grant()
    credit(home, county, fund, 500_00, JANUARY)
    with home.entry(county, Office.APPROVER) as entry:
        held = entry.read(Fund, fund)
        entry.write(held.reserve(entry.act, kept, Fen(200_00)))
        entry.write(held.reserve(entry.act, paid, Fen(100_00)))
    with home.entry(county, Office.CASHIER) as entry:
        entry.write(entry.read(Fund, fund).draw(entry.act, paid, 1, Fen(100_00)))

    with home.ledger.reading() as reader:
        rows = fund_statements.grants(reader.conn, home.origin, fund).rows

    assert [(row.grant, row.reserved) for row in rows] == [(kept, 200_00)]


def test_funds_are_found_by_keeper_source_year_and_state(home: World, county: UnionId) -> None:
    above = fund_of(home, home.root, "中央专项", Source.CENTRAL)
    below = fund_of(home, county)
    with home.entry(county, Office.APPROVER) as entry:
        procedures.close_fund(entry, below)

    def found(**asked: str) -> list[FundId]:
        with home.ledger.reading() as reader:
            sought = Sought.of(asked)
            return [r.fund for r in fund_statements.listing(reader.conn, home.origin, sought).rows]

    assert set(found()) == {above, below}
    assert found(union=county) == [below]
    assert set(found(union=home.root)) == {above, below}
    assert found(union=home.root, below="false") == [above]
    assert found(source="central") == [above]
    assert found(open="true") == [above]
    with pytest.raises(UnknownFilter):
        found(colour="red")


# ── replay ───────────────────────────────────────────────────────────────────────────────────


def test_each_line_tells_what_was_free_after_it_on_every_page(home: World, county: UnionId) -> None:
    fund = fund_of(home, county)
    for days in range(5):
        credit(home, county, fund, 100, JANUARY + timedelta(days // 2))

    balances: list[Fen | None] = []
    after = None
    with home.ledger.reading() as reader:
        while True:
            file = replay.fund(reader, fund, limit=2, after=after)
            balances += [step.balance for step in file.steps]
            after = file.next
            if after is None:
                break

    assert balances == [500, 400, 300, 200, 100, 0]


def test_a_struck_line_counts_for_nothing_and_tells_why(home: World, county: UnionId) -> None:
    fund = fund_of(home, county)
    position = credit(home, county, fund, 500_00, JANUARY)
    credit(home, county, fund, 100_00, FEBRUARY)

    correct(home, county, position, amount=Fen(450_00))

    with home.ledger.reading() as reader:
        steps = replay.fund(reader, fund).steps
    told = [(step.amount, step.line.struck, step.balance) for step in steps]
    assert told == [
        (100_00, False, 550_00), (450_00, False, 450_00), (500_00, True, None), (0, False, 0),
    ]  # fmt: skip
    assert "与进账单不符" in steps[1].line.reasons
    assert [(c.field, c.old, c.new) for c in steps[1].line.changes] == [
        ("金额（元）", "500.00", "450.00")
    ]


def test_between_two_moments_stand_the_measures_and_the_lines_that_came_and_went(
    home: World, county: UnionId
) -> None:
    fund = fund_of(home, county)
    position = credit(home, county, fund, 500_00, JANUARY)
    then = home.today
    home.time.to(then + timedelta(1))
    correct(home, county, position, amount=Fen(450_00))
    credit(home, county, fund, 100_00, FEBRUARY)

    with home.ledger.reading() as reader:
        told = replay.fund_between(reader, fund, (None, then))
        nothing = replay.fund_between(reader, fund, (None, None))

    assert [(c.measure, c.then, c.now) for c in told.changes] == [
        ("credited", 500_00, 550_00), ("balance", 500_00, 550_00),
    ]  # fmt: skip
    assert [line.text[:11] for line in told.come] == ["到账450.00元（县", "到账100.00元（县"]
    assert [line.ref for line in told.gone] == [f"{home.origin}#{position}"]
    assert (nothing.changes, nothing.come, nothing.gone) == ((), (), ())


def test_a_fund_is_asked_about_as_of_an_instant(home: World, county: UnionId) -> None:
    fund = fund_of(home, county)
    credit(home, county, fund, 500_00, JANUARY)
    instant = home.time.now()
    credit(home, county, fund, 100_00, JANUARY)

    with home.ledger.reading() as reader:
        file = replay.fund(reader, fund, known_on=instant)

    assert file.totals.balance == 500_00
    assert [step.balance for step in file.steps] == [500_00, 0]


def test_what_there_is_not_is_not_replayed(home: World) -> None:
    with home.ledger.reading() as reader, pytest.raises(NotFound):
        replay.fund(reader, "fnd_" + "a" * 26)


# ── whatever happened, the view tells what the law folds ─────────────────────────────────────

DAYS = st.integers(0, 20).map(lambda days: JANUARY + timedelta(days))
ACTS = st.lists(
    st.tuples(
        st.sampled_from(["credit", "reserve", "release", "draw", "back", "past", "wrong"]),
        DAYS, st.integers(1, 500), st.integers(0, 2), st.sampled_from(BackCause),
    ),
    max_size=25,
)  # fmt: skip


@settings(
    max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture]
)  # one ledger for all examples: each has a fund of its own
@given(ACTS, DAYS, st.integers(0, 8))
def test_a_statement_is_what_the_law_folds_from_the_same_facts(
    home: World, acts: list[tuple[str, date, int, int, BackCause]], on: date, known: int
) -> None:
    fund = fund_of(home, home.root)
    credit(home, home.root, fund, 1_000, JANUARY)
    grants, days = [new_grant() for _ in range(3)], [home.today]
    for number, (what, day, amount, at, cause) in enumerate(acts, 1):
        _do(home, fund, number, what, day, Fen(amount), grants[at], cause)
        if number % 4 == 0:
            home.time.to(home.today + timedelta(1))
            days.append(home.today)

    asked = days[min(known, len(days) - 1)]

    with home.ledger.reading() as reader:
        history = [f for f in reader.history(fund) if f.at and beijing(f.at).date() <= asked]
        steps = replay.fund(reader, fund, as_of=on, known_on=asked, limit=500).steps
    held = Fund()
    for fact in standing(history):
        if fact.on <= on:
            held.after(fact)
    told = totals(home, fund, on, asked)
    last = next((step.balance for step in steps if step.balance is not None), 0)
    assert last == told.balance
    assert (told.balance, told.reserved, told.drawn, told.returned, told.unfunded) == (
        held.balance, held.reserved, held.drawn, held.returned, held.unfunded,
    )  # fmt: skip


def _do(
    home: World, fund: FundId, number: int, what: str, on: date, amount: Fen, grant: GrantId,
    cause: BackCause,
) -> None:  # fmt: skip
    if what == "wrong":
        return _correct_last(home, fund, amount)
    office = Office.ACCOUNTANT if what == "credit" else Office.PROCEDURE
    act = (
        home.act(home.root, office, on)
        if what == "credit"
        else home.ledger.procedure(home.root, on)
    )
    with suppress(Refused), home.ledger.entry(act) as entry:
        held = entry.read(Fund, fund)
        match what:
            case "credit":
                procedures.credit(entry, fund, amount)
            case "reserve":
                entry.write(held.reserve(act, grant, amount))
            case "release":
                entry.write(held.release(act, grant, amount))
            case "draw":
                entry.write(held.draw(act, grant, number, amount))
            case "back":
                entry.write(held.give_back(act, grant, number - 1, amount, cause))
            case _:
                entry.write(held.draw_past(act, grant, number, amount))


def _correct_last(home: World, fund: FundId, amount: Fen) -> None:
    """The newest movement of a grant that stands turns out to have been of another amount."""
    with home.ledger.reading() as reader:
        facts = reader.history(fund)
    done = {fact.corrects for fact in facts}
    kinds = (MoneyReserved, MoneyDrawn)
    open_ = [f for f in facts if isinstance(f.event, kinds) and f.position not in done]
    if open_ and open_[-1].event.__dict__["amount"] != amount:
        correct_as_before(home, fund, type(open_[-1].event), amount=amount)
