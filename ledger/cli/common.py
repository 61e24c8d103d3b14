"""What the commands share (命令公用): ledgers, who acts, output, and how a command ends.

| code | meaning |
| --- | --- |
| 0 | done |
| 1 | a rule refused it |
| 2 | the command was not understood, or a setting is wrong |
| 3 | there is no such thing |
| 4 | somebody wrote first, or the database is away: try again |
| 5 | the record is damaged or does not prove |
| 6 | the file cannot be read |
| 7 | a signal stands that somebody must look at |
| 130 | interrupted |

What is slow to import is imported where it is needed, so that `--help` answers at once.
"""

import gc
import os
import sys
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from typer.core import TyperGroup

from ledger.domain.kernel import Office, Refused
from ledger.settings import BadSetting, Settings

if TYPE_CHECKING:
    from ledger.book import Ledger, Reader
    from ledger.clock import Clock
    from ledger.desk import Visitor
    from ledger.domain.ids import PersonId

WIDE = 160
"""How wide a table is where nobody says how wide the screen is: in a pipe, in a file."""

ROOMY = 100
"""From this width on an id stays in one piece."""


def _console(*, stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    unknown = not stream.isatty() and "COLUMNS" not in os.environ
    return Console(stderr=stderr, highlight=False, soft_wrap=False, width=WIDE if unknown else None)


out = _console(stderr=False)
err = _console(stderr=True)


class Exit(IntEnum):
    """How a command ends."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    NOT_FOUND = 3
    CONFLICT = 4
    DAMAGED = 5
    UNREADABLE = 6
    SIGNAL = 7
    INTERRUPTED = 130


# ── options that many commands have ──────────────────────────────────────────────────────────

ProvinceOption = Annotated[
    str,
    typer.Option(
        "--province", "-p", envvar="LIANGDI_PROVINCE", metavar="CODE",
        help="省级代码两位，如 45。Two digits of the province.",
    ),
]  # fmt: skip
JsonOption = Annotated[
    bool, typer.Option("--json", help="输出 JSON，供程序读取。JSON for programs.")
]
AccountOption = Annotated[
    str | None,
    typer.Option(
        "--as", envvar="LIANGDI_ACCOUNT", metavar="ACCOUNT",
        help="以哪个账号办理；不写则用第一个有相应任职的账号。Which account acts.",
    ),
]  # fmt: skip
PurposeOption = Annotated[
    str, typer.Option("--purpose", help="查阅目的，记入查阅日志。Why one looks; it is logged.")
]
AsOfOption = Annotated[
    str | None,
    typer.Option("--as-of", metavar="DATE", help="截至哪一天的情况。As at this date."),
]
AsKnownOption = Annotated[
    bool, typer.Option("--as-known", help="按得知的先后，而不是按生效的先后。In the order heard.")
]
KnownOnOption = Annotated[
    str | None,
    typer.Option(
        "--known-on", metavar="DATE", help="按哪一天当时已登记的情况。As known on this date."
    ),
]


def day(text: str | None) -> date | None:
    """A date from the command line."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        fail(Exit.USAGE, f"日期 {text!r} 应写成 2026-03-22 的样子。")


# ── ledgers, and who acts ────────────────────────────────────────────────────────────────────


def settings() -> Settings:
    return Settings.from_environment()


@contextmanager
def opened(*codes: str, clock: "Clock | None" = None) -> "Generator[dict[str, Ledger]]":
    """The ledgers of these provinces (all where none is named), closed at the end; all on `clock`,
    where one is given.
    """
    from ledger.book import open_ledger

    said = settings()
    found = {each.code: each for each in said.provinces()}
    for code in codes:
        if code not in found:
            have = "、".join(found) or "无"
            fail(
                Exit.NOT_FOUND,
                f"{said.data} 中没有 {code} 省的账（现有：{have}）。"
                "先运行 `liangdi demo`，或用 LIANGDI_DATA 指明目录。",
            )
    chosen = {code: found[code] for code in codes} if codes else found
    ledgers: dict[str, Ledger] = {}
    try:
        for code, each in chosen.items():
            ledgers[code] = open_ledger(each, clock=clock, terms=said.terms)
        gc.freeze()  # what is loaded by now stays: long work need not look it through again
        gc.set_threshold(10_000)  # nor look so often: a page of facts is no garbage
        yield ledgers
    except Refused as rule:
        _note_facts(rule, ledgers)
        raise
    finally:
        for ledger in ledgers.values():
            ledger.close()


def one_ledger(ledgers: "dict[str, Ledger]", code: str) -> "Ledger":
    """The ledger of a province, of all that are open."""
    if code not in ledgers:
        have = "、".join(ledgers) or "无"
        fail(Exit.NOT_FOUND, f"没有 {code} 省的账（现有：{have}）。先运行 `liangdi demo`。")
    return ledgers[code]


INTAKE = (Office.STATION, Office.CLERK)
"""The offices that take in and register."""


def acting(
    ledger: "Ledger",
    account: str | None,
    offices: Sequence[Office] = INTAKE,
    union: str | None = None,
) -> "Visitor":
    """Who acts: the account that is named, else the first one that holds such an office.

    With a `union` the office is one of that union's. What the account may do is the book's to say.
    """
    found = acting_for(ledger, offices, union, account)
    if found is not None:
        return found
    from ledger.desk import Desk

    desk = Desk({ledger.province.code: ledger})
    accounts = desk.accounts(ledger)
    for name, person, shown in accounts:
        if name == account:
            return desk.known(ledger, name, person, shown)
    if account is not None:
        have = "、".join(name for name, _, _ in accounts[:12]) or "无"
        fail(Exit.NOT_FOUND, f"没有账号 {account!r}（现有：{have}）。")
    fail(
        Exit.NOT_FOUND, "没有任职相符的账号；用 --as 指明账号，或先用 `liangdi account add` 开立。"
    )


def acting_for(
    ledger: "Ledger",
    offices: Sequence[Office],
    union: str | None = None,
    account: str | None = None,
) -> "Visitor | None":
    """Who holds one of these offices itself, of all accounts or of the one that is named.

    The offices in the order given; and of one office that of the province's own federation first.
    """
    from ledger.desk import Desk

    desk = Desk({ledger.province.code: ledger})
    found: list[tuple[int, bool, Visitor]] = []
    for name, person, shown in desk.accounts(ledger):
        if account in (None, name):
            visitor = desk.known(ledger, name, person, shown)
            found += [
                (offices.index(post.office), post.union != ledger.root, replace(visitor, post=post))
                for post in visitor.posts
                if post.office in offices and not post.entrusted and union in (None, post.union)
            ]
    return min(found, key=lambda one: one[:2], default=(0, False, None))[2]


READERS = (Office.CLERK, Office.STATION, Office.LIAISON, Office.AUDITOR)
"""The offices in whose name files are read, where no account is named."""


@contextmanager
def looking(
    code: str, account: str | None, view: str, purpose: str
) -> "Generator[tuple[Reader, Visitor]]":
    """One ledger, open for reading personal data; who is shown stands on the read log."""
    with opened(code) as ledgers:
        ledger = ledgers[code]
        visitor = acting(ledger, account, READERS)
        with ledger.looking(visitor.look(view, purpose)) as reader:
            yield reader, visitor


def one_person(reader: "Reader", text: str) -> "PersonId":
    """The one person whom a text means: an id, a number, a name …; several are an error."""
    from ledger.book import NotFound
    from ledger.replay.finding import found_by

    whole = found_by(reader, text)
    if not whole:
        raise NotFound(text)
    if len(whole) > 1:
        ids = "、".join(min(each) for each in whole[:5])
        fail(
            Exit.USAGE, f"“{text}”不止一人（{len(whole)} 份档案）：{ids}……请写人员编号或证件号码。"
        )
    return min(whole[0])


# ── output ───────────────────────────────────────────────────────────────────────────────────


def say(text: str, **style: Any) -> None:
    """One line of text, never cut and never coloured by what it says."""
    out.print(text, soft_wrap=True, **style)


def table(*columns: str, numbers: Sequence[str] = ()) -> Table:
    """A table of which nothing is cut off: on a narrow screen cells go on in the next line."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        # An id is to be copied: it stands on one line where there is room for it.
        whole = name.endswith("编号") and out.width >= ROOMY
        made.add_column(
            name, overflow="fold", no_wrap=whole, justify="right" if name in numbers else "left"
        )
    return made


def row(into: Table, *cells: object) -> None:
    """Adds a row; what stands in a cell is text, and no markup."""
    into.add_row(*(escape("" if cell is None else str(cell)) for cell in cells))


def show_json(value: Any) -> None:
    write(as_json(value, indent=True) + b"\n")


def as_json(value: Any, *, indent: bool = False) -> bytes:
    import orjson

    option = orjson.OPT_NON_STR_KEYS | (orjson.OPT_INDENT_2 if indent else 0)
    return orjson.dumps(value, default=_plain, option=option)


def _plain(value: Any) -> Any:
    return value._asdict() if hasattr(value, "_asdict") else str(value)


def write(data: bytes) -> None:
    """Bytes to the standard output, as they are."""
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def write_rows(head: dict[str, object], rows: Iterable[dict[str, object]]) -> None:
    """One JSON object with `rows` at its end, written as they come: never all in memory."""
    write(as_json(head)[:-1] + b',"rows":[')
    before = b"\n"
    for each in rows:
        sys.stdout.buffer.write(before + as_json(each))
        before = b",\n"
    write(b"\n]}\n")


def fail(code: Exit, message: str) -> NoReturn:
    """Ends with a sentence that says what to do."""
    err.print(f"[red]×[/red] {escape(message)}", soft_wrap=True)
    raise typer.Exit(code)


@contextmanager
def progress(label: str, *, quiet: bool) -> Generator[Callable[[int, int], None]]:
    """A bar on standard error; `tell(done, total)` moves it. Nothing where nobody watches."""
    if quiet or not err.is_terminal:
        yield lambda _done, _total: None
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=err) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def folder_of(ledger: "Ledger") -> Path:
    """The folder of a province's ledger."""
    return settings().data / ledger.province.code


# ── how a command ends ───────────────────────────────────────────────────────────────────────


class Plainly(TyperGroup):
    """The root of all commands: what stands in the way is told in a sentence, with its exit code."""

    def invoke(self, ctx: Any) -> Any:
        with told_plainly():
            return super().invoke(ctx)


@contextmanager
def told_plainly() -> Generator[None]:
    """Ends with a sentence and its exit code; what we did not expect is never hidden."""
    try:
        yield
    except Refused as rule:
        _say_rule(rule)
        raise typer.Exit(_exit_of(rule)) from rule
    except BadSetting as fault:
        fail(Exit.USAGE, f"设置有误：{fault}")
    except KeyboardInterrupt:
        fail(Exit.INTERRUPTED, "已中断。")
    except BrokenPipeError:
        # Whoever read our output has read enough (`| head`).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(Exit.DONE) from None
    except (LookupError, RuntimeError, ValueError, OSError) as fault:
        known = _known(fault)
        if known is None:
            raise
        fail(*known)


def _known(fault: Exception) -> tuple[Exit, str] | None:
    from eventsourcing.persistence import OperationalError
    from sqlalchemy.exc import OperationalError as Away

    from ledger.book import Conflict, NotFound
    from ledger.clock import ClockJumped
    from ledger.exchange import Unproven
    from ledger.exchange.witnessing import NotWitnessed
    from ledger.journal.keys import BadKey, SignerAway
    from ledger.journal.notes import BadNote
    from ledger.journal.signing import ReadOnly
    from ledger.projections.filters import UnknownFilter
    from ledger.schema import NewerSchema

    match fault:
        case NotFound():
            return Exit.NOT_FOUND, f"没有找到 {fault.what}。"
        case Conflict():
            return Exit.CONFLICT, f"他人已先登记，请重新办理（{fault}）。"
        case Unproven():
            return Exit.DAMAGED, f"对方省的记录未通过校验：{fault}"
        case ReadOnly():
            return Exit.DAMAGED, f"{fault.zh}{fault.instead}（{fault}）"
        case NotWitnessed():
            return Exit.DAMAGED, f"见证方没有联署：{fault}"
        case BadNote():
            return Exit.DAMAGED, f"不能作为证明：{type(fault).__name__}：{fault}"
        case BadKey():
            return Exit.USAGE, f"密钥不能使用：{fault}"
        case SignerAway():
            return Exit.CONFLICT, f"签名命令没有回应：{fault}"
        case UnknownFilter():
            return Exit.USAGE, f"没有这个筛选条件：{fault}"
        case ClockJumped() | NewerSchema():
            return Exit.USAGE, str(fault)
        case OperationalError() | Away():
            return Exit.CONFLICT, f"数据库暂时不能用，请稍后再试：{str(fault).splitlines()[0]}"
        case _:
            return None


def _exit_of(rule: Refused) -> Exit:
    from ledger.imports.limits import UnreadableRoster

    return Exit.UNREADABLE if isinstance(rule, UnreadableRoster) else Exit.REFUSED


def _note_facts(rule: Refused, ledgers: "dict[str, Ledger]") -> None:
    """Notes what a refusal turned on; unions and funds by name, and nobody's name."""
    from ledger.projections import fund_statements, union_tree
    from ledger.replay.refusals import in_names, to_be_named, told

    facts = told(rule)
    things = [each for fact in facts for each in fact.values if to_be_named(each)]
    names: dict[str, str] = {}
    for ledger in ledgers.values() if things else ():
        with ledger.reading() as reader:
            unions = union_tree.get(reader.conn, ledger.origin, things)
            funds = fund_statements.get(reader.conn, ledger.origin, things)
            names |= {each: row.name for each, row in (*unions.items(), *funds.items())}
    for label, text in in_names(facts, names):
        rule.add_note(f"{label}：{text}")


def _say_rule(rule: Refused) -> None:
    err.print(f"[red]×[/red] {escape(rule.zh or rule.sentence())}", soft_wrap=True)
    from ledger.replay.articles import in_words

    if not hasattr(rule, "__notes__"):  # refused before any ledger was open
        _note_facts(rule, {})
    for fact in getattr(rule, "__notes__", ()):
        err.print(f"  {escape(fact)}", soft_wrap=True)
    if rule.instead:
        err.print(f"  怎么办：{escape(rule.instead)}", soft_wrap=True)
    sources = "；".join(in_words(rule.article))
    err.print(f"  规则 {type(rule).__name__}（{escape(sources)}）", style="dim", soft_wrap=True)
