"""What the commands of aid and of its lists share (帮扶): their options, who acts, and how it is told."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from ledger.cli.common import (
    Exit,
    acting,
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
from ledger.domain.aid import (
    Goods,
)
from ledger.domain.aiding import AidKind
from ledger.domain.ids import GrantId
from ledger.domain.kernel import Code, Fen, Office
from ledger.domain.money import capitals, fen_of, yuan

if TYPE_CHECKING:
    from ledger.book import Ledger
    from ledger.desk import Visitor

Grant = Annotated[str, typer.Argument(metavar="GRANT", help="救助编号 grt_…。")]
List = Annotated[str, typer.Argument(metavar="LIST", help="名单编号 lis_…。")]
Amount = Annotated[str, typer.Option("--amount", metavar="YUAN", help="金额（元），如 3000.00。")]
GoodsGiven = Annotated[
    list[str] | None,
    typer.Option(
        "--goods", metavar="ITEM,QUANTITY,UNIT,YUAN,INVOICE",
        help="实物：品名,数量,单位,价值合计（元）,发票号；可写多项。",
    ),
]  # fmt: skip
MaybeAmount = Annotated[
    str | None, typer.Option("--amount", metavar="YUAN", help="金额（元）；不写则为全部。")
]
Opinion = Annotated[str, typer.Option("--opinion", help="意见。")]
Voucher = Annotated[str, typer.Option("--voucher", help="凭证号。")]
Payment = Annotated[int, typer.Option("--payment", min=1, help="付款序号。")]
FundOption = Annotated[str, typer.Option("--fund", metavar="FUND", help="资金编号 fnd_…。")]
SchemeOption = Annotated[str, typer.Option("--scheme", metavar="SCHEME", help="办法编号 sch_…。")]
KindOption = Annotated[AidKind, typer.Option("--kind", help="帮扶项目。")]
Minutes = Annotated[str | None, typer.Option("--minutes", help="会议纪要文号。")]
UnionOption = Annotated[
    str | None, typer.Option("--union", help="以哪个工会的名义；不写则由上级中最近的办理。")
]

TAKERS = (Office.CLERK, Office.STATION)
FINANCE = (Office.CASHIER, Office.ACCOUNTANT)
WITNESSES = (Office.LEGAL, Office.CHAIR, Office.STATION, Office.REVIEWER, Office.CLERK)


@contextmanager
def begun(
    province: str, account: str | None, offices: Sequence[Office], union: str | None
) -> "Generator[tuple[Ledger, Visitor, Callable[[], None]]]":
    """A ledger, who acts in it, and the exchange when it is done."""
    with opened() as ledgers:
        ledger = one_ledger(ledgers, province)
        with ledger.reading() as reader:
            own = one_union(reader, union).union if union else None
            visitor = acting(ledger, account, offices, own)
        yield ledger, visitor, lambda: exchange(ledgers)


def goods_of(told: list[str] | None) -> tuple[Goods, ...]:
    """Goods as they are written: item, quantity, unit, value in yuan, invoice."""
    found: list[Goods] = []
    for each in told or ():
        parts = [part.strip() for part in each.replace("，", ",").split(",")]
        if len(parts) != 5 or not parts[1].isdecimal():
            fail(Exit.USAGE, f"实物 {each!r} 请写成 品名,数量,单位,价值合计（元）,发票号。")
        item, quantity, unit, value, invoice = parts
        found.append(Goods(item, int(quantity), Code(unit), fen_of(value), Code(invoice)))
    return tuple(found)


def in_words(amount: Fen) -> str:
    return f"{yuan(amount)} 元（{capitals(amount)}）"


def told(made: dict[str, Any], what: str, *, as_json: bool) -> None:
    if as_json:
        show_json(made)
        return
    say(f"[green]✓[/green] {escape(what)}")


def told_many(
    done: dict[GrantId, Fen], refused: dict[GrantId, Any], what: str, *, as_json: bool
) -> None:
    """A result for each, and the total of what was done. Ends with 1 where any was refused."""
    total = Fen(sum(done.values()))
    if as_json:
        show_json({
            "done": done, "refused": {name: type(rule).__name__ for name, rule in refused.items()},
            "total_fen": total, "total_capitals": capitals(total),
        })  # fmt: skip
    else:
        shown = table("救助编号", "金额（元）", "结果", numbers=("金额（元）",))
        for name, amount in done.items():
            row(shown, name, yuan(amount), what)
        for name, rule in refused.items():
            row(shown, name, "", rule.zh)
        out.print(shown)
        say(f"{what} {len(done)} 笔，合计 {in_words(total)}")
    if refused:
        raise typer.Exit(Exit.REFUSED)
