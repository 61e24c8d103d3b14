"""`liangdi transfer`: listed, offered, accepted, declined, withdrawn (会籍接转)."""

from collections.abc import Generator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from ledger.cli.common import (
    AccountOption,
    AsOfOption,
    Exit,
    JsonOption,
    KnownOnOption,
    ProvinceOption,
    PurposeOption,
    acting,
    acting_for,
    day,
    fail,
    looking,
    one_ledger,
    one_person,
    opened,
    out,
    row,
    say,
    show_json,
    table,
)
from ledger.cli.unions import one_union
from ledger.domain.ids import MembershipId, TransferId, UnionId
from ledger.domain.kernel import Basis, Office
from ledger.domain.membership import Ground, TransferReason, WithdrawReason

if TYPE_CHECKING:
    from ledger.book import Entry, Ledger, Reader
    from ledger.desk import Visitor
    from ledger.domain.ids import ConsentId, PersonId
    from ledger.projections.rosters import Member
    from ledger.projections.transfers import Line

app = typer.Typer(no_args_is_help=True, help="会籍接转：列出、转出、答复。 Transfers.")

Transfer = Annotated[str, typer.Argument(metavar="TRANSFER", help="接转编号 trf_…。")]
Note = Annotated[str, typer.Option("--note", help="说明。")]


class Which(StrEnum):
    """Which transfers are listed."""

    IN = "in"  # 转入
    OUT = "out"  # 转出
    WAITING = "waiting"  # 在途
    LATE = "late"  # 逾期
    RETURNED = "returned"  # 退回
    DONE = "done"  # 已完成


@app.command("list")
def listing(
    province: ProvinceOption,
    which: Annotated[
        list[Which] | None,
        typer.Argument(help="in 转入 · out 转出 · waiting 在途 · late 逾期 · returned · done"),
    ] = None,
    union: Annotated[str | None, typer.Option(help="只看这个工会及其下级的。")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="最多几项。")] = 50,
    account: AccountOption = None,
    purpose: PurposeOption = "transfer",
    as_json: JsonOption = False,
) -> None:
    """列出接转，如 list in late。 Lists transfers."""
    from ledger import replay
    from ledger.projections import transfers, union_tree
    from ledger.projections.transfers import Tab, Way

    asked = set(which or ())
    tabs, ways = asked - {Which.IN, Which.OUT}, asked & {Which.IN, Which.OUT}
    if len(tabs) > 1:
        fail(Exit.USAGE, "waiting、late、returned、done 只能写一个。")
    with looking(province, account, "transfers", purpose) as (reader, _):
        conn, origin = reader.conn, reader.ledger.origin
        sought = transfers.Sought(
            reader.ledger.today,
            tab=Tab(tabs.pop().value) if tabs else None,
            way=Way(ways.pop().value) if len(ways) == 1 else None,
            union=one_union(reader, union).union if union else None,
        )
        page = transfers.listing(conn, origin, sought, limit=limit)
        counts = transfers.count(conn, origin, sought)
        people = replay.people(reader, [line.person for line in page.rows])
        involved = {
            name
            for line in page.rows
            for name in (line.from_union, line.receiver or line.to_union)
            if name is not None
        }
        names = {key: value.name for key, value in union_tree.get(conn, origin, involved).items()}
    today = sought.today
    if as_json:
        rows = [
            {
                "transfer": line,
                "name": people[line.person].name if line.person in people else "",
                "late": line.late(today),
            }
            for line in page.rows
        ]
        show_json({"counts": counts, "items": rows, "more": page.next is not None})
        return
    shown = table("接转编号", "姓名", "状态", "转出", "转入", "期限")
    for line in page.rows:
        name = people[line.person].name if line.person in people else ""
        state = replay.word(line.state) + ("（逾期）" if line.late(today) else "")
        to = line.receiver or line.to_union
        row(
            shown, line.transfer, name or line.person[-6:], state,
            names.get(line.from_union, "") if line.from_union else "",
            names.get(to, "") if to else "", line.deadline or "",
        )  # fmt: skip
    if page.rows:
        out.print(shown)
    totals = " · ".join(f"{replay.word(tab)} {number}" for tab, number in counts.items())
    say(f"{totals}{'；未列完，用 --limit' if page.next else ''}")


