"""`liangdi audit`: findings listed and queried, and every paid amount derived again (发放审计)."""

from typing import Annotated

import typer

from ledger.cli.common import (
    AccountOption,
    Exit,
    JsonOption,
    ProvinceOption,
    acting,
    day,
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
from ledger.cli.questions import AnswerDays, RulingDays, cited
from ledger.cli.unions import one_union
from ledger.domain.auditing import Finding
from ledger.domain.kernel import Office


def findings(
    province: ProvinceOption,
    rule: Annotated[
        str | None, typer.Option("--rule", help="只看一条审计规则，如 ReceiptMissing。")
    ] = None,
    union: Annotated[str | None, typer.Option("--union", help="只看这个工会及其下级的。")] = None,
    today: Annotated[
        str | None, typer.Option("--today", metavar="DATE", help="截至哪一天；默认今天。")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="最多列出几条。")] = 50,
    as_json: JsonOption = False,
) -> None:
    """查出的疑点：按规则合计，逐条写明记录。 What the audit finds."""
    from ledger.domain.money import yuan
    from ledger.projections import disbursement_audit as audit
    from ledger.replay import word

    if rule is not None and rule not in Finding.kinds:
        fail(Exit.USAGE, f"没有审计规则 {rule}。规则有：{'、'.join(Finding.kinds)}。")
    with opened(province) as ledgers:
        ledger = ledgers[province]
        with ledger.reading() as reader:
            conn, origin = reader.conn, ledger.origin
            here = one_union(reader, union).union if union else None
            sought = audit.Sought(day(today) or ledger.today, rule=rule, union=here)
            counts = audit.count(conn, origin, sought)
            if as_json:
                head: dict[str, object] = {"today": sought.today, "counts": counts}
                lines = audit.each(conn, origin, sought)
                write_rows(head, ({"finding": line} for line in lines))
                return
            lines = audit.listing(conn, origin, sought, limit=limit).rows
    if not counts:
        say(f"截至 {sought.today}，没有查出疑点。")
        return
    sums = table(
        "规则", "句子", "条数", "未裁定", "金额（元）", numbers=("条数", "未裁定", "金额（元）")
    )
    for name, tally in counts.items():
        row(sums, name, Finding.kinds[name].zh, tally.findings, tally.open, yuan(tally.amount))
    out.print(sums)
    shown = table("自", "规则", "对象编号", "金额（元）", "办理", "记录", numbers=("金额（元）",))
    for line in lines:
        row(
            shown, line.since, line.rule, line.subject, yuan(line.amount), word(line.state),
            " ".join(line.cites),
        )  # fmt: skip
    out.print(shown)


def query(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="审计规则，如 ReceiptMissing。")],
    record: Annotated[
        str, typer.Argument(metavar="ORIGIN#POSITION", help="所针对的记录；只写位置的指本省总账。")
    ],
    province: ProvinceOption,
    answer_days: AnswerDays = 10,
    ruling_days: RulingDays = 15,
    text: Annotated[str, typer.Option("--text", help="疑问；默认以审计规则为据。")] = "",
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """由查出的疑点一步提出审计疑点。 Queries a finding."""
    from ledger import procedures

    with opened(province) as ledgers:
        ledger = ledgers[province]
        visitor = acting(ledger, account, (Office.AUDITOR,))
        place = cited(record, ledger.origin)
        with ledger.entry(visitor.act()) as entry:
            question = procedures.query_finding(
                entry, rule, (str(place.origin), place.position), text, answer_days=answer_days,
                ruling_days=ruling_days,
            )  # fmt: skip
    if as_json:
        show_json({"question": question})
        return
    say(f"[green]✓[/green] 已提出疑点：{question}")


def replay(
    province: ProvinceOption,
    after: Annotated[
        int, typer.Option("--after", min=0, help="只算这个位置之后登记的。After this position.")
    ] = 0,
    as_json: JsonOption = False,
) -> None:
    """每笔发放按当日办法、证据、审批重算。 Derives every paid amount again.

    全部相符，退出码 0；否则逐笔写明不符之处，退出码 5。
    """
    from ledger.domain.money import yuan
    from ledger.replay import derive, word

    payments, wrong = 0, list[object]()
    shown = table(
        "登记", "对象编号", "笔", "已付（元）", "应付（元）", "列支（元）", "不符",
        numbers=("笔", "已付（元）", "应付（元）", "列支（元）"),
    )  # fmt: skip
    with (
        opened(province) as ledgers,
        ledgers[province].reading() as reader,
        progress("重算", quiet=as_json) as tell,
    ):
        for one in derive(reader, after=after, tell=tell):
            payments += 1
            if one.matches:
                continue
            wrong.append(one)
            why = "；".join([*(word(each) for each in one.why), *one.rules])
            drawn = "" if one.drawn is None else yuan(one.drawn)
            row(
                shown, one.ref, one.subject, one.number, yuan(one.paid), yuan(one.due), drawn, why,
            )  # fmt: skip
    if as_json:
        show_json({"payments": payments, "differ": wrong})
    else:
        if wrong:
            out.print(shown)
        mark = "[red]×[/red]" if wrong else "[green]✓[/green]"
        say(f"{mark} 重算 {payments} 笔，{len(wrong)} 笔不符。")
    if wrong:
        raise typer.Exit(Exit.DAMAGED)
