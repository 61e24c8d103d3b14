"""`liangdi partner`: how each partner stands, what must be looked at, and the evidence (对方与警示)."""

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
    opened,
    out,
    row,
    say,
    show_json,
    table,
    write,
)
from ledger.domain.alarms import SETTLERS, Explanation
from ledger.domain.kernel import Code

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from ledger.exchange.running import Standing
    from ledger.exchange.signals import Signal

app = typer.Typer(help="对方省：联系、见证、警示、证据、处置。 Partners and signals.")


@app.callback(invoke_without_command=True)
def status(
    context: typer.Context,
    province: Annotated[
        str | None,
        typer.Option(
            "--province", "-p", envvar="LIANGDI_PROVINCE", metavar="CODE",
            help="省级代码两位；不写则为本机的各省。",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """各对方省的状况和警示；有警示时退出码 7。 How each partner stands.

    供人查看，也供监控定时运行。
    """
    if context.invoked_subcommand is not None:
        return
    from ledger.exchange.running import standings
    from ledger.exchange.signals import names, signals

    told: dict[str, dict[str, Any]] = {}
    with opened(*([province] if province else [])) as ledgers:
        for code, ledger in ledgers.items():
            with ledger.reading() as reader:
                called, found = names(reader), signals(reader)
            held = standings(ledger)
            told[code] = {
                "origin": ledger.origin,
                "partners": [each._asdict() for each in held],
                "signals": [each.whole() for each in found],
            }
            if not as_json:
                say(f"[bold]{ledger.province.name}[/bold]")
                _show(held, called)
                _say(found)
    if as_json:
        show_json(told[province] if province else told)
    raise typer.Exit(Exit.SIGNAL if any(each["signals"] for each in told.values()) else Exit.DONE)


def _show(held: "Sequence[Standing]", called: Any) -> None:
    if not held:
        say("  还没有合作省。")
        return
    shown = table(
        "对方", "最近消息", "已读", "待读", "搁置", "待补", "对方已见证", "本省已见证对方",
        numbers=("已读", "待读", "搁置", "待补", "本省已见证对方"),
    )  # fmt: skip
    for each in held:
        cosigned = f"{each.cosigned}/{each.own} 笔"
        at = f"（{_at(each.cosigned_at)}）" if each.cosigned_at else ""
        row(
            shown, called.get(each.partner, each.partner), _at(each.heard), each.read,
            max(0, each.size - each.read), each.parked, each.owed, cosigned + at, each.witnessed,
        )  # fmt: skip
    out.print(shown)


def _say(found: "Sequence[Signal]") -> None:
    if not found:
        say("[green]✓[/green] 没有警示。")
    for each in found:
        mark = "[red]×[/red]" if each.grave else "[yellow]![/yellow]"
        since = f"（自 {_at(each.since)}）" if each.since else ""
        err.print(f"{mark} [bold]{each.kind}[/bold] {each}{since}", soft_wrap=True)
        err.print(f"  怎么办：{each.instead}", soft_wrap=True)
        for digest in each.evidence[:3]:
            err.print(f"  证据 {digest[:16]}：liangdi partner evidence {digest[:16]}")
        for digest in each.alarms[:3]:
            err.print(f"  查明后处置：liangdi partner settle {digest[:16]}")


def _at(at: "datetime | None") -> str:
    from ledger.clock import beijing

    return f"{beijing(at):%Y-%m-%d %H:%M}" if at else "尚未联系"


@app.command("give-back")
def give_back(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="写到这个文件，以口令加密。")],
    province: ProvinceOption,
    to: Annotated[str, typer.Option("--to", metavar="ORIGIN", help="归还给哪一方：其总账名称。")],
    passphrase: Annotated[
        str,
        typer.Option(
            "--passphrase", envvar="LIANGDI_PASSPHRASE", prompt="口令", hide_input=True,
            help="加密口令，至少十二个字符，另行告知对方。",
        ),
    ],
    after: Annotated[int, typer.Option("--after", min=0, help="从通道第几条之后开始。")] = 0,
    account: AccountOption = None,
) -> None:  # fmt: skip
    """把对方给过本省的记录归还给对方，供其恢复；查阅和提供都记录在案。 Gives a mirror back."""
    from ledger.backups.keyring import SHORTEST
    from ledger.domain.kernel import Office
    from ledger.exchange.returning import GivenDiffers
    from ledger.exchange.returning import give_back as given

    if len(passphrase) < SHORTEST:
        fail(Exit.USAGE, "口令至少十二个字符。")
    with opened(province) as ledgers:
        ledger = ledgers[province]
        with ledger.reading() as reader:
            if to not in reader.partners:
                have = "、".join(reader.partners) or "无"
                fail(Exit.NOT_FOUND, f"没有读过 {to} 的通道（读过：{have}）。")
        visitor = acting(ledger, account, (Office.LIAISON, Office.PRIVACY), ledger.root)
        look = visitor.look("mirror", "向对方归还其登记")
        try:
            count = given(ledger, to, file, passphrase, look, after=after)
        except GivenDiffers as fault:
            fail(Exit.USAGE, str(fault))
    say(f"[green]✓[/green] {file}：{count} 条，已加密。口令另行告知对方。")


@app.command("evidence")
def evidence(
    province: ProvinceOption,
    digest: Annotated[
        str | None, typer.Argument(metavar="DIGEST", help="证据的校验值或其开头；不写则列出。")
    ] = None,
    into: Annotated[
        Path | None, typer.Option("--into", "-o", help="写到文件；不写则输出。")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """列出或导出保存的证据，原样字节。 Exports kept evidence, byte for byte."""
    from ledger import procedures
    from ledger.clock import beijing
    from ledger.journal import alarms
    from ledger.journal.record import instant
    from ledger.projections.alarms import settled

    with opened(province) as ledgers, ledgers[province].reading() as reader:
        found = alarms.contradictions(reader.conn)
        one = alarms.contradiction_of(reader.conn, digest) if digest else None
        stand = procedures.standing_alarms(reader)
        said = settled(reader.conn, reader.ledger.origin)
    if digest:
        if one is None:
            fail(Exit.NOT_FOUND, f"没有唯一以 {digest} 开头的证据；不写校验值可列出全部。")
        if into is None:
            write(one.shown)
            return
        into.write_bytes(one.shown)
        say(f"已写到 {into}（SHA-256 {one.digest}）。")
        return
    if as_json:
        show_json([
            {"digest": e.digest, "log": e.log, "kind": e.kind, "size": e.size, "at": e.at,
             "bytes": len(e.shown), "times": e.times, "last": e.last,
             "standing": (e.log, e.digest) in stand, "settled": said.get((e.log, e.digest))}
            for e in found
        ])  # fmt: skip
        return
    if not found:
        say("没有保存的证据。")
        return
    shown = table(
        "校验值", "日志", "种类", "当时已见", "时间", "次数", "处置", numbers=("当时已见", "次数")
    )
    for e in found:
        state = "待处置" if (e.log, e.digest) in stand else f"已处置（{said[e.log, e.digest].on}）"
        at = f"{beijing(instant(e.at)):%Y-%m-%d %H:%M}"
        row(shown, e.digest[:16], e.log, e.kind, e.size, at, e.times, state)
    out.print(shown)


@app.command()
def settle(
    digests: Annotated[
        list[str],
        typer.Argument(
            metavar="DIGEST…", help="警示校验值或其开头，可写多个；`liangdi partner` 列出。"
        ),
    ],
    province: ProvinceOption,
    cause: Annotated[Explanation, typer.Option("--cause", help="查明原因。")],
    finding: Annotated[str, typer.Option("--finding", help="查明的情况，不写个人姓名。")],
    letter: Annotated[str | None, typer.Option("--letter", help="对方来函文号。")] = None,
    on: Annotated[str | None, typer.Option("--on", help="处置日期，默认今天。")] = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """处置警示：写明查明的原因；证据照旧保存，见证照旧严格。 Says what an alarm turned out to be."""
    from ledger import procedures
    from ledger.replay.words import word

    with opened(province) as ledgers:
        ledger = ledgers[province]
        visitor = acting(ledger, account, SETTLERS, ledger.root)
        with ledger.reading() as reader:
            known = [each.digest for each in procedures.alarms(reader)]
        whole = [_whole(each, known) for each in digests]
        said = Code(letter) if letter else None
        with ledger.entry(visitor.act(on=day(on))) as entry:
            made = procedures.settle_alarms(entry, whole, cause, finding, letter=said)
    if as_json:
        show_json(made)
        return
    for each in made:
        say(f"[green]✓[/green] {each.alarm[:16]} 已处置：{word(each.cause)}")


def _whole(digest: str, known: "Sequence[str]") -> str:
    """The one digest that begins so; as it was written where none does, for the rule to refuse."""
    found = [each for each in known if each.startswith(digest)]
    if len(found) > 1:
        fail(Exit.USAGE, f"以 {digest} 开头的不止一项，请多写几位。")
    return found[0] if found else digest


@app.command()
def settlements(province: ProvinceOption, as_json: JsonOption = False) -> None:
    """列出警示的处置，新的在前。 How alarms were settled."""
    from ledger.projections.alarms import settled
    from ledger.replay.words import word

    with opened(province) as ledgers, ledgers[province].reading() as reader:
        found = list(settled(reader.conn, reader.ledger.origin).values())
    if as_json:
        show_json(found)
        return
    if not found:
        say("没有处置过的警示。")
        return
    shown = table(
        "校验值", "日志", "日期", "查明原因", "情况", "来函", "第几笔", numbers=("第几笔",)
    )
    for e in found:
        row(shown, e.digest[:16], e.log, e.on, word(e.cause), e.finding, e.letter or "", e.position)
    out.print(shown)
