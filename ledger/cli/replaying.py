"""`liangdi worker` and `liangdi replay`: one worker's file, as at and as known on a date (回放)."""

from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from ledger.cli.common import (
    AccountOption,
    AsKnownOption,
    AsOfOption,
    JsonOption,
    KnownOnOption,
    ProvinceOption,
    PurposeOption,
    day,
    looking,
    one_person,
    out,
    row,
    say,
    show_json,
    table,
)

if TYPE_CHECKING:
    from ledger.replay import Interval, Lane, Line, WorkerFile, WorkerState

app = typer.Typer(no_args_is_help=True, help="回放：逐笔、按日、对照。 Replays a worker's file.")

Who = Annotated[str, typer.Argument(help="人员编号、证件号码、姓名……须只指一人。")]
NARROW = 90
"""Below this width two lanes do not fit beside each other, and stand below each other."""


def worker(
    who: Who,
    province: ProvinceOption,
    as_of: AsOfOption = None,
    known_on: KnownOnOption = None,
    account: AccountOption = None,
    purpose: PurposeOption = "office",
    as_json: JsonOption = False,
) -> None:
    """一名职工的档案，两省各一栏。 A worker's file in two lanes."""
    from ledger import replay

    with looking(province, account, "worker", purpose) as (reader, visitor):
        person = one_person(reader, who)
        file = replay.worker(
            reader, person, as_of=day(as_of), known_on=day(known_on),
            mask=not visitor.sees_numbers,
        )  # fmt: skip
    if as_json:
        show_json(file)
        return
    out.print(_heading(file))
    for warning in file.warnings:
        say(f"[yellow]![/yellow] {escape(warning.text)}")
    out.print(_lanes(file) if out.width >= NARROW else _below_each_other(file))
    if file.responsible:
        say("各段时间的负责工会", style="bold")
        out.print(_intervals(file.responsible))


@app.command("steps")
def steps(
    who: Who,
    province: ProvinceOption,
    as_of: AsOfOption = None,
    known_on: KnownOnOption = None,
    as_known: AsKnownOption = False,
    account: AccountOption = None,
    purpose: PurposeOption = "replay",
    as_json: JsonOption = False,
) -> None:
    """逐笔回放，每笔之后的状态。 Record by record."""
    from ledger import replay

    with looking(province, account, "replay", purpose) as (reader, visitor):
        person = one_person(reader, who)
        found = replay.steps(
            reader, person, as_of=day(as_of), known_on=day(known_on), as_known=as_known,
            mask=not visitor.sees_numbers,
        )  # fmt: skip
    if as_json:
        show_json(found)
        return
    shown = table("生效", "登记", "省", "记录", "之后的状态")
    for line, state in found:
        row(shown, line.on, _recorded(line), line.lane.short, line.text, _standing(state))
    out.print(shown)


@app.command("responsible")
def responsible(
    who: Who,
    province: ProvinceOption,
    on: Annotated[
        str | None, typer.Option("--on", metavar="DATE", help="只问这一天。On this day only.")
    ] = None,
    known_on: KnownOnOption = None,
    account: AccountOption = None,
    purpose: PurposeOption = "dispute",
    as_json: JsonOption = False,
) -> None:
    """每一天由哪个工会负责。 Who answered for her on each day."""
    from ledger import replay

    asked = day(on)
    with looking(province, account, "responsible", purpose) as (reader, _):
        person = one_person(reader, who)
        found = replay.responsible(reader, person, known_on=day(known_on))
    chosen = [each for each in found if asked is None or each.covers(asked)]
    if as_json:
        show_json(chosen)
        return
    if not chosen:
        say(f"{asked or ''} 没有工会负责：当日没有会籍。".strip())
        return
    out.print(_intervals(chosen))


@app.command("between")
def between(
    who: Who,
    province: ProvinceOption,
    from_as_of: Annotated[
        str | None, typer.Option("--from-as-of", metavar="DATE", help="前一时点：截至哪一天。")
    ] = None,
    from_known_on: Annotated[
        str | None, typer.Option("--from-known-on", metavar="DATE", help="前一时点：按哪天所知。")
    ] = None,
    to_as_of: Annotated[
        str | None, typer.Option("--to-as-of", metavar="DATE", help="后一时点：截至哪一天。")
    ] = None,
    to_known_on: Annotated[
        str | None, typer.Option("--to-known-on", metavar="DATE", help="后一时点：按哪天所知。")
    ] = None,
    account: AccountOption = None,
    purpose: PurposeOption = "dispute",
    as_json: JsonOption = False,
) -> None:
    """两个时点有何不同。 What changed between two moments."""
    from ledger import replay

    with looking(province, account, "between", purpose) as (reader, visitor):
        person = one_person(reader, who)
        found = replay.between(
            reader, person, (day(from_as_of), day(from_known_on)),
            (day(to_as_of), day(to_known_on)), mask=not visitor.sees_numbers,
        )  # fmt: skip
    if as_json:
        show_json({"changes": found.changes, "lines": found.lines})
        return
    if not found.changes and not found.lines:
        say("两个时点没有不同。")
        return
    changes = table("项目", "前", "后")
    for what, then, now in found.changes:
        row(changes, what, then or "—", now or "—")
    if found.changes:
        out.print(changes)
    lines = table("为什么", "生效", "登记", "省", "记录")
    for line, why in found.lines:
        row(lines, why, line.on, _recorded(line), line.lane.short, line.text)
    if found.lines:
        out.print(lines)


