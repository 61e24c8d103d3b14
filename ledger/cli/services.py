"""`liangdi service`: given by name, counted, trips and their seats, and the counts (普惠服务)."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from ledger.cli.common import (
    INTAKE,
    AccountOption,
    Exit,
    JsonOption,
    KnownOnOption,
    ProvinceOption,
    acting,
    day,
    fail,
    one_ledger,
    one_person,
    opened,
    out,
    row,
    say,
    show_json,
    table,
)
from ledger.cli.transferring import exchange
from ledger.cli.unions import one_union
from ledger.domain.ids import FundId, PersonId, ServiceId, StationId, TripId
from ledger.domain.kernel import Code, Fen, Office
from ledger.domain.services import (
    Bound,
    Eligibility,
    Organiser,
    Part,
    SeatReturn,
    ServiceKind,
    Unit,
)

if TYPE_CHECKING:
    from ledger.book import Entry, Reader
    from ledger.procedures import Seated
    from ledger.projections.service_counts import By

app = typer.Typer(no_args_is_help=True, help="普惠服务：提供、计数、行程、统计。 Services.")

Trip = Annotated[str, typer.Argument(metavar="TRIP", help="行程编号 tri_…。")]
People = Annotated[list[str], typer.Argument(metavar="WHO...", help="职工：编号、证件号码、姓名。")]
Kind = Annotated[ServiceKind, typer.Option("--kind", help="服务种类。")]
Station = Annotated[str | None, typer.Option("--station", help="服务站点编号 sta_…。")]
What = Annotated[str, typer.Option("--what", help="服务内容，不写个人信息。")]
With = Annotated[
    list[str] | None,
    typer.Option(
        "--with", metavar="PART:WHO",
        help="组织单位，如 leads:广西总工会、assists:南宁铁路局（leads 牵头 · undertakes 承办 · assists 协办）。",
    ),
]  # fmt: skip
OnOption = Annotated[str | None, typer.Option("--on", metavar="DATE", help="业务日期，默认今天。")]


@app.command()
def give(
    who: People,
    province: ProvinceOption,
    kind: Kind,
    station: Station = None,
    what: What = "",
    together: With = None,
    on: OnOption = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """提供服务：逐人登记。 Records a service to each of these workers."""
    from ledger import procedures

    with _entry(province, account, who, on) as (entry, persons):
        made = procedures.give(
            entry, persons, kind, organisers=_organisers(entry, together),
            station=StationId(station) if station else None, what=what,
        )  # fmt: skip
    if as_json:
        show_json({"services": made})
        return
    say(f"[green]✓[/green] 已登记 {len(made)} 人次：{'、'.join(made)}")


@app.command()
def tally(
    province: ProvinceOption,
    kind: Kind,
    count: Annotated[int, typer.Option("--count", min=1, help="数量。")],
    unit: Annotated[Unit, typer.Option("--unit", help="计量单位；不同单位不相加。")],
    bound: Annotated[
        Bound, typer.Option("--bound", help="exact 实数 · more_than 余（下限）· nearly 近（上限）")
    ] = Bound.EXACT,
    since: Annotated[
        str | None, typer.Option("--since", metavar="DATE", help="所计第一天；--on 为最后一天。")
    ] = None,
    station: Station = None,
    place: Annotated[str | None, typer.Option("--place", help="地点区划代码。")] = None,
    what: What = "",
    together: With = None,
    on: OnOption = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """服务计数：不记姓名。 Records how much was done, without names."""
    from ledger import procedures

    with _entry(province, account, (), on) as (entry, _):
        made = procedures.count(
            entry, kind, count, unit, bound, since=day(since),
            organisers=_organisers(entry, together),
            station=StationId(station) if station else None,
            place=Code(place) if place else None, what=what,
        )  # fmt: skip
    _told("tally", made, "已计数", as_json=as_json)


@app.command()
def cost(
    activity: Annotated[str, typer.Argument(help="服务、计数或行程的编号。")],
    province: ProvinceOption,
    amount: Annotated[str, typer.Option("--amount", help="金额（元），至分。")],
    bearer: Annotated[str | None, typer.Option("--union", help="出资工会：编号或名称。")] = None,
    name: Annotated[str, typer.Option("--name", help="出资单位不是工会的，写名称。")] = "",
    fund: Annotated[str | None, typer.Option("--fund", help="资金份额编号 fnd_…。")] = None,
    source: Annotated[str | None, typer.Option("--source", help="其他资金来源。")] = None,
    on: OnOption = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """登记一笔支出：由谁出；写了资金的，由会计从中列支。 Records who bore what it cost."""
    from ledger import procedures

    fen = _fen(amount)
    offices = (Office.ACCOUNTANT,) if fund else (*INTAKE, Office.ACCOUNTANT)
    with _entry(province, account, (), on, offices) as (entry, _):
        procedures.add_cost(
            entry, ServiceId(activity), fen,
            bearer=one_union(entry, bearer, own=None).union if bearer else None, name=name,
            fund=FundId(fund) if fund else None, source=Code(source) if source else None,
        )  # fmt: skip
    _told("activity", activity, "已登记支出", as_json=as_json)


@app.command()
def counts(
    province: ProvinceOption,
    kind: Annotated[ServiceKind | None, typer.Option("--kind", help="服务种类。")] = None,
    union: Annotated[str | None, typer.Option("--union", help="这个工会及其下级的。")] = None,
    station: Station = None,
    since: Annotated[str | None, typer.Option("--since", metavar="DATE", help="自哪一天。")] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="DATE", help="至哪一天（含）。")
    ] = None,
    by: Annotated[
        str | None, typer.Option("--by", help="station 站点 · union 工会 · month 月份 · province")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="与对方省登记的合计；不写则对方省的另列。")
    ] = False,
    known_on: KnownOnOption = None,
    as_json: JsonOption = False,
) -> None:
    """统计：单位不同不相加，合计不由人填；对方省登记的另列。 Counts, unit by unit."""
    from ledger.projections import service_counts
    from ledger.projections.service_counts import Sought, shown
    from ledger.replay.words import word

    with opened(province) as ledgers, ledgers[province].reading() as reader:
        conn, origin = reader.conn, reader.ledger.origin
        sought = Sought(
            kind=kind, station=station, since=day(since), until=day(until), own=not every,
            union=one_union(reader, union).union if union else None, by=_by(by),
            known_on=day(known_on),
        )  # fmt: skip
        counted = service_counts.counted(conn, origin, sought)
        theirs = [] if every else service_counts.of_partners(conn, origin, sought)
        named = service_counts.named(conn, origin, sought)
        costs = service_counts.costs(conn, origin, sought)
        names = _names(
            reader,
            [*(each.by for each in (*counted, *named)), *(each.bearer for each in costs)],
        )
    if as_json:
        show_json({"counted": counted, "partners": theirs, "named": named, "costs": costs})
        return
    made = table("种类", "分列", "不记名", "记名（人 / 人次）", numbers=("不记名",))
    for each in counted:
        number = shown(each.number, word(each.unit), more=each.more, nearly=each.nearly)
        row(made, word(each.kind), names.get(each.by or "", each.by), number, "")
    for each in named:
        kinds = word(each.kind) if each.kind else "合计（每人一次）"
        row(made, kinds, names.get(each.by or "", each.by), "", f"{each.persons} / {each.times}")
    for each in theirs:
        number = shown(each.number, word(each.unit), more=each.more, nearly=each.nearly)
        row(made, word(each.kind), f"对方省登记 {each.by}", number, "")
    out.print(made)
    for each in costs:
        say(
            f"支出 {each.amount // 100:,}.{each.amount % 100:02} 元：{names.get(each.bearer or '', each.name)}"
        )


# ── trips ────────────────────────────────────────────────────────────────────────────────────


@app.command()
def announce(
    name: Annotated[str, typer.Argument(help="行程名称，如 温暖回家路。")],
    province: ProvinceOption,
    quota: Annotated[int, typer.Option("--quota", min=1, help="名额。")],
    ground: Annotated[list[Eligibility], typer.Option("--ground", help="乘坐资格，可多项。")],
    leaves: Annotated[str, typer.Option("--leaves", metavar="DATE", help="出发日期。")],
    kind: Kind = ServiceKind.TRAVEL,
    start: Annotated[str | None, typer.Option("--from", help="出发地区划代码。")] = None,
    goal: Annotated[str | None, typer.Option("--to", help="到达地区划代码。")] = None,
    together: With = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """发布行程：名额、资格、组织单位。 Announces a trip."""
    from ledger import procedures

    leaving = day(leaves)
    assert leaving is not None
    with _entry(province, account, (), None) as (entry, _):
        made = procedures.announce_trip(
            entry, name, kind, quota, ground, leaving, organisers=_organisers(entry, together),
            start=Code(start) if start else None, goal=Code(goal) if goal else None,
        )  # fmt: skip
    _told("trip", made, "已发布行程", as_json=as_json)


@app.command()
def trips(
    province: ProvinceOption,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="最多几项。")] = 50,
    as_json: JsonOption = False,
) -> None:
    """行程列表。 Lists trips."""
    from ledger.projections import service_counts

    with opened(province) as ledgers, ledgers[province].reading() as reader:
        found = service_counts.trips(reader.conn, reader.ledger.origin, limit=limit).rows
    if as_json:
        show_json(found)
        return
    made = table("行程编号", "名称", "出发", "名额", "已安排", "已出发", "待监护人同意")
    for each in found:
        row(
            made, each.trip, each.name, each.leaves, each.quota, each.seats, each.departed,
            each.awaiting,
        )  # fmt: skip
    out.print(made)


@app.command()
def seat(
    trip: Trip,
    who: People,
    province: ProvinceOption,
    ground: Annotated[Eligibility, typer.Option("--ground", help="乘坐资格。")],
    minor: Annotated[bool, typer.Option("--minor", help="未成年人，没有出生日期可查时。")] = False,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """安排座位：逐人给出结果。 Gives seats, a result each."""
    from ledger import procedures

    with _entry(province, account, who, None) as (entry, persons):
        passengers = [procedures.Passenger(each, ground, minor) for each in persons]
        found = procedures.take_seats(entry, TripId(trip), passengers)
    _told_each(found, "已安排", as_json=as_json)


@app.command()
def agree(
    trip: Trip,
    child: Annotated[str, typer.Argument(help="未成年人。")],
    province: ProvinceOption,
    guardian: Annotated[str, typer.Option("--guardian", help="监护人。")],
    form: Annotated[str, typer.Option("--form", help="同意书编号。")],
    on: OnOption = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """监护人同意出行。 Records a guardian's agreement."""
    from ledger import procedures

    with _entry(province, account, (child, guardian), on) as (entry, (young, grown)):
        procedures.guardian_agrees(entry, TripId(trip), young, grown, Code(form))
    _told("trip", trip, "已登记监护人同意", as_json=as_json)


