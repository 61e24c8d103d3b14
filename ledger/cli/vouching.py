"""`liangdi voucher`: issued, shown, checked anywhere, and taken (接转凭证)."""

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.cli.common import (
    AccountOption,
    Exit,
    JsonOption,
    ProvinceOption,
    acting,
    day,
    err,
    fail,
    one_ledger,
    opened,
    out,
    say,
    show_json,
)
from ledger.cli.proving import key_from
from ledger.cli.transferring import Note, Transfer, exchange, liaison_for, line_of, membership_of
from ledger.cli.unions import one_union
from ledger.domain.ids import TransferId
from ledger.domain.kernel import Office

if TYPE_CHECKING:
    from ledger.domain.membership import Voucher
    from ledger.procedures import Carried, Checked

app = typer.Typer(
    no_args_is_help=True, help="接转凭证：开具、出示、核验、凭以接收。 Transfer vouchers."
)

Text = Annotated[
    str,
    typer.Argument(metavar="VOUCHER", help="凭证内容（LD1:…）、存有它的文本文件，或 - 由标准输入读。"),
]  # fmt: skip
Svg = Annotated[Path | None, typer.Option("--svg", help="把二维码存为 SVG 图片，供打印。")]


@app.command()
def issue(
    transfer: Transfer,
    province: ProvinceOption,
    svg: Svg = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """为一次待接收的接转开具凭证，交本人携带。 Issues a voucher."""
    from ledger import procedures

    with opened() as ledgers:
        ledger = one_ledger(ledgers, province)
        line = line_of(ledger, transfer)
        offices = (Office.LIAISON, Office.CLERK, Office.STATION)
        visitor = acting(ledger, account, offices, line.from_union)
        with ledger.entry(visitor.act()) as entry:
            procedures.issue_voucher(entry, membership_of(line), TransferId(transfer))
        with ledger.reading() as reader:
            made = procedures.carried(reader, transfer)
        exchange(ledgers)
    _shown(made, svg, as_json=as_json)


@app.command()
def show(
    transfer: Transfer, province: ProvinceOption, svg: Svg = None, as_json: JsonOption = False
) -> None:
    """再次出示已开具的凭证。 Shows a voucher that was issued."""
    from ledger import procedures

    with opened(province) as ledgers, ledgers[province].reading() as reader:
        made = procedures.carried(reader, transfer)
    _shown(made, svg, as_json=as_json)


@app.command()
def check(
    voucher: Text,
    province: Annotated[
        str | None,
        typer.Option("--province", "-p", metavar="CODE", help="按这个省的账核验；不写则只凭公钥。"),
    ] = None,
    keys: Annotated[
        list[str] | None, typer.Option("--key", help="相信的凭证公钥（vkey），可写多次。")
    ] = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="DATE", help="按哪一天核验，默认今天。")
    ] = None,
    here: Annotated[
        str | None, typer.Option("--here", metavar="ORIGIN", help="要用在哪本总账；默认所选省的。")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """核验凭证：不联网，只凭公钥；不成立时说明为何。 Checks a voucher, offline."""
    from ledger import procedures
    from ledger.clock import Clock

    text, on = _read(voucher), day(at)
    believed = [key_from(key) for key in keys or ()]
    if province is None:
        if not believed:
            fail(Exit.USAGE, "没有可信的公钥：用 --key 给出凭证公钥，或用 --province 指明省。")
        found = procedures.check_voucher(text, believed, on or Clock().today(), here=here)
        names = dict[str, str]()
    else:
        with opened(province) as ledgers, ledgers[province].reading() as reader:
            ledger = reader.ledger
            found = procedures.check_voucher(
                text, [*believed, *procedures.keys_of(ledger)], on or ledger.today,
                here=here or ledger.origin, reader=reader,
            )  # fmt: skip
            names = _names(found, reader)
    _judged(found, names, as_json=as_json)
    if found.refused is not None:
        raise typer.Exit(_exit_of(type(found.refused).__name__))


@app.command()
def take(
    voucher: Text,
    province: ProvinceOption,
    union: Annotated[
        str | None, typer.Option("--union", help="接到哪个工会；不写则为凭证所载的工会。")
    ] = None,
    employer: Annotated[str, typer.Option(help="现工作单位。")] = "",
    trade: Annotated[str, typer.Option(help="工种。")] = "",
    note: Note = "",
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """凭证接转：凭此接收；对方记录未到的，先登记并服务。 Takes a voucher."""
    from ledger import procedures

    text = _read(voucher)
    with opened() as ledgers:
        ledger = one_ledger(ledgers, province)
        said = procedures.verify_voucher(text, procedures.keys_of(ledger))
        said.judge(ledger.today, ledger.origin)
        with ledger.reading() as reader:
            into = one_union(reader, union).union if union else said.union
            visitor = liaison_for(reader, account, into)
        with ledger.entry(visitor.act()) as entry:
            taken = procedures.take_voucher(
                entry, text, union=into, employer=employer, trade=trade, note=note
            )
        exchange(ledgers)
    if as_json:
        show_json(taken)
    elif taken.accepted:
        say(f"[green]✓[/green] 已凭证接收：{taken.offer}")
    else:
        say(f"[green]✓[/green] 凭证已登记，即日起服务：{taken.offer}")
        say("  对方的记录还没有到；到了以后核对身份，再用同一凭证或编号接收。", style="dim")


# ── shared by these ──────────────────────────────────────────────────────────────────────────


def _read(voucher: str) -> str:
    """The text of a voucher, from wherever it is. A voucher is no name of a file."""
    from ledger.journal.vouchers import MOST_TEXT, PREFIX

    if voucher.lstrip().upper().startswith(PREFIX):
        return voucher
    if voucher == "-":
        return sys.stdin.read(MOST_TEXT + 1)
    file = Path(voucher)
    try:
        if not file.is_file() or file.stat().st_size > MOST_TEXT:
            fail(Exit.UNREADABLE, f"{voucher!r} 既不是凭证内容，也不是存有凭证的文本文件。")
        return file.read_text("ascii")
    except (OSError, ValueError):
        fail(Exit.UNREADABLE, f"不能读取 {voucher!r}：图片请先用扫码器读出文字。")


def _shown(made: "Carried", svg: Path | None, *, as_json: bool) -> None:
    import segno

    code = segno.make(made.text, error="m")
    if svg is not None:
        code.save(str(svg), kind="svg", scale=4)
    if as_json:
        show_json({"text": made.text, **_said(made.voucher)})
        return
    if svg is None and out.is_terminal:
        code.terminal(compact=True)
    say(made.text)
    say(f"  有效至 {made.voucher.until}；只能在接收工会用一次。", style="dim")


def _said(voucher: "Voucher") -> dict[str, Any]:
    return {name: str(value) if isinstance(value, date) else value
            for name, value in voucher.__dict__.items()}  # fmt: skip


def _names(found: "Checked", reader: Any) -> dict[str, str]:
    from ledger.projections import union_tree

    if found.voucher is None:
        return {}
    rows = union_tree.get(reader.conn, reader.ledger.origin, [found.voucher.union])
    return {key: each.name for key, each in rows.items()}


def _judged(found: "Checked", names: dict[str, str], *, as_json: bool) -> None:
    rule = found.refused
    if as_json:
        show_json(
            {
                "good": found.good,
                "rule": type(rule).__name__ if rule else None,
                "why": rule.zh if rule else "",
                "instead": rule.instead if rule else "",
                "voucher": _said(found.voucher) if found.voucher else None,
            }
        )
        return
    if rule is None:
        say("[green]✓[/green] 凭证有效。")
    else:
        err.print(f"[red]×[/red] {rule.zh}", soft_wrap=True)
        err.print(f"  怎么办：{rule.instead}", soft_wrap=True)
    if found.voucher is not None:
        said = found.voucher
        say(f"  签发：{said.issuer}　开给：{names.get(said.union, said.union)}（{said.audience}）")
        say(f"  有效：{said.since} 至 {said.until}　接转编号：{said.offer}")


def _exit_of(rule: str) -> Exit:
    if rule == "VoucherUnreadable":
        return Exit.UNREADABLE
    unproven = {"VoucherForged", "VoucherIssuerUnknown", "VoucherDiffers"}
    return Exit.DAMAGED if rule in unproven else Exit.REFUSED
