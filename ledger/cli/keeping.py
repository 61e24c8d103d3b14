"""Keeping the record (账的维护): `records`, `rules`, `fsck`, `rebuild`, `migrate`."""

from typing import TYPE_CHECKING, Annotated

import typer

from ledger.cli.common import (
    Exit,
    JsonOption,
    ProvinceOption,
    fail,
    folder_of,
    opened,
    out,
    progress,
    row,
    say,
    show_json,
    table,
)

if TYPE_CHECKING:
    from ledger.projections.posting import Projection

CHUNK = 1000


def records(
    province: ProvinceOption,
    after: Annotated[int, typer.Option(min=0, help="从这个位置之后开始。After this position.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=CHUNK, help="最多几笔。")] = 20,
    as_json: JsonOption = False,
) -> None:
    """列出总账的记录，个人内容不打开。 The journal's records."""
    from ledger.clock import beijing
    from ledger.projections.posting import fact_in

    with opened(province) as ledgers:
        ledger = ledgers[province]
        with ledger.reading() as reader:
            page = ledger.recorder.page(reader.conn, after, limit)
    if as_json:
        show_json(
            [
                {
                    "position": one.position, "kind": one.kind, "stream": one.stream,
                    "version": one.version, "header": one.header.decode(),
                    "body": one.body.decode(), "leaf": one.leaf.hex(),
                }
                for one in page
            ]
        )  # fmt: skip
        return
    if not page:
        say("此位置之后没有记录。")
        return
    shown = table("位置", "种类", "生效", "登记", "属于", "叶", numbers=("位置",))
    for one in page:
        fact, _, _ = fact_in(one)
        at = f"{beijing(fact.at):%Y-%m-%d %H:%M}" if fact.at else ""
        row(shown, one.position, one.kind, fact.on, at, one.stream, one.leaf.hex()[:12])
    out.print(shown)


def rules(
    name: Annotated[str | None, typer.Argument(help="规则名，如 AlreadyAMember。")] = None,
    as_json: JsonOption = False,
) -> None:
    """列出规则，或看一条怎么办。 The rules that can refuse."""
    from ledger.domain import consents, corrections, partnerships, stations
    from ledger.domain.kernel import Refused
    from ledger.imports import accepting  # and with it all rooms that have rules of their own
    from ledger.replay import in_words
    from ledger.replay.examples import EXAMPLES

    assert all((consents, corrections, partnerships, stations, accepting))
    known = dict(sorted(Refused.rules.items()))
    if name is not None and name not in known:
        alike = "、".join(each for each in known if name.lower() in each.lower())
        hint = f"是不是：{alike}？" if alike else "用 `liangdi rules` 查看全部。"
        fail(Exit.NOT_FOUND, f"没有规则 {name}。{hint}")
    chosen = [known[name]] if name else list(known.values())
    if as_json:
        show_json(
            [
                {
                    "name": rule.__name__, "sentence": rule.sentence(), "zh": rule.zh,
                    "article": rule.article, "instead": rule.instead,
                    "sources": in_words(rule.article), "example": EXAMPLES.get(rule.__name__, ""),
                }
                for rule in chosen
            ]
        )  # fmt: skip
        return
    if name:
        rule = chosen[0]
        say(f"[bold]{rule.__name__}[/bold]")
        say(rule.zh)
        say(rule.sentence(), style="dim")
        if rule.instead:
            say(f"怎么办：{rule.instead}")
        say(f"举例：{EXAMPLES[name]}")
        say(f"依据：{'；'.join(in_words(rule.article))}")
        return
    shown = table("规则", "句子", "出处")
    for rule in chosen:
        row(shown, rule.__name__, rule.zh, "；".join(in_words(rule.article)))
    out.print(shown)


def fsck(
    province: ProvinceOption,
    quick: Annotated[bool, typer.Option("--quick", help="只核对哈希。Hashes only.")] = False,
    as_json: JsonOption = False,
) -> None:
    """逐笔核对，指出第一处不符。 Checks everything.

    全部相符，退出码 0；否则写明位置、日期和种类，退出码 5。
    """
    from ledger.cli.common import err
    from ledger.journal import fsck as checking
    from ledger.journal.keys import Role

    with opened(province) as ledgers:
        ledger = ledgers[province]
        with progress("核对", quiet=as_json) as tell:
            report = checking.check(
                ledger.database, ledger.origin, vault=ledger.vault,
                keys=ledger.signer.keys.public(Role.LOG), believed=ledger.believed,
                deep=not quick, tell=lambda told: tell(told.done, told.size),
            )  # fmt: skip
        bar = ledger.signer.bar
    if bar is not None:
        err.print(f"[red]×[/red] {bar.zh}{bar.instead}（{bar}）", soft_wrap=True)
    if as_json:
        show_json({"sound": report.sound, "faults": report.faults, "passes": report.passes})
    elif report.sound:
        size = report.passes[0].records if report.passes else 0
        say(f"[green]✓[/green] {ledger.province.name}：{size} 笔记录，全部相符。")
    else:
        for fault in report.faults[:20]:
            err.print(f"[red]×[/red] {fault}", soft_wrap=True, markup=True)
        assert report.first is not None
        say(
            f"共 {len(report.faults)} 处不符；第一处在位置 {report.first.position}"
            f"（{report.first.kind} {report.first.day}）。请从备份核对，并停止对外提供记录。"
        )
    raise typer.Exit(Exit.DONE if report.sound and bar is None else Exit.DAMAGED)


def rebuild(
    province: ProvinceOption,
    view: Annotated[str | None, typer.Argument(help="视图名；不写则一并重建全部。")] = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="结果与现用不同也启用（改过过账代码时）。")
    ] = False,
) -> None:
    """在旁边重建视图，比对后切换。 Rebuilds views."""
    from ledger import projections

    known = {each.name: each for each in projections.VIEWS if each.tables}
    if view is not None and view not in known:
        fail(Exit.NOT_FOUND, f"没有视图 {view}；有：{_named(*known.values())}。")
    chosen = [known[view]] if view else list(known.values())
    with opened(province) as ledgers:
        ledger = ledgers[province]
        with progress("重建视图", quiet=False) as tell:
            try:
                generation = projections.rebuild(
                    ledger.database, ledger.origin, *chosen, accept=accept,
                    tell=lambda told: tell(told.position, told.size),
                )  # fmt: skip
            except projections.Differs as differs:
                rows = "、".join(f"{table} {count} 行" for table, count in differs.rows.items())
                fail(
                    Exit.DAMAGED,
                    f"{projections.called(differs.view)}（{differs.view}）：重建结果与现用不同（{rows}），都未切换。"
                    "改过过账代码的，核对后只对它加 --accept。",
                )
        say(f"{_named(*chosen)}：已切换到第 {generation} 代。")


def _named(*views: "Projection") -> str:
    """Views as people call them, with the names that the command takes."""
    return "、".join(f"{each.zh}（{each.name}）" for each in views)


def migrate() -> None:
    """升级各省数据库的表结构。 Brings the schema up to date."""
    with opened() as ledgers:
        for code, ledger in ledgers.items():
            say(f"{code} {ledger.province.name}：{folder_of(ledger)} 已是最新。")
    if not ledgers:
        say("数据目录中还没有账。")