@app.command()
def depart(
    trip: Trip,
    who: People,
    province: ProvinceOption,
    on: OnOption = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """登记出发：逐人给出结果。 Records departures, a result each."""
    from ledger import procedures

    with _entry(province, account, who, on) as (entry, persons):
        found = procedures.depart(entry, TripId(trip), persons)
    _told_each(found, "已出发", as_json=as_json)


@app.command("return")
def give_up(
    trip: Trip,
    who: Annotated[str, typer.Argument(help="乘客。")],
    province: ProvinceOption,
    why: Annotated[SeatReturn, typer.Option("--why", help="退出原因。")] = SeatReturn.ASKED,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """退出行程：座位空出。 Gives a seat back."""
    from ledger import procedures

    with _entry(province, account, (who,), None) as (entry, (person,)):
        procedures.give_up_seat(entry, TripId(trip), person, why)
    _told("trip", trip, "已退出", as_json=as_json)


# ── shared by these ──────────────────────────────────────────────────────────────────────────


@contextmanager
def _entry(
    province: str, account: str | None, who: "list[str] | tuple[str, ...]", on: str | None,
    offices: tuple[Office, ...] = INTAKE,
) -> "Generator[tuple[Entry, list[PersonId]]]":  # fmt: skip
    """An entry of the union that serves, with the persons who are meant; then the provinces exchange."""
    with opened() as ledgers:
        ledger = one_ledger(ledgers, province)
        visitor = acting(ledger, account, offices)
        with ledger.looking(visitor.look("service", "service")) as reader:
            persons = [one_person(reader, each) for each in who]
        with ledger.entry(visitor.act(on=day(on))) as entry:
            yield entry, persons
        exchange(ledgers)


def _organisers(reader: "Reader", together: list[str] | None) -> list[Organiser]:
    """From `leads:广西总工会`: the one union of that name, else a third party."""
    from ledger.projections import union_tree

    made: list[Organiser] = []
    for text in together or ():
        part, _, name = text.partition(":")
        if part not in set(Part) or not name:
            fail(Exit.USAGE, f"组织单位 {text!r} 应写成 leads:名称 的样子。")
        found = union_tree.find(reader.conn, reader.ledger.origin, name)
        exact = [each for each in found if name in (each.union, each.name, each.short_name)]
        if len(exact) == 1:
            made.append(Organiser(Part(part), exact[0].union))
        else:
            made.append(Organiser(Part(part), None, name))
    return made


def _names(reader: "Reader", unions: "list[str | None]") -> dict[str, str]:
    from ledger.projections import union_tree

    wanted = {each for each in unions if each and each.startswith("uni_")}
    found = union_tree.get(reader.conn, reader.ledger.origin, wanted)
    return {union: each.name for union, each in found.items()}


def _by(text: str | None) -> "By | None":
    from ledger.projections.service_counts import By

    if text is None:
        return None
    if text not in set(By):
        fail(Exit.USAGE, f"没有“{text}”这种分列；可用 {'、'.join(By)}。")
    return By(text)


def _fen(text: str) -> Fen:
    """Whole fen; a third decimal is refused, not rounded."""
    found = re.fullmatch(r"(\d{1,11})(?:\.(\d{1,2}))?", text)
    if found is None:
        fail(Exit.USAGE, f"金额 {text!r} 应写成 126180.00 的样子，最多到分。")
    return Fen(int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")))


def _told(what: str, name: str, done: str, *, as_json: bool) -> None:
    if as_json:
        show_json({what: name})
        return
    say(f"[green]✓[/green] {done}：{name}")


def _told_each(found: "Seated", done: str, *, as_json: bool) -> None:
    refused = {person: type(rule).__name__ for person, rule in found.refused.items()}
    if as_json:
        show_json({"done": found.done, "refused": refused})
    else:
        say(f"[green]✓[/green] {done} {len(found.done)} 人")
        for person, rule in found.refused.items():
            say(f"  × {person}：{rule.zh}（{refused[person]}）")
    if found.refused and not found.done:
        raise typer.Exit(Exit.REFUSED)
