"""`liangdi question` and `liangdi audit`: raised, answered, ruled, closed; samples (疑点与争议)."""

import re
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
    PurposeOption,
    acting,
    acting_for,
    day,
    fail,
    looking,
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
from ledger.domain.ids import FundId, QuestionId, SampleId, UnionId
from ledger.domain.kernel import Code, Office
from ledger.domain.questions import (
    Cited,
    Outcome,
    Population,
    QuestionKind,
    QuestionState,
    Reply,
    Verdict,
)

if TYPE_CHECKING:
    from ledger.book import Entry, Ledger
    from ledger.desk import Visitor
    from ledger.projections.questions import Line

app = typer.Typer(
    no_args_is_help=True, help="疑点与争议：列出、提出、答复、裁定、了结。 Questions."
)
audit = typer.Typer(no_args_is_help=True, help="经审：查疑点、重算、抽样。 Audits.")

Question = Annotated[str, typer.Argument(metavar="QUESTION", help="编号 que_…。")]
Text = Annotated[str, typer.Option("--text", help="理由、说明。")]
Records = Annotated[
    list[str] | None,
    typer.Option(
        "--record", metavar="ORIGIN#POSITION", help="记录；只写位置的指本省总账。可多条。"
    ),
]
AnswerDays = Annotated[int, typer.Option("--answer-days", min=1, max=365, help="几日内答复。")]
RulingDays = Annotated[int, typer.Option("--ruling-days", min=1, max=365, help="几日内裁定。")]
Judge = Annotated[
    str | None, typer.Option("--judge", help="裁定工会：编号或名称；不写则按种类确定。")
]

ASKERS = {
    QuestionKind.AUDIT_QUERY: (Office.AUDITOR,),
    QuestionKind.DISPUTE: (Office.LIAISON, Office.CHAIR, Office.LEGAL),
    QuestionKind.OBJECTION: (Office.CLERK, Office.STATION, Office.LEGAL),
    QuestionKind.APPEAL: (Office.CLERK, Office.STATION, Office.LEGAL, Office.LIAISON, Office.CHAIR),
}
ANSWERERS = (
    Office.CHAIR, Office.LIAISON, Office.LEGAL, Office.APPROVER, Office.REVIEWER,
    Office.ACCOUNTANT, Office.CLERK, Office.STATION,
)  # fmt: skip
RULERS = (Office.CHAIR, Office.APPROVER, Office.REVIEWER, Office.LEGAL, Office.AUDITOR)


@app.command("list")
def listing(
    province: ProvinceOption,
    state: Annotated[QuestionState | None, typer.Option("--state", help="状态。")] = None,
    kind: Annotated[QuestionKind | None, typer.Option("--kind", help="种类。")] = None,
    turn: Annotated[str | None, typer.Option("--turn", help="待这个工会办理的。")] = None,
    late: Annotated[bool, typer.Option("--late", help="只看逾期的。")] = False,
    record: Annotated[str | None, typer.Option("--record", help="针对这条记录的。")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="最多几项。")] = 50,
    as_json: JsonOption = False,
) -> None:
    """列出疑点与争议，先到期的在前。 Lists questions, what is due first."""
    from ledger.projections import questions, union_tree
    from ledger.replay.words import word

    with opened(province) as ledgers, ledgers[province].reading() as reader:
        conn, origin, today = reader.conn, reader.ledger.origin, reader.ledger.today
        sought = questions.Sought(
            today, state=state, kind=kind, late=late,
            turn=one_union(reader, turn, own=None).union if turn else None,
            record=cited(record, origin).ref if record else None,
        )  # fmt: skip
        page = questions.listing(conn, origin, sought, limit=limit)
        counts = questions.count(conn, origin, sought)
        unions = {u for line in page.rows for u in (line.asked, line.turn) if u}
        names = {key: value.name for key, value in union_tree.get(conn, origin, unions).items()}
    if as_json:
        items = [{"question": line, "late": line.late(today)} for line in page.rows]
        show_json({"counts": counts, "items": items, "more": page.next is not None})
        return
    shown = table("疑点编号", "种类", "状态", "被问", "待办", "到期")
    for line in page.rows:
        told = word(line.state) + ("（逾期）" if line.late(today) else "")
        row(
            shown, line.question, word(line.kind), told, names.get(line.asked, ""),
            names.get(line.turn, "") if line.turn else "", line.due or "",
        )  # fmt: skip
    if page.rows:
        out.print(shown)
    totals = " · ".join(
        f"{word(each)} {counts[each.value]}" for each in QuestionState if each.value in counts
    )
    say(f"{totals} · 逾期 {counts['late']}{'；未列完，用 --limit' if page.next else ''}")


