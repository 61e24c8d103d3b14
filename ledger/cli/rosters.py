"""`liangdi import`: rosters in, the same file back with its errors (批量导入)."""

import gc
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

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
    opened,
    out,
    progress,
    row,
    say,
    show_json,
    table,
    write_rows,
)
from ledger.cli.unions import one_union
from ledger.domain.kernel import Basis, Code
from ledger.domain.membership import Channel

if TYPE_CHECKING:
    from ledger.book import Ledger
    from ledger.imports.accepting import Approval, Basing, Job, Outcome

app = typer.Typer(no_args_is_help=True, help="批量导入：花名册。 Takes lists in.")
SHOWN = 20


@app.command("roster")
def roster(
    file: Annotated[
        Path,
        typer.Argument(
            help="花名册，.xlsx、.xls 或 .csv。The roster.",
            exists=True,
            dir_okay=False,
            readable=True,
        ),
    ],
    province: ProvinceOption,
    union: Annotated[
        str | None, typer.Option("--union", help="全部受理到这个工会（编号、名称或区划代码）。")
    ] = None,
    route: Annotated[
        Literal["home"] | None,
        typer.Option("--route", help="home：各行受理到户籍地最低一级现有工会。"),
    ] = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="只预览，不登记。Shows, and records nothing.")
    ] = False,
    channel: Annotated[
        Channel | None, typer.Option("--channel", help="入会渠道；不写则按工会种类。")
    ] = None,
    approved_on: Annotated[
        str | None,
        typer.Option(
            "--approved-on", metavar="DATE", help="名单经讨论通过的日期；同时写 --minutes。"
        ),
    ] = None,
    minutes: Annotated[str | None, typer.Option("--minutes", help="会议纪要文号。")] = None,
    basis: Annotated[
        Basis | None,
        typer.Option("--basis", help="提供给对方省的法律依据；不写则受理但不共享。"),
    ] = None,
    paper: Annotated[
        str | None,
        typer.Option("--paper", help="依据的出处：单独同意写告知书版本，其他依据写条款。"),
    ] = None,
    evidence: Annotated[
        list[str] | None,
        typer.Option("--evidence", help="依据材料的承诺值（附件哈希，可写几次）。"),
    ] = None,
    partner: Annotated[
        str | None, typer.Option("--partner", help="对方省代码；只有一个合作省时不必写。")
    ] = None,
    sheet: Annotated[str | None, typer.Option("--sheet", help="工作表名，有几张时写明。")] = None,
    returned: Annotated[
        Path | None, typer.Option("--return", help="把原表连同处理结果写到这里（文件或目录）。")
    ] = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """受理花名册：入会申请；经批准的即为会员。 Takes a roster in.

    中断后再运行同一命令，从断处继续；同一文件再传一次，不会重复登记。
    """
    if (union is None) == (route is None):
        fail(Exit.USAGE, "请写 --union 工会，或 --route home，二者择一。")
    if (approved_on is None) != (minutes is None):
        fail(Exit.USAGE, "名单批准须同时写 --approved-on 日期 和 --minutes 文号。")
    if (basis is None) != (paper is None):
        fail(Exit.USAGE, "共享须同时写 --basis 依据 和 --paper 告知书版本或条款。")
    from ledger.imports.accepting import Basing, Destination, Job, accept
    from ledger.imports.accepting import preview as foresee
    from ledger.imports.reading import open_roster

    with opened(province) as ledgers:
        ledger = ledgers[province]
        visitor = acting(ledger, account)
        with ledger.reading() as reader:
            to = one_union(reader, union).union if union else None
            asks = not (preview or as_json or basis) and _may_ask()
            sharing = _ask_basis(ledger) if asks else None
        if basis is not None and paper is not None:
            sharing = Basing(basis, paper, partner, tuple(evidence or ()))
        job = Job(
            ledger, visitor.act(), visitor.look("roster", "import"), open_roster(file, sheet),
            Destination(to), channel, approval=_approval(approved_on, minutes), sharing=sharing,
        )  # fmt: skip

        def deliver(outcome: "Outcome") -> None:
            _deliver(job, outcome, file, returned, sheet, preview=preview, as_json=as_json)

        done = 0
        try:
            with (
                progress("预览" if preview else "受理", quiet=as_json) as bar,
                _seldom_collecting(),
            ):

                def tell(count: int, total: int) -> None:
                    nonlocal done
                    done = count
                    bar(count, total)

                if preview:
                    outcome = foresee(job, tell)
                else:
                    outcome = None
                    accept(job, tell, deliver)
            if outcome is not None:
                deliver(outcome)
        except KeyboardInterrupt:
            if preview:
                fail(Exit.INTERRUPTED, "已中断；预览没有登记任何内容。")
            fail(
                Exit.INTERRUPTED,
                f"已中断：前 {done} 行已登记，其余没有。再运行同一命令，从断处继续，不会重复。",
            )