@app.command()
def show(
    transfer: Transfer,
    province: ProvinceOption,
    as_of: AsOfOption = None,
    known_on: KnownOnOption = None,
    account: AccountOption = None,
    purpose: PurposeOption = "transfer",
    as_json: JsonOption = False,
) -> None:
    """一次接转，逐笔。 One transfer, step by step."""
    from ledger import replay

    with looking(province, account, "transfer", purpose) as (reader, visitor):
        file = replay.transfer(
            reader, transfer, as_of=day(as_of), known_on=day(known_on),
            mask=not visitor.sees_numbers,
        )  # fmt: skip
    if as_json:
        show_json(file)
        return
    state = file.state
    say(
        f"{state.from_name} → {state.to_name}：{replay.word(state.state) or '无记录'}"
        f"{'（逾期）' if state.late else ''}"
    )
    steps = table("生效", "省", "记录", "之后")
    for line, after in file.steps:
        row(steps, line.on, line.lane.short, line.text, replay.word(after.state))
    out.print(steps)


@app.command()
def offer(
    who: Annotated[str, typer.Argument(help="职工：人员编号、证件号码、姓名……须只指一人。")],
    province: ProvinceOption,
    to: Annotated[str, typer.Option("--to", help="转入工会：编号或名称，可在对方省。")],
    reason: Annotated[
        TransferReason, typer.Option("--reason", help="接转原因。")
    ] = TransferReason.WORKS_THERE,
    basis: Annotated[
        Basis | None, typer.Option("--basis", help="提供给对方省的法律依据；已开通的不必写。")
    ] = None,
    evidence: Annotated[
        str | None, typer.Option("--evidence", help="依据材料的承诺值（附件哈希）。")
    ] = None,
    note: Note = "",
    account: AccountOption = None,
    purpose: PurposeOption = "transfer",
    as_json: JsonOption = False,
) -> None:
    """转出：发给转入工会。 Offers a membership to another union."""
    from ledger import procedures

    with opened() as ledgers:
        ledger = one_ledger(ledgers, province)
        reads = acting(ledger, account, (Office.LIAISON, Office.CLERK, Office.STATION))
        with ledger.looking(reads.look("transfer", purpose)) as reader:
            person = one_person(reader, who)
            union = one_union(reader, to, own=None).union
            held = _held(reader, person)
        if len(held) != 1:
            fail(Exit.NOT_FOUND, f"此人在本省的会籍有 {len(held)} 份；有且只有一份的才能转出。")
        visitor = acting(ledger, account, (Office.LIAISON, Office.CHAIR), held[0].union)
        act = visitor.act(evidence=(evidence,) if evidence else ())
        with ledger.entry(act) as entry:
            made = procedures.offer(
                entry, held[0].membership, union, reason, basis=basis, note=note,
                consent=None if basis else _consent(entry, held[0].person, union),
            )  # fmt: skip
        exchange(ledgers)
    _told(made, "已转出，待接收", as_json=as_json)