@app.command()
def show(
    question: Question,
    province: ProvinceOption,
    as_of: AsOfOption = None,
    known_on: KnownOnOption = None,
    account: AccountOption = None,
    purpose: PurposeOption = "dispute",
    as_json: JsonOption = False,
) -> None:
    """一项疑点，逐笔，及其所涉记录。 One question, step by step."""
    from ledger import replay

    with looking(province, account, "question", purpose) as (reader, visitor):
        file = replay.question(
            reader, question, as_of=day(as_of), known_on=day(known_on),
            mask=not visitor.sees_numbers,
        )  # fmt: skip
    if as_json:
        show_json(file)
        return
    state = file.state
    due = f"，{state.due} 到期{'（逾期）' if state.late else ''}" if state.due else ""
    turn = f"，待{state.turn}办理" if state.turn else ""
    say(f"{replay.word(state.state) or '无记录'}{turn}{due}")
    about = table("所涉记录", "生效", "内容", "更正为")
    for each in file.cited:
        row(about, each.ref, each.on, each.text, each.corrected_by)
    out.print(about)
    steps = table("生效", "省", "记录", "之后")
    for line, after in file.steps:
        told = "\n".join((line.text, *line.reasons))
        row(steps, line.on, line.lane.short, told, replay.word(after.state))
    out.print(steps)


