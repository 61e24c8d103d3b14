"""`liangdi dossier`, and `verify` of one (取证案卷): a file for a court that needs nothing of ours."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from ledger.cli.common import (
    READERS,
    AccountOption,
    Exit,
    JsonOption,
    ProvinceOption,
    acting,
    day,
    fail,
    one_person,
    opened,
    say,
    show_json,
    write,
)


def dossier(
    kind: Annotated[
        str,
        typer.Argument(metavar="KIND", help="worker、transfer、grant、case、fund 或 period。"),
    ],
    what: Annotated[
        str,
        typer.Argument(metavar="WHAT", help="编号；职工也可写姓名、证件号码；期间写工会编号。"),
    ],
    province: ProvinceOption,
    into: Annotated[Path, typer.Option("--into", "-o", help="写到哪个文件。")],
    purpose: Annotated[str, typer.Option("--purpose", help="取证目的，记入查阅日志。")] = "dispute",
    since: Annotated[
        str | None, typer.Option("--since", metavar="DATE", help="期间：自哪一天登记。")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="DATE", help="期间：至哪一天登记。")
    ] = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """取证：打包记录、证明、原文、附件和核验程序，不需本系统即可核验。 Takes a dossier."""
    from ledger import evidence

    if kind not in {*evidence.Kind}:
        fail(Exit.USAGE, f"没有 {kind!r} 这种案卷；有：{'、'.join(evidence.Kind)}。")
    chosen, first, last = evidence.Kind(kind), day(since), day(until)
    if {first is not None, last is not None} != {chosen is evidence.Kind.PERIOD}:
        fail(Exit.USAGE, "期间案卷须写 --since 和 --until，其他案卷不写。")
    if into.exists():
        fail(Exit.USAGE, f"{into} 已存在，不覆盖。")
    with opened(province) as ledgers:
        ledger = ledgers[province]
        visitor = acting(ledger, account, READERS)
        evidence.sign_first(ledger)
        with ledger.looking(visitor.look("dossier", purpose)) as reader:
            named: str = what
            if chosen is evidence.Kind.WORKER:
                named = one_person(reader, what)
            sight = evidence.Sight(visitor.sees_numbers, visitor.sees_accounts)
            taken = evidence.take(reader, evidence.Subject(chosen, named, first, last), sight)
            into.write_bytes(taken.data)
    if as_json:
        show_json({
            "file": str(into), "sha256": taken.digest, "bytes": len(taken.data),
            "records": taken.records, "witnessed": taken.witnessed, "opened": taken.opened,
            "closed": taken.closed, "attachments": taken.attachments,
        })  # fmt: skip
        return
    say(
        f"[green]✓[/green] {into}：{taken.records} 条记录，{taken.opened} 组原文，"
        f"{taken.attachments} 份附件。SHA-256 {taken.digest}"
    )
    say(f"  核验：liangdi verify {into}，或用案卷内的 verify.py。", style="dim")


def check(file: Path, keys: Sequence[str], policy: Path | None, *, as_json: bool) -> None:
    """The verdict on a dossier: by the single file as we ship it, and by our own code beside it."""
    from ledger.evidence import checking, verify
    from ledger.journal.notes import BadNote, PublicKey
    from ledger.journal.policy import Policy

    if file.stat().st_size > verify.MOST_BYTES:
        fail(Exit.UNREADABLE, f"不能读取 {file}：大于 {verify.MOST_BYTES >> 20} MB。")
    data, given = file.read_bytes(), policy.read_bytes() if policy else None
    try:
        believed = verify.read_keys([*keys]), [PublicKey.parse(key) for key in keys]
        trusted = (
            (verify.read_policy(given), Policy.parse(given)) if given is not None else (None, None)
        )
    except (verify.Bad, BadNote) as bad:
        fail(Exit.USAGE, f"公钥或信任策略不能使用：{bad}")
    one = verify.Check(believed[0], trusted[0])
    holds = one.run(data)
    try:
        entered = checking.check(data, believed[1], trusted[1])
        ours = ""
        if holds and {line.place: line.state for line in one.lines} != {
            place: each.state for place, each in entered.items()
        }:
            ours = "records are not proven as far"
    except checking.NotEvidence as fault:
        ours = verify.harmless(str(fault))
    if as_json:
        show_json({**one.verdict(), "ours": ours or None})
    else:
        write(verify.tell(one, english=False, every=False).encode())
    if holds and ours:
        fail(Exit.DAMAGED, f"本系统复核的结论不同：{ours}。请保存此文件并报告。")
    if not holds:
        if not ours:
            say("本系统复核认为成立：请保存此文件并报告。")
        raise typer.Exit(Exit.DAMAGED)
