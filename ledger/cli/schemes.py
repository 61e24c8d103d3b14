"""`liangdi scheme`: which rules of aid are in force, a scheme's terms, adopted from a file (帮扶办法)."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from ledger.cli.common import (
    AccountOption,
    AsOfOption,
    Exit,
    JsonOption,
    KnownOnOption,
    ProvinceOption,
    acting,
    day,
    fail,
    opened,
    out,
    row,
    say,
    show_json,
    table,
)
from ledger.cli.unions import one_union
from ledger.domain.aiding import AidKind
from ledger.domain.kernel import Office
from ledger.domain.money import yuan

if TYPE_CHECKING:
    from ledger.domain.schemes import SchemeAdopted

app = typer.Typer(no_args_is_help=True, help="帮扶办法：列出、查看、制定。 Schemes of aid.")

Scheme = Annotated[str, typer.Argument(metavar="SCHEME", help="办法编号 sch_…。")]


@app.command("list")
def listing(
    province: ProvinceOption,
    place: Annotated[str | None, typer.Option(help="适用于该区划的（含上级）。")] = None,
    kind: Annotated[AidKind | None, typer.Option(help="帮扶类别。")] = None,
    coming: Annotated[bool, typer.Option("--coming", help="包括尚未施行的。")] = False,
    as_of: AsOfOption = None,
    known_on: KnownOnOption = None,
    as_json: JsonOption = False,
) -> None:
    """施行中的办法，本省和对方省的。 Schemes in force."""
    from ledger import replay
    from ledger.domain import divisions
    from ledger.projections import schemes, union_tree

    with opened(province) as ledgers, ledgers[province].reading() as reader:
        conn, origin = reader.conn, reader.ledger.origin
        found = schemes.listing(
            conn, origin, day(as_of) or reader.ledger.today, known_on=day(known_on), place=place,
            kind=kind, coming=coming,
        )  # fmt: skip
        unions = union_tree.get(conn, origin, {each.union for each in found})
    if as_json:
        show_json(found)
        return
    shown = table("办法编号", "名称", "版本", "制定", "适用地区", "类别", "施行", numbers=("版本",))
    for each in found:
        row(
            shown, each.scheme, each.title, each.version,
            unions[each.union].name if each.union in unions else "",
            divisions.name_of(each.place[:6]), "、".join(replay.word(k) for k in each.kinds),
            f"{each.since}" + (f" 至 {each.until}" if each.until else ""),
        )  # fmt: skip
    if found:
        out.print(shown)
    else:
        say("没有施行中的办法；用 --coming 看尚未施行的。")


@app.command()
def show(
    scheme: Scheme,
    province: ProvinceOption,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """一个办法：某日施行的版本；JSON 为各版本全文。 One scheme."""
    from ledger import replay
    from ledger.book import NotFound
    from ledger.domain.schemes import Scheme as Held

    with opened(province) as ledgers, ledgers[province].reading() as reader:
        held = reader.find(Held, scheme)
        on = day(as_of) or reader.ledger.today
    now = held.judging(on, on)
    if as_json:
        show_json({"until": held.until, "in_force": now and now.version, "versions": held.versions})
        return
    told = now or held.latest
    if told is None:
        raise NotFound(scheme)
    say(
        f"{told.title} 第{told.version}版{'' if now else '（该日未施行）'}，自 {told.since} 起；"
        f"过渡：{replay.word(told.transition)}"
    )
    shown = table("类别", "审批前", "可补办", "限额（元）", "发放")
    for one in told.rules:
        row(
            shown, replay.word(one.kind), _words(one.steps), _words(one.later),
            "\n".join(
                f"{yuan(cap.most)} {replay.word(cap.per)}{f' {cap.category}' if cap.category else ''}"
                for cap in one.caps
            ),
            _words(one.modes),
        )  # fmt: skip
    out.print(shown)


@app.command()
def adopt(
    file: Annotated[
        Path, typer.Argument(help="JSON 文件：title, since, place, rules …；金额以分计。")
    ],
    province: ProvinceOption,
    scheme: Annotated[
        str | None, typer.Option("--scheme", help="修订这个办法；不写则制定新的办法。")
    ] = None,
    union: Annotated[
        str | None, typer.Option("--union", help="制定工会；不写则为省总工会。")
    ] = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """按 JSON 文件制定或修订办法。 Adopts a scheme, or its next version."""
    from ledger.domain.ids import SchemeId, new_scheme
    from ledger.domain.schemes import Scheme as Held
    from ledger.procedures import agreements_of

    said = _read(file)
    with opened(province) as ledgers:
        ledger = ledgers[province]
        with ledger.reading() as reader:
            by = one_union(reader, union).union if union else ledger.root
        visitor = acting(ledger, account, (Office.CHAIR, Office.APPROVER), by)
        with ledger.entry(visitor.act(union=by)) as entry:
            made = SchemeId(scheme) if scheme else new_scheme()
            held = entry.read(Held, made) if scheme else Held()
            latest = held.latest
            version = 1 + (latest.version if latest else 0)
            told = _terms({"scheme": made, "union": by, "version": version, **said}, file)
            entry.write(
                held.adopt(
                    entry.act, made, told.title, told.version, told.since, told.rules, told.place,
                    told.transition, told.paper, agreements_of(entry, told.rules),
                )
            )  # fmt: skip
    if as_json:
        show_json({"scheme": made, "version": told.version})
        return
    say(f"[green]✓[/green] 已登记《{told.title}》第{told.version}版：{made}")
    say("  用 `liangdi scheme show` 查看。", style="dim")


def _read(file: Path) -> dict[str, Any]:
    import orjson

    try:
        said = orjson.loads(file.read_bytes())
    except FileNotFoundError:
        fail(Exit.NOT_FOUND, f"没有文件 {file}。")
    except ValueError as wrong:
        fail(Exit.UNREADABLE, f"{file} 不是 JSON：{wrong}")
    if not isinstance(said, dict):
        fail(Exit.UNREADABLE, f"{file} 应是一个 JSON 对象：title, since, place, rules …。")
    return {"transition": "application_date", **cast("dict[str, Any]", said)}


def _terms(body: dict[str, Any], file: Path) -> "SchemeAdopted":
    """The terms that a file states, as the fact would state them; nothing unknown, nothing lost."""
    from ledger.domain.schemes import SchemeAdopted
    from ledger.journal import codec

    kind = SchemeAdopted.__name__
    try:
        codec.check(kind, body)
    except codec.Misfit as wrong:
        fail(Exit.UNREADABLE, f"{file} 的内容不合格式：{wrong}")
    told = codec.decode(kind, body)
    assert isinstance(told, SchemeAdopted)
    strange = _strange(body, codec.encode(told).body)
    if strange:
        fail(Exit.UNREADABLE, f"{file} 中没有这样的栏目：{'、'.join(strange)}")
    return told


def _strange(said: object, kept: object, where: str = "") -> list[str]:
    """What was said and is not kept: names that the terms do not have."""
    if isinstance(said, list) and isinstance(kept, list):
        pairs = zip(cast("list[object]", said), cast("list[object]", kept), strict=True)
        return [name for one, other in pairs for name in _strange(one, other, where)]
    if not isinstance(said, dict) or not isinstance(kept, dict):
        return []
    inner, known = cast("dict[str, object]", said), cast("dict[str, object]", kept)
    return [
        found
        for name, value in inner.items()
        for found in (
            _strange(value, known[name], f"{where}{name}.") if name in known else [where + name]
        )
    ]


def _words(codes: Any) -> str:
    from ledger import replay

    return "、".join(replay.word(code) for code in codes)
