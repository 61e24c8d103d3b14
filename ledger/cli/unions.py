"""`liangdi union`: who stands where (组织树)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.tree import Tree

from ledger.cli.common import (
    AsOfOption,
    Exit,
    JsonOption,
    KnownOnOption,
    ProvinceOption,
    day,
    fail,
    opened,
    out,
    row,
    say,
    show_json,
    table,
)

if TYPE_CHECKING:
    from ledger.book import Ledger, Reader
    from ledger.projections.union_tree import UnionRow

app = typer.Typer(no_args_is_help=True, help="工会组织：查找、组织树。 Finds unions.")

MOST_DRAWN = 100_000


@dataclass(frozen=True)
class Branch:
    """A union with those below it."""

    union: "UnionRow"
    below: list["Branch"]


@app.command()
def find(
    text: Annotated[str, typer.Argument(help="编号、统一社会信用代码、区划代码，或名称的一部分。")],
    province: ProvinceOption,
    as_of: AsOfOption = None,
    known_on: KnownOnOption = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="最多几家。")] = 20,
    as_json: JsonOption = False,
) -> None:
    """查找工会，本省的在前。 Finds unions, ours first."""
    from ledger.projections import union_tree
    from ledger.replay.words import word

    with opened(province) as ledgers, ledgers[province].reading() as reader:
        found = union_tree.find(
            reader.conn, ledgers[province].origin, text, on=day(as_of), known_on=day(known_on),
            limit=limit,
        )  # fmt: skip
    if as_json:
        show_json(found)
        return
    if not found:
        fail(Exit.NOT_FOUND, f"没有找到“{text}”；用 `liangdi union tree` 看全部。")
    shown = table("工会编号", "名称", "种类", "区划", "自", "至", "总账")
    for each in found:
        row(
            shown, each.union, each.name, word(each.kind), each.division, each.since,
            each.until or "", each.origin,
        )  # fmt: skip
    out.print(shown)


@app.command()
def tree(
    province: ProvinceOption,
    union: Annotated[
        str | None, typer.Argument(help="从哪个工会起；不写则从本省和对方省的最上级起。")
    ] = None,
    depth: Annotated[int, typer.Option(min=1, max=12, help="往下几级。")] = 3,
    as_of: AsOfOption = None,
    known_on: KnownOnOption = None,
    as_json: JsonOption = False,
) -> None:
    """组织树，可按日期。 The tree of unions, as at a date."""
    from ledger.projections import union_tree

    on, known = day(as_of), day(known_on)
    with opened(province) as ledgers, ledgers[province].reading() as reader:
        ledger = ledgers[province]
        conn, origin = reader.conn, ledger.origin
        if union is None:
            tops = union_tree.roots(conn, origin, on, known)
        else:
            tops = [one_union(reader, union, own=None)]

        rows = union_tree.descending(
            conn, origin, tops, most=MOST_DRAWN, levels=depth, on=on, known_on=known
        )
    grown: list[Branch] = []
    path: list[Branch] = []
    for level, union_row in rows:
        branch = Branch(union_row, [])
        del path[level:]
        (path[-1].below if path else grown).append(branch)
        path.append(branch)
    if as_json:
        show_json(grown)
        return
    for each in grown:
        out.print(_drawn(each))
    if not grown:
        say("还没有工会。")


def _drawn(branch: Branch, into: Tree | None = None) -> Tree:
    label = f"{escape(branch.union.name)}  [dim]{branch.union.division or ''}[/dim]"
    drawn = Tree(label) if into is None else into.add(label)
    for each in branch.below:
        _drawn(each, drawn)
    return drawn


def one_union(reader: "Reader", text: str, *, own: bool | None = True) -> "UnionRow":
    """The one union that a text means: an id, a code, a whole name, or a part that only one has."""
    from ledger.projections import union_tree

    ledger: Ledger = reader.ledger
    found = union_tree.find(reader.conn, ledger.origin, text, own=own)
    exact = [each for each in found if text in (each.union, each.name, each.short_name)]
    chosen = exact or found
    if len(chosen) == 1:
        return chosen[0]
    if not chosen:
        fail(Exit.NOT_FOUND, f"没有工会“{text}”；用 `liangdi union find` 查找。")
    names = "、".join(f"{each.name}（{each.union}）" for each in chosen[:5])
    fail(Exit.USAGE, f"“{text}”不止一家：{names}。请写编号。")