@app.command("history")
def history(
    province: ProvinceOption,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="最多几次。")] = 50,
    as_json: JsonOption = False,
) -> None:
    """以往的导入和没有完成的。 Past imports."""
    from ledger.clock import beijing
    from ledger.imports.jobs import past
    from ledger.imports.rows import Verdict

    with opened(province) as ledgers:
        found = past(ledgers[province], limit)
    if as_json:
        show_json(found)
        return
    words = _verdicts()
    shown = table("开始", "导入编号", "行数", "结果", numbers=("行数",))
    for each in found:
        counts = "、".join(
            f"{words[verdict]} {each.counts[verdict.value]}"
            for verdict in Verdict
            if each.counts.get(verdict.value)
        )
        row(
            shown, f"{beijing(each.started):%Y-%m-%d %H:%M}", each.id, each.rows,
            counts if each.finished else f"未完成：到第 {each.done} 行，重传即可继续",
        )  # fmt: skip
    if not found:
        say("还没有导入过。")
        return
    out.print(shown)


@contextmanager
def _seldom_collecting() -> Generator[None]:
    """A long list makes much and drops it: what is loaded by now is not walked through each time."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


# ── asking ───────────────────────────────────────────────────────────────────────────────────


def _approval(on: str | None, minutes: str | None) -> "Approval | None":
    from ledger.imports.accepting import Approval

    approved = day(on)
    return Approval(approved, Code(minutes)) if approved and minutes else None


def _may_ask() -> bool:
    """Whether somebody sits there who can be asked: never in a pipe, never for a program."""
    return sys.stdin.isatty() and err.is_terminal


def _ask_basis(ledger: "Ledger") -> "Basing | None":
    """Asks once for the legal basis of sharing, where there is a partner to share with."""
    from rich.prompt import Prompt

    from ledger.imports.accepting import Basing
    from ledger.projections import channels
    from ledger.replay.words import word

    with ledger.reading() as reader:
        if not channels.partners(reader.conn):
            return None
    choices = {str(at): basis for at, basis in enumerate(Basis, 1)}
    err.print("名单上的人是否提供给对方省？  0 不提供（受理但不共享）", soft_wrap=True)
    for at, basis in choices.items():
        err.print(f"  {at} {word(basis)}", soft_wrap=True)
    chosen = Prompt.ask("法律依据", choices=["0", *choices], default="0", console=err)
    if chosen == "0":
        return None
    consent = choices[chosen] is Basis.SEPARATE_CONSENT
    paper = Prompt.ask("告知书版本" if consent else "法律条款", console=err)
    return Basing(choices[chosen], paper)


# ── telling ──────────────────────────────────────────────────────────────────────────────────


def _deliver(
    job: "Job",
    outcome: "Outcome",
    file: Path,
    returned: Path | None,
    sheet: str | None,
    *,
    preview: bool,
    as_json: bool,
) -> None:
    """The file back with its results, then the counts; only then is an import finished."""
    if returned is not None:
        from ledger.imports.returning import give_back, returned_name

        target = returned / returned_name(file) if returned.is_dir() else returned
        give_back(file, target, outcome.rows, sheet)
    if as_json:
        write_rows(outcome.head(), outcome.told())
        return
    _show(outcome, preview=preview)
    _show_unions(job.ledger, outcome)


def _verdicts() -> dict[str, str]:
    from ledger.imports.rows import Verdict

    return {
        Verdict.ACCEPTED: "受理",
        Verdict.KNOWN: "已在册",
        Verdict.CHANGED: "信息有变",
        Verdict.DUPLICATE: "重复",
        Verdict.REFUSED: "退回",
    }


def _show(outcome: "Outcome", *, preview: bool) -> None:
    title = "预览（未登记）" if preview else "已受理"
    if outcome.again:
        title += "：此文件以前已导入过，只登记了新的内容"
    say(title, style="bold")
    counts = table("结果", "行数", numbers=("行数",))
    for verdict, word in _verdicts().items():
        row(counts, word, outcome.counts[verdict])
    out.print(counts)
    told = [(row_, fault) for row_ in outcome.rows for fault in row_.errors]
    for _, fault in told[:SHOWN]:
        where = f"{fault.column}：" if fault.column else ""
        say(f"第 {fault.sheet_row} 行 {where}{fault.zh} 怎么改：{fault.mend}", markup=False)
    if len(told) > SHOWN:
        say(f"……另有 {len(told) - SHOWN} 处；用 --return 取回原表，逐行注明。")
    if outcome.enrolled:
        say(f"按会议纪要批准入会 {outcome.enrolled} 人。")
    if outcome.shared:
        say(f"向对方省开通 {outcome.shared} 人。")
    if outcome.unshared:
        what = "将受理" if preview else "已受理"
        say(
            f"没有法律依据、{what}而不共享的 {outcome.unshared} 人；"
            "取得单独同意后，用 --basis 和 --paper 再传一次。"
        )


def _show_unions(ledger: "Ledger", outcome: "Outcome") -> None:
    from ledger.projections import union_tree

    if not outcome.by_union:
        return
    with ledger.reading() as reader:
        names = union_tree.get(reader.conn, ledger.origin, outcome.by_union)
    shown = table("受理到", "人数", numbers=("人数",))
    for union, count in outcome.by_union.most_common():
        row(shown, names[union].name if union in names else union, count)
    out.print(shown)