@app.command("raise")
def raise_question(
    province: ProvinceOption,
    record: Records,
    text: Text = "",
    kind: Annotated[QuestionKind, typer.Option("--kind", help="种类。")] = QuestionKind.AUDIT_QUERY,
    rule: Annotated[str | None, typer.Option("--rule", help="所依据的规则或审计发现。")] = None,
    asked: Annotated[
        str | None, typer.Option("--asked", help="被问工会；不写则为登记该记录的工会。")
    ] = None,
    judge: Judge = None,
    sample: Annotated[str | None, typer.Option("--sample", help="由哪次抽样提出 sam_…。")] = None,
    answer_days: AnswerDays = 10,
    ruling_days: RulingDays = 15,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """提出疑点、争议或职工异议。 Raises a question about records."""
    from ledger import procedures

    with opened() as ledgers:
        ledger = one_ledger(ledgers, province)
        visitor = acting(ledger, account, ASKERS[kind])
        with ledger.entry(visitor.act()) as entry:
            made = procedures.raise_question(
                entry, kind, _cited(record, ledger.origin), text, answer_days=answer_days,
                ruling_days=ruling_days, rule=Code(rule) if rule else None,
                asked=one_union(entry, asked, own=None).union if asked else None,
                judge=one_union(entry, judge, own=None).union if judge else None,
                sample=SampleId(sample) if sample else None,
            )  # fmt: skip
        exchange(ledgers)
    _told(made, "已提出，待答复", as_json=as_json)


@app.command()
def answer(
    question: Question,
    province: ProvinceOption,
    reply: Annotated[Reply, typer.Option("--reply", help="承认、说明或不认可。")],
    text: Text = "",
    record: Records = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """答复。 Answers a question."""
    from ledger import procedures

    with _acting(question, province, account, ANSWERERS, "asked") as entry:
        procedures.answer_question(
            entry, QuestionId(question), reply, text, _cited(record, entry.ledger.origin)
        )
    _told(question, "已答复", as_json=as_json)


@app.command("rule")
def rule_question(
    question: Question,
    province: ProvinceOption,
    verdict: Annotated[Verdict, typer.Option("--verdict", help="成立、部分成立或不成立。")],
    text: Annotated[str, typer.Option("--text", help="裁定理由。")],
    remedy_days: Annotated[
        int | None, typer.Option("--remedy-days", min=1, help="几日内整改。")
    ] = None,
    appeal_days: Annotated[
        int | None, typer.Option("--appeal-days", min=1, help="几日内可申诉。")
    ] = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """裁定：由未参与的人作出。 Rules on a question."""
    from ledger import procedures

    with _acting(question, province, account, RULERS, "judge") as entry:
        procedures.rule_question(
            entry,
            QuestionId(question),
            verdict,
            text,
            remedy_days=remedy_days,
            appeal_days=appeal_days,
        )
    _told(question, "已裁定", as_json=as_json)


@app.command()
def close(
    question: Question,
    province: ProvinceOption,
    outcome: Annotated[Outcome, typer.Option("--outcome", help="了结方式。")],
    text: Text = "",
    record: Records = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """了结：写明更正、追回的记录，或维持、撤回。 Closes a question."""
    from ledger import procedures

    with _acting(question, province, account, (), "union") as entry:
        procedures.close_question(
            entry, QuestionId(question), outcome, text, _cited(record, entry.ledger.origin)
        )
    _told(question, "已了结", as_json=as_json)


@app.command()
def appeal(
    question: Question,
    province: ProvinceOption,
    text: Annotated[str, typer.Option("--text", help="申诉理由。")],
    judge: Judge = None,
    answer_days: AnswerDays = 10,
    ruling_days: RulingDays = 15,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """不服裁定，提出申诉。 Appeals against a ruling."""
    from ledger import procedures

    with _acting(question, province, account, ASKERS[QuestionKind.APPEAL], "union") as entry:
        made = procedures.appeal(
            entry,
            QuestionId(question),
            text,
            answer_days=answer_days,
            ruling_days=ruling_days,
            judge=one_union(entry, judge, own=None).union if judge else None,
        )
    _told(made, "已提出申诉", as_json=as_json)


# ── samples ──────────────────────────────────────────────────────────────────────────────────


@audit.command()
def sample(
    province: ProvinceOption,
    kind: Annotated[list[str], typer.Option("--kind", help="事实种类，如 ServiceGiven。可多种。")],
    size: Annotated[int, typer.Option("--size", min=1, max=500, help="样本量。")] = 20,
    seed: Annotated[
        str | None, typer.Option("--seed", help="种子，如摇号结果；不写由系统给出。")
    ] = None,
    of: Annotated[str | None, typer.Option("--of", help="谁的记录：总账名；默认本省。")] = None,
    fund: Annotated[str | None, typer.Option("--fund", help="只抽涉及这项资金的。")] = None,
    since: Annotated[str | None, typer.Option("--since", metavar="DATE", help="自哪一天。")] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="DATE", help="至哪一天（含）。")
    ] = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """抽样：种子、总体和所抽记录一并登记。 Draws a sample by a seed."""
    from ledger import procedures

    with opened(province) as ledgers:
        ledger = ledgers[province]
        visitor = acting(ledger, account, (Office.AUDITOR,))
        population = Population(
            Code(of or ledger.origin), tuple(Code(each) for each in kind),
            FundId(fund) if fund else None, day(since), day(until),
        )  # fmt: skip
        with ledger.entry(visitor.act(), lock=True) as entry:
            drawn = procedures.draw_sample(entry, population, size, seed)
    if as_json:
        show_json(drawn)
        return
    say(
        f"[green]✓[/green] 从 {drawn.count} 条中抽取 {len(drawn.drawn)} 条，种子 {drawn.seed}："
        f"{drawn.sample}"
    )
    for each in drawn.drawn:
        say(f"  {each}")


@audit.command()
def check(
    sample: Annotated[str, typer.Argument(metavar="SAMPLE", help="抽样编号 sam_…。")],
    province: ProvinceOption,
    as_json: JsonOption = False,
) -> None:
    """按种子重抽，核对是否一致。 Draws a sample again and compares."""
    from ledger import procedures

    with opened(province) as ledgers, ledgers[province].reading() as reader:
        again = procedures.drawn_again(reader, SampleId(sample))
    if as_json:
        show_json({"sample": sample, "again": again})
    else:
        say("[green]✓[/green] 重抽一致" if again else "[red]×[/red] 重抽不一致")
    if not again:
        raise typer.Exit(Exit.DAMAGED)


# ── shared by these ──────────────────────────────────────────────────────────────────────────


def cited(text: str, own: str) -> Cited:
    """`origin#position`; a bare position is of our own journal."""
    origin, _, position = text.rpartition("#")
    if not re.fullmatch(r"[1-9]\d{0,14}", position):
        fail(Exit.USAGE, f"记录 {text!r} 应写成 liangdi.example/guangxi#1024 的样子。")
    return Cited(Code(origin or own), int(position))


def _cited(texts: Sequence[str] | None, own: str) -> list[Cited]:
    return [cited(each, own) for each in texts or ()]


@contextmanager
def _acting(
    question: str, province: str, account: str | None, offices: tuple[Office, ...], side: str
) -> "Generator[Entry]":
    """An entry of the union on that side of a question, or of the nearest one above it."""
    with opened() as ledgers:
        ledger = one_ledger(ledgers, province)
        line = _line(ledger, question)
        may = offices or (*ASKERS[line.kind], *RULERS)
        visitor = _officer(ledger, account, may, getattr(line, side))
        with ledger.entry(visitor.act()) as entry:
            yield entry
        exchange(ledgers)


def _officer(
    ledger: "Ledger", account: str | None, offices: tuple[Office, ...], union: UnionId | None
) -> "Visitor":
    if account is None and union is not None:
        with ledger.reading() as reader:
            line = reader.line(union)
        for each in line:
            visitor = acting_for(ledger, offices, each)
            if visitor is not None:
                return visitor
    return acting(ledger, account, offices)


def _line(ledger: "Ledger", question: str) -> "Line":
    from ledger.book import NotFound
    from ledger.projections import questions

    with ledger.reading() as reader:
        found = questions.get(reader.conn, ledger.origin, [question])
    line = found.get(QuestionId(question))
    if line is None:
        raise NotFound(question)
    return line


def _told(question: str, what: str, *, as_json: bool) -> None:
    if as_json:
        show_json({"question": question})
        return
    say(f"[green]✓[/green] {what}：{question}")
    say("  用 `liangdi question show` 看逐笔。", style="dim")
