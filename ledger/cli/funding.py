"""`liangdi fund`: set up, credited, allotted, offered and accepted; statements of any day (帮扶资金)."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from ledger.cli.common import (
    AccountOption,
    AsOfOption,
    Exit,
    JsonOption,
    KnownOnOption,
    ProvinceOption,
    acting,
    acting_for,
    day,
    fail,
    one_ledger,
    opened,
    out,
    row,
    say,
    show_json,
    table,
)
from ledger.cli.transferring import exchange
from ledger.cli.unions import one_union
from ledger.domain.funds import Source
from ledger.domain.ids import AllotmentId, FundId, PartnershipId, is_id
from ledger.domain.kernel import Code, Office
from ledger.domain.money import capitals, fen_of, yuan

if TYPE_CHECKING:
    from ledger.book import Entry, Ledger, Reader
    from ledger.projections.fund_statements import FundRow, OfferRow
    from ledger.replay import FundFile

app = typer.Typer(no_args_is_help=True, help="帮扶资金：设立、到账、拨付、划转、收支。 Funds.")

FundArgument = Annotated[str, typer.Argument(metavar="FUND", help="资金编号 fnd_… 或名称。")]
Offer = Annotated[str, typer.Argument(metavar="OFFER", help="划转编号 alt_…。")]
Amount = Annotated[str, typer.Argument(metavar="YUAN", help="金额（元），如 1,200.50。")]
Paper = Annotated[str | None, typer.Option("--paper", help="文号或凭证号。")]

KEEPING = (Office.CHAIR, Office.APPROVER)
READING = (Office.ACCOUNTANT, Office.CHAIR, Office.APPROVER, Office.CASHIER, Office.AUDITOR)


# ── seen ─────────────────────────────────────────────────────────────────────────────────────


@app.command("list")
def listing(
    province: ProvinceOption,
    union: Annotated[str | None, typer.Option(help="只看这个工会及其下级管的。")] = None,
    joint: Annotated[str | None, typer.Option(help="只看这个联合资金的份额。")] = None,
    as_of: AsOfOption = None,
    known_on: KnownOnOption = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="最多几项。")] = 50,
    as_json: JsonOption = False,
) -> None:
    """列出资金及余额。 Lists funds with their balances."""
    from ledger import replay
    from ledger.projections import fund_statements, union_tree

    with opened(province) as ledgers, ledgers[province].reading() as reader:
        conn, origin = reader.conn, reader.ledger.origin
        sought = fund_statements.Sought(
            union=one_union(reader, union).union if union else None, joint=joint
        )
        page = fund_statements.listing(conn, origin, sought, limit=limit)
        totals = fund_statements.totals(
            conn, origin, [each.fund for each in page.rows], day(as_of), day(known_on)
        )
        keepers = union_tree.get(conn, origin, {each.keeper for each in page.rows})
    if as_json:
        items = [{"fund": each, "totals": totals[each.fund]} for each in page.rows]
        show_json({"items": items, "more": page.next is not None})
        return
    shown = table(
        "资金编号", "名称", "来源", "管账工会", "留用", "可用余额", numbers=("留用", "可用余额")
    )
    for each in page.rows:
        keeper, has = keepers.get(each.keeper), totals[each.fund]
        row(
            shown, each.fund, each.name, replay.word(each.source), keeper.name if keeper else "",
            yuan(has.reserved), yuan(has.balance),
        )  # fmt: skip
    if page.rows:
        out.print(shown)
    say(f"{len(page.rows)} 笔资金{'；未列完，用 --limit' if page.next else ''}")


@app.command()
def show(
    fund: FundArgument,
    province: ProvinceOption,
    as_of: AsOfOption = None,
    known_on: KnownOnOption = None,
    as_json: JsonOption = False,
) -> None:
    """一笔资金：合计、联合资金的各份额、在途划转。 One fund with its totals, shares and offers."""
    from ledger import replay

    with _reading(province) as reader:
        file = replay.fund(
            reader, _one(reader, fund).fund, as_of=day(as_of), known_on=day(known_on), limit=1
        )
    if as_json:
        show_json(file)
        return
    _heading(file)
    if file.shares:
        shown = table("份额", "出资方", "管账工会", "可用余额", numbers=("可用余额",))
        for each in file.shares:
            told = each.fund.name, each.fund.contributor, each.keeper_name
            row(shown, *told, yuan(each.totals.balance))
        out.print(shown)
    if file.offers:
        shown = table("划转编号", "划出", "划入", "金额", "期限", "状态", numbers=("金额",))
        for offer in file.offers:
            ends = (
                file.fund_names.get(end, "") if end else "" for end in (offer.giver, offer.receiver)
            )
            row(shown, offer.offer, *ends, yuan(offer.amount), offer.deadline, _state(offer))
        out.print(shown)


@app.command()
def statement(
    fund: FundArgument,
    province: ProvinceOption,
    since: Annotated[
        str | None, typer.Option("--since", metavar="DATE", help="自哪一天起。")
    ] = None,
    as_of: AsOfOption = None,
    known_on: KnownOnOption = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="最多几行，新的在前。")] = 50,
    as_json: JsonOption = False,
) -> None:
    """收支明细：每行的记录号和当时余额。 Line by line, each with its record and balance."""
    from ledger import replay

    with _reading(province) as reader:
        file = replay.fund(
            reader, _one(reader, fund).fund, as_of=day(as_of), known_on=day(known_on),
            since=day(since), limit=limit,
        )  # fmt: skip
    if as_json:
        show_json(file)
        return
    _heading(file)
    shown = table("日期", "记录", "事由", "金额", "余额", numbers=("金额", "余额"))
    for step in file.steps:
        told = step.line.text + ("（已更正）" if step.line.struck else "")
        balance = "" if step.balance is None else yuan(step.balance)
        amount = yuan(step.amount) if step.amount else ""
        row(shown, step.line.on, step.line.ref.rpartition("/")[2], told, amount, balance)
    out.print(shown)
    if file.next:
        say("未列完，用 --limit")


def _heading(file: "FundFile") -> None:
    from ledger import replay

    say(f"{file.fund.name}（{replay.word(file.fund.source)}）· {file.keeper_name}", style="bold")
    if file.historical:
        told = [f"截至 {file.as_of}"] if file.as_of else []
        told += [f"按 {file.known_on} 已登记"] if file.known_on else []
        say("，".join(told), style="dim")
    shown = table("项目", "金额", "大写", numbers=("金额",))
    for name, title in replay.TOTALS.items():
        amount = getattr(file.totals, name)
        if amount or name == "balance":
            row(shown, title, yuan(amount), capitals(amount))
    out.print(shown)


def _state(offer: "OfferRow") -> str:
    from ledger import replay

    if offer.received_on is not None:
        return "已划入"
    return replay.word(offer.outcome or offer.answer) or "待答复"


# ── kept ─────────────────────────────────────────────────────────────────────────────────────


@app.command("open")
def open_fund(
    name: Annotated[str, typer.Argument(help="资金名称。")],
    province: ProvinceOption,
    source: Annotated[Source, typer.Option("--source", help="资金来源。")],
    union: Annotated[
        str | None, typer.Option("--union", help="管账工会；不写则为办理人的工会。")
    ] = None,
    year: Annotated[int | None, typer.Option("--year", help="资金年度。")] = None,
    joint: Annotated[
        str | None, typer.Option("--joint", help="联合资金代号，设立份额时写。")
    ] = None,
    contributor: Annotated[str, typer.Option("--contributor", help="出资方，不限于工会。")] = "",
    annex: Annotated[
        str | None, typer.Option("--annex", help="两省联合资金所依协议 par_…。")
    ] = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """设立资金，或联合资金的一个份额。 Sets up a fund, or a share of a joint one."""
    from ledger import procedures

    with opened() as ledgers:
        ledger = one_ledger(ledgers, province)
        with ledger.reading() as reader:
            keeper = one_union(reader, union).union if union else None
        visitor = (acting_for(ledger, KEEPING, keeper, account) if keeper else None) or acting(
            ledger, account, KEEPING
        )
        with ledger.entry(visitor.act()) as entry:
            made = procedures.open_fund(
                entry, keeper or entry.act.union, name, source, year=year, contributor=contributor,
                joint=Code(joint) if joint else None,
                annex=PartnershipId(annex) if annex else None,
            )  # fmt: skip
        exchange(ledgers)
    _told({"fund": made}, f"已设立：{made}", as_json=as_json)


@app.command()
def credit(
    fund: FundArgument,
    amount: Amount,
    province: ProvinceOption,
    contributor: Annotated[str, typer.Option("--from", help="付款方；个人捐赠不写姓名。")] = "",
    source: Annotated[Source | None, typer.Option("--source", help="来源，不写则同资金。")] = None,
    paper: Paper = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """到账。 Money comes in."""
    from ledger import procedures

    fen = fen_of(amount)
    with _keeping(fund, province, account, (Office.ACCOUNTANT,)) as (entry, row_):
        procedures.credit(
            entry, row_.fund, fen, source, contributor, Code(paper) if paper else None
        )
    _told({"fund": row_.fund}, f"已到账 {yuan(fen)} 元（{capitals(fen)}）", as_json=as_json)


@app.command()
def allot(
    fund: FundArgument,
    to: Annotated[str, typer.Argument(metavar="TO", help="收款资金：编号或名称。")],
    amount: Amount,
    province: ProvinceOption,
    paper: Paper = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """拨付给本省的另一笔资金。 Allots money to another fund of this province."""
    from ledger import procedures

    fen = fen_of(amount)
    with _keeping(fund, province, account, KEEPING) as (entry, row_):
        made = procedures.allot(
            entry, row_.fund, _one(entry, to).fund, fen, Code(paper) if paper else None
        )
    _told({"allotment": made}, f"已拨付 {yuan(fen)} 元（{capitals(fen)}）", as_json=as_json)


@app.command("close")
def close_fund(
    fund: FundArgument,
    province: ProvinceOption,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """关闭资金。 Closes a fund that is empty."""
    from ledger import procedures

    with _keeping(fund, province, account, KEEPING) as (entry, row_):
        procedures.close_fund(entry, row_.fund)
    _told({"fund": row_.fund}, f"已关闭：{row_.fund}", as_json=as_json)


# ── between two provinces ────────────────────────────────────────────────────────────────────


@app.command()
def offer(
    fund: FundArgument,
    to: Annotated[str, typer.Argument(metavar="TO", help="对方省的份额：编号或名称。")],
    amount: Amount,
    province: ProvinceOption,
    paper: Paper = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """提出划转：在同一联合资金的份额之间。 Offers money to the other province's share."""
    from ledger import procedures

    fen = fen_of(amount)
    with _keeping(fund, province, account, KEEPING) as (entry, row_):
        made = procedures.offer_share(
            entry, row_.fund, _one(entry, to).fund, fen, paper=Code(paper) if paper else None
        )
    _told({"offer": made}, f"已提出划转 {yuan(fen)} 元：{made}", as_json=as_json)


