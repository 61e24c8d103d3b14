"""`liangdi grant list`: lists of one amount, approved, handed out and signed for (名单)."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from ledger.cli.aiding import (
    FINANCE,
    TAKERS,
    WITNESSES,
    FundOption,
    GoodsGiven,
    Grant,
    KindOption,
    List,
    Minutes,
    Opinion,
    SchemeOption,
    UnionOption,
    Voucher,
    begun,
    goods_of,
    told,
)
from ledger.cli.common import (
    AccountOption,
    JsonOption,
    ProvinceOption,
    PurposeOption,
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
from ledger.cli.paper import by_paper, under
from ledger.cli.transferring import exchange
from ledger.cli.unions import one_union
from ledger.domain.aid import (
    Signed,
)
from ledger.domain.aiding import PayMode
from ledger.domain.ids import AidListId, FundId, GrantId, PersonId, SchemeId
from ledger.domain.kernel import Code, Office
from ledger.domain.money import capitals, fen_of

if TYPE_CHECKING:
    from ledger.book import Entry

app = typer.Typer(no_args_is_help=True, help="名单：拟定、送审、审批、发放、签收。 Lists.")


@app.command("all")
def all_lists(
    province: ProvinceOption,
    union: Annotated[str | None, typer.Option(help="只看这个工会及其下级的。")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="最多几项。")] = 50,
    as_json: JsonOption = False,
) -> None:
    """列出名单。 Lists of one amount, the newest first."""
    from ledger import replay
    from ledger.projections import grants

    with opened(province) as ledgers, ledgers[province].reading() as reader:
        below = one_union(reader, union).union if union else None
        page = grants.lists(reader.conn, reader.ledger.origin, union=below, limit=limit)
        lines = replay.list_lines(reader, page.rows)
    if as_json:
        show_json({"items": lines, "more": page.next is not None})
        return
    shown = table(
        "名单编号", "名称", "项目", "人数", "合计（元）", "状态", numbers=("人数", "合计（元）")
    )
    for line in lines:
        row(
            shown, line.aid_list, line.title, replay.word(line.kind), line.count, line.total.yuan,
            line.state,
        )  # fmt: skip
    out.print(shown)


@app.command("show")
def show_list(
    aid_list: List,
    province: ProvinceOption,
    account: AccountOption = None,
    purpose: PurposeOption = "grant",
    as_json: JsonOption = False,
) -> None:
    """一张名单和名单上的人。 One list, and who stands on it."""
    from ledger import replay
    from ledger.book import NotFound
    from ledger.domain.aid import AidList
    from ledger.projections import grants

    with looking(province, account, "aid-list", purpose) as (reader, _):
        conn, origin = reader.conn, reader.ledger.origin
        held = reader.find(AidList, aid_list)
        found = grants.get_list(conn, origin, aid_list)
        if found is None:
            raise NotFound(aid_list)
        (head,) = replay.list_lines(reader, [found])
        named = {origin, *reader.partners}
        lines = replay.grant_lines(reader, grants.sheet(conn, origin, aid_list), named)
    if as_json:
        show_json({"aid_list": head, "content": held.content, "items": lines})
        return
    say(f"[bold]{escape(head.title)}[/bold] {head.count} 人 × {head.each.yuan} 元")
    say(f"合计 {head.total.yuan} 元（{head.total.capitals}）；已发放 {head.paid.yuan} 元，{head.paid_count} 人")  # fmt: skip
    say(f"内容 {held.content or '（尚未送审）'}", style="dim")
    shown = table("救助编号", "姓名", "金额（元）", "环节", numbers=("金额（元）",))
    for line in lines:
        name = line.person.name if line.person else ""
        row(shown, line.grant, name or line.person_id[-6:], line.amount.yuan, replay.word(line.stage))  # fmt: skip
    out.print(shown)


@app.command("new")
def new_list(
    title: Annotated[str, typer.Argument(help="名单名称。")],
    province: ProvinceOption,
    scheme: SchemeOption,
    kind: KindOption,
    each: Annotated[str, typer.Option("--each", metavar="YUAN", help="每人金额（元）。")],
    mode: Annotated[PayMode, typer.Option("--mode", help="发放方式。")] = PayMode.CASH,
    union: UnionOption = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """拟定名单。 Begins a list."""
    from ledger.procedures import aiding

    with begun(province, account, TAKERS, union) as (ledger, visitor, exchanged):
        with ledger.entry(visitor.act(), lock=True) as entry:
            made = aiding.draw_up(entry, title, SchemeId(scheme), kind, fen_of(each), mode)
        exchanged()
    told({"aid_list": made}, f"已拟定：{made}", as_json=as_json)


@app.command("add")
def add(
    aid_list: List,
    persons: Annotated[list[str], typer.Argument(metavar="WHO…", help="受助职工，可写多人。")],
    province: ProvinceOption,
    need: Annotated[str | None, typer.Option("--need", help="事由，如 2026春节。")] = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """列入名单，每人一笔。 Puts persons on a list."""
    from ledger.procedures import aiding

    def act(entry: "Entry", one: AidListId) -> dict[str, Any]:
        found = [one_person(entry, who) for who in persons]
        made = aiding.put_on(entry, one, found, Code(need) if need else None)
        return {"grants": made, "count": len(made)}

    _upon_list(aid_list, province, account, TAKERS, "已列入", as_json, act)


@app.command("strike")
def strike(
    aid_list: List,
    grant: Grant,
    province: ProvinceOption,
    reason: Annotated[str, typer.Option("--reason", help="剔除原因。")] = "",
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """从名单中剔除。 Takes somebody off a list that is open."""
    from ledger.procedures import aiding

    _upon_list(
        aid_list, province, account, TAKERS, "已剔除", as_json,
        lambda entry, one: aiding.strike_off(entry, _standing_on(entry, one, grant), reason),
    )  # fmt: skip


@app.command("send-up")
@by_paper
def send_up(
    aid_list: List,
    province: ProvinceOption,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """名单送审，此后不再增减。 Sends a list up for review and approval."""
    from ledger.procedures import aiding

    _upon_list(
        aid_list, province, account, TAKERS, "已送审", as_json,
        lambda entry, one: {"content": aiding.send_up(entry, one)},
    )  # fmt: skip


@app.command("review")
@by_paper
def review_list(
    aid_list: List,
    province: ProvinceOption,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """名单审核。 A second look at a list."""
    from ledger.procedures import aiding

    _upon_list(
        aid_list, province, account, (Office.REVIEWER,), "已审核", as_json,
        aiding.review_list,
    )  # fmt: skip


@app.command("return")
@by_paper
def return_list(
    aid_list: List,
    province: ProvinceOption,
    opinion: Opinion,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """名单退回修改，写明意见。 Gives a list back, with an opinion."""
    from ledger.procedures import aiding

    _upon_list(
        aid_list, province, account, (Office.REVIEWER, Office.APPROVER), "已退回", as_json,
        lambda entry, one: aiding.give_back_list(entry, one, opinion),
    )  # fmt: skip


@app.command("approve")
@by_paper
def approve_list(
    aid_list: List,
    province: ProvinceOption,
    content: Annotated[str, typer.Option("--content", help="所见名单的内容（见 list show）。")],
    fund: FundOption,
    minutes: Minutes = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """名单审批：所见的名单，有变即不批。 Approves a list as it was seen."""
    from ledger.procedures import aiding

    def act(entry: "Entry", one: AidListId) -> dict[str, Any]:
        paper = Code(minutes) if minutes else None
        approved = aiding.approve_list(entry, one, content, FundId(fund), paper)
        return {
            "count": approved.count, "total_fen": approved.total,
            "total_capitals": capitals(approved.total),
        }  # fmt: skip

    _upon_list(aid_list, province, account, (Office.APPROVER,), "已审批", as_json, act)


@app.command("hand-out")
@by_paper
def hand_out(
    aid_list: List,
    province: ProvinceOption,
    voucher: Voucher,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="只发这几笔 grt_…；不写则全部未发的。")
    ] = None,
    goods: GoodsGiven = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """按签领表发放；实物写明每人一份的明细。 Hands out by a signing sheet."""
    from ledger.procedures import aiding

    each = goods_of(goods)

    def act(entry: "Entry", one: AidListId) -> dict[str, Any]:
        some = [_standing_on(entry, one, name) for name in only] if only else None
        return {"count": aiding.hand_out(entry, one, Code(voucher), only=some, goods=each)}

    _upon_list(aid_list, province, account, FINANCE, "已发放", as_json, act)


@app.command("sign")
@by_paper
def sign_list(
    aid_list: List,
    province: ProvinceOption,
    how: Annotated[Signed, typer.Option("--how", help="签收方式。")] = Signed.SELF,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="只这几笔 grt_…；不写则全部已发的。")
    ] = None,
    collector: Annotated[str | None, typer.Option("--collector", help="代领人 per_…。")] = None,
    paper: Annotated[str | None, typer.Option("--paper", help="委托或核实材料文号。")] = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """签收，由未参与办理的人核实。 They have signed the sheet."""
    from ledger.procedures import aiding

    def act(entry: "Entry", one: AidListId) -> dict[str, Any]:
        some = [_standing_on(entry, one, name) for name in only] if only else None
        signed = aiding.sign_for(
            entry, one, how, only=some, collector=PersonId(collector) if collector else None,
            paper=Code(paper) if paper else None,
        )  # fmt: skip
        return {"count": signed}

    _upon_list(aid_list, province, account, WITNESSES, "已签收", as_json, act)


# ── shared by these ─────────────────────────────────────────────────────────────────────────────────


def _upon_list(
    aid_list: str, province: str, account: str | None, offices: Sequence[Office], what: str,
    as_json: bool, act: "Callable[[Entry, AidListId], dict[str, Any] | None]",
) -> None:  # fmt: skip
    """One act upon one list."""
    from ledger.domain.aid import AidList

    with opened() as ledgers:
        ledger = one_ledger(ledgers, province)
        with ledger.reading() as reader:
            union = reader.find(AidList, aid_list).union
            by = under(reader, account, offices, union)
        with ledger.entry(by, lock=True) as entry:
            made = act(entry, AidListId(aid_list)) or {}
        exchange(ledgers)
    counted = f"，{made['count']} 人" if "count" in made else ""
    told({"aid_list": aid_list, **made}, f"{what}：{aid_list}{counted}", as_json=as_json)


def _standing_on(entry: "Entry", aid_list: AidListId, grant: str) -> GrantId:
    """A grant of this list. Raises: NotFound."""
    from ledger.book import NotFound
    from ledger.domain.aid import AidGrant

    if entry.read(AidGrant, grant).aid_list != aid_list:
        raise NotFound(grant)
    return GrantId(grant)