@app.command()
def accept(
    transfer: Transfer,
    province: ProvinceOption,
    union: Annotated[
        str | None, typer.Option("--union", help="接到哪个工会；不写则为所发往的工会。")
    ] = None,
    employer: Annotated[str, typer.Option(help="现工作单位。")] = "",
    trade: Annotated[str, typer.Option(help="工种。")] = "",
    note: Note = "",
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """接收：从此由本工会服务。 Accepts an offer."""
    from ledger import procedures

    with _answering(transfer, province, account, union) as (entry, line, into):
        procedures.accept(
            entry, line, TransferId(transfer), union=into, employer=employer, trade=trade, note=note
        )
    _told(transfer, "已接收", as_json=as_json)


@app.command()
def decline(
    transfer: Transfer,
    province: ProvinceOption,
    ground: Annotated[Ground, typer.Option("--ground", help="不予接收的理由。")],
    opinion: Annotated[str, typer.Option("--opinion", help="理由说明；选“其他”时必填。")] = "",
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """不予接收：写明理由。 Declines an offer, on a ground."""
    from ledger import procedures

    with _answering(transfer, province, account, None) as (entry, line, into):
        procedures.decline(entry, line, TransferId(transfer), ground, opinion, union=into)
    _told(transfer, "已答复：不予接收", as_json=as_json)


@app.command()
def withdraw(
    transfer: Transfer,
    province: ProvinceOption,
    reason: Annotated[WithdrawReason, typer.Option("--reason", help="撤回原因。")],
    note: Note = "",
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """撤回：答复之前由转出方收回。 Takes an offer back."""
    from ledger import procedures

    with opened() as ledgers:
        ledger = one_ledger(ledgers, province)
        line = line_of(ledger, transfer)
        visitor = acting(ledger, account, (Office.LIAISON, Office.CLERK), line.from_union)
        with ledger.entry(visitor.act()) as entry:
            procedures.withdraw(entry, membership_of(line), TransferId(transfer), reason, note)
        exchange(ledgers)
    _told(transfer, "已撤回，会籍不变", as_json=as_json)


# ── shared by these ──────────────────────────────────────────────────────────────────────────


def _held(reader: "Reader", person: "PersonId") -> "list[Member]":
    """The memberships that somebody has in this province, under whatever id is hers."""
    from ledger.projections import rosters, worker_files

    conn, origin = reader.conn, reader.ledger.origin
    found = rosters.of_persons(conn, origin, worker_files.identity(conn, origin, person))
    return [
        member
        for members in found.values()
        for member in members
        if member.state is not rosters.Standing.APPLIED and member.origin == origin
    ]


def _consent(entry: "Entry", person: "PersonId", union: UnionId) -> "ConsentId | None":
    """The consent, or other basis on record, on which she is shared with that side already."""
    from ledger.domain.ids import ConsentId
    from ledger.procedures import origin_of
    from ledger.projections.channels import links_of

    partner = origin_of(entry, union)
    rows = links_of(entry.conn, entry.ledger.origin, [person]).get(person, ())
    given = (row["consent"] for row in rows if row["open"] and row["partner"] == partner)
    return next((ConsentId(consent) for consent in given if consent), None)


@contextmanager
def _answering(
    transfer: str, province: str, account: str | None, union: str | None
) -> "Generator[tuple[Entry, MembershipId, UnionId | None]]":
    """An entry of the union that answers; the provinces exchange when it is written."""
    with opened() as ledgers:
        ledger = one_ledger(ledgers, province)
        line = line_of(ledger, transfer)
        with ledger.reading() as reader:
            into = one_union(reader, union).union if union else line.to_union
            visitor = liaison_for(reader, account, into)
        with ledger.entry(visitor.act()) as entry:
            yield entry, membership_of(line), into
        exchange(ledgers)


def liaison_for(reader: "Reader", account: str | None, into: UnionId | None) -> "Visitor":
    """The liaison who answers for a union: its own, or that of the nearest one above it."""
    ledger = reader.ledger
    line: list[UnionId] = reader.line(into) if into is not None and account is None else []
    for union in line:
        visitor = acting_for(ledger, (Office.LIAISON,), union)
        if visitor is not None:
            return visitor
    return acting(ledger, account, (Office.LIAISON,), into)


def line_of(ledger: "Ledger", transfer: str) -> "Line":
    from ledger.book import NotFound
    from ledger.projections import transfers

    with ledger.reading() as reader:
        found = transfers.get(reader.conn, ledger.origin, [transfer])
    line = found.get(TransferId(transfer))
    if line is None:
        raise NotFound(transfer)
    return line


def membership_of(line: "Line") -> MembershipId:
    if line.membership is None:
        fail(Exit.REFUSED, "这是一次商请，对方还没有转出会籍。")
    return line.membership


def exchange(ledgers: "dict[str, Ledger]") -> None:
    """Lets the provinces of this data folder read each other, as `serve` does while it runs."""
    from itertools import combinations

    from ledger.exchange import sync

    for one, other in combinations(ledgers.values(), 2):
        sync(one, other)


def _told(transfer: str, what: str, *, as_json: bool) -> None:
    if as_json:
        show_json({"transfer": transfer})
        return
    say(f"[green]✓[/green] {what}：{transfer}")
    say("  两省都看得到；用 `liangdi transfer show` 看逐笔。", style="dim")