@app.command()
def accept(
    offer: Offer,
    province: ProvinceOption,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """接收划转：待对方划出后到账。 Accepts an offer of money."""
    from ledger import procedures

    with _answering(offer, province, account) as (entry, told):
        procedures.accept_share(entry, _end(told.receiver), told.giver, told.offer)
    _told({"offer": offer}, f"已接收：{offer}", as_json=as_json)


@app.command()
def decline(
    offer: Offer,
    province: ProvinceOption,
    ground: Annotated[str, typer.Option("--ground", help="不予接收的理由。")],
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """不予接收划转。 Declines an offer of money."""
    from ledger import procedures

    with _answering(offer, province, account) as (entry, told):
        procedures.decline_share(entry, _end(told.receiver), told.giver, told.offer, ground)
    _told({"offer": offer}, f"已答复：不予接收 {offer}", as_json=as_json)


@app.command()
def withdraw(
    offer: Offer,
    province: ProvinceOption,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """撤回划转：对方答复之前。 Takes an offer of money back."""
    from ledger import procedures

    with _answering(offer, province, account, giver=True) as (entry, told):
        procedures.withdraw_share(entry, told.giver, told.offer)
    _told({"offer": offer}, f"已撤回：{offer}", as_json=as_json)


# ── shared by these ──────────────────────────────────────────────────────────────────────────


@contextmanager
def _reading(province: str) -> "Generator[Reader]":
    with opened(province) as ledgers, ledgers[province].reading() as reader:
        yield reader


@contextmanager
def _keeping(
    fund: str, province: str, account: str | None, offices: tuple[Office, ...]
) -> "Generator[tuple[Entry, FundRow]]":
    """An entry of the fund's keeper, or a union above it; the provinces exchange when it is written."""
    with opened() as ledgers:
        ledger = one_ledger(ledgers, province)
        with ledger.reading() as reader:
            found = _one(reader, fund)
            keepers = reader.line(found.keeper)
        for union in keepers:
            visitor = acting_for(ledger, offices, union, account)
            if visitor is not None:
                break
        else:
            visitor = acting(ledger, account, offices)
        with ledger.entry(visitor.act()) as entry:
            yield entry, found
        exchange(ledgers)


@contextmanager
def _answering(
    offer: str, province: str, account: str | None, *, giver: bool = False
) -> "Generator[tuple[Entry, OfferRow]]":
    """An entry of the share's keeper at one end of an offer."""
    with opened() as ledgers:
        ledger = one_ledger(ledgers, province)
        told = _offer(ledger, offer)
    end = told.giver if giver else _end(told.receiver)
    with _keeping(end, province, account, KEEPING) as (entry, _):
        yield entry, told


def _one(reader: "Reader", text: str) -> "FundRow":
    """The one fund that a text means: its id, or its whole name."""
    from ledger.book import NotFound
    from ledger.projections import fund_statements as view

    conn, origin = reader.conn, reader.ledger.origin
    if is_id(text):
        found: Sequence[FundRow] = list(view.get(conn, origin, [text]).values())
    else:
        found = view.listing(conn, origin, view.Sought(name=text), limit=10).rows
    if not found:
        raise NotFound(text)
    if len(found) > 1:
        ids = "、".join(each.fund for each in found)
        fail(Exit.USAGE, f"“{text}”不止一笔资金：{ids}，请写编号。")
    return found[0]


def _offer(ledger: "Ledger", offer: str) -> "OfferRow":
    from ledger.book import NotFound
    from ledger.projections import fund_statements as view

    with ledger.reading() as reader:
        found = view.offers(reader.conn, ledger.origin, offer=AllotmentId(offer))
    if not found:
        raise NotFound(offer)
    return found[0]


def _end(fund: FundId | None) -> FundId:
    if fund is None:
        fail(Exit.REFUSED, "对方省的这笔划转尚未读到。")
    return fund


def _told(result: "dict[str, str]", what: str, *, as_json: bool) -> None:
    if as_json:
        show_json(result)
        return
    say(f"[green]✓[/green] {what}")