# ── how it looks ─────────────────────────────────────────────────────────────────────────────


def _heading(file: "WorkerFile") -> Panel:
    from ledger.cli.words import closed_because
    from ledger.replay import word

    one = file.identity
    name = one.name or closed_because(one.closed)
    about = " · ".join(
        text
        for text in (
            one.sex, one.ethnic, one.birth, f"{word(one.document)} {one.number}".strip(), one.phone
        )
        if text
    )  # fmt: skip
    lines = [Text(about), Text(one.residence or one.division_name), Text(_standing(file.state))]
    if file.historical:
        moment = f"截至 {file.as_of or file.day}"
        known = f"，按 {file.known_on} 当时已登记" if file.known_on else "，按现在已登记"
        lines.append(Text(moment + known, style="yellow"))
    title = f"[bold]{escape(name)}[/bold]  {one.person}"
    return Panel(Group(*(line for line in lines if line.plain)), title=title, title_align="left")


def _standing(state: "WorkerState") -> str:
    from ledger.replay import word

    now = state.current
    if state.died_on is not None and state.died_on <= state.on:
        return f"已于 {state.died_on} 去世"
    if now is None:
        return "没有会籍"
    parts = [f"{word(now.state)}　{now.union_name}"]
    if now.lane is not None:
        parts.append(f"（{now.lane.short}）")
    if now.since is not None:
        parts.append(f"　{now.since} 入会")
    if now.deadline is not None:
        parts.append(f"　答复期限 {now.deadline}")
    return "".join(parts)


def _lanes(file: "WorkerFile") -> Table:
    """Two lanes, the home province left; each record on a line of its own, in order of time."""
    grid = table("日期", *(_lane_title(lane) for lane in file.lanes))
    for column in grid.columns[1:]:
        column.ratio = 1
    grid.expand = True
    for line in file.lines:
        cells: list[RenderableType] = [
            _line(line) if lane.origin == line.lane.origin else "" for lane in file.lanes
        ]
        grid.add_row(line.on.isoformat(), *cells)
    return grid


def _lane_title(lane: "Lane") -> str:
    return f"{escape(lane.name)}（{'户籍省' if lane.home else '务工省'}）"


def _below_each_other(file: "WorkerFile") -> Table:
    one = table("日期", "省", "记录")
    for line in file.lines:
        one.add_row(line.on.isoformat(), escape(line.lane.short), _line(line))
    return one


def _line(line: "Line") -> Text:
    """One record: what it says, who decided, when it was recorded, and what became of it."""
    said = Text(line.text, style="strike dim" if line.struck else "")
    notes: list[str] = []
    if line.corrects:
        notes.append("更正")
    notes += [
        f"{change.field}：{change.old or '—'} → {change.new or '—'}" for change in line.changes
    ]
    notes += line.reasons
    if line.at is not None and line.at.date() != line.on:
        notes.append(f"{_recorded(line)} 登记")
    if line.paper:
        notes.append(f"纸面决定 {line.paper}")
    if line.restricted and not line.hidden:
        notes.append("有未提供的内容")
    if not line.hidden:
        notes.append(line.proof.short)
    if notes:
        said.append("\n" + "；".join(notes), style="dim")
    return said


def _recorded(line: "Line") -> date | str:
    from ledger.clock import beijing

    return beijing(line.at).date() if line.at else ""


def _intervals(intervals: "tuple[Interval, ...] | list[Interval]") -> Table:
    shown = table("自", "至", "负责工会", "省", "说明")
    for each in intervals:
        notes = ["保留会籍"] if each.retained else []
        notes += [f"由 {each.serving_name} 先行服务"] if each.serving_name else []
        notes += ["接转待答复"] if each.offer and not each.serving_name else []
        row(
            shown, each.since, each.until or "至今", each.union_name, each.lane.short,
            "；".join(notes),
        )  # fmt: skip
    return shown
