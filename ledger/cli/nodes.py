"""`liangdi node`: our node and the partners' (节点): key and certificate, cards, what is pinned."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.cli.common import (
    AccountOption,
    Exit,
    JsonOption,
    ProvinceOption,
    acting,
    fail,
    opened,
    out,
    row,
    say,
    show_json,
    table,
    write,
)
from ledger.domain.kernel import Office

if TYPE_CHECKING:
    from ledger.domain.partnerships import Node

app = typer.Typer(
    no_args_is_help=True,
    help="节点：证书、名片、对方节点、更换证书。 This node and the partners'.",
)


@app.command()
def make(
    address: Annotated[
        str, typer.Option("--address", help="对方访问本节点的地址，如 https://gx.example:8443。")
    ],
    province: ProvinceOption,
) -> None:
    """生成本节点的密钥和证书；已有的只改地址。 Makes key and certificate."""
    from ledger.exchange.nodes import OwnNode, fingerprint

    with opened(province) as ledgers:
        ledger = ledgers[province]
        own = OwnNode(ledger)
        own.make(address, ledger.clock.now())
        shown = own.shown()
    say(f"[green]✓[/green] 节点 {own.address}，私钥 {shown.key}（仅本人可读）")
    say(f"  证书指纹 SHA-256 {fingerprint(shown.der)}")
    say(f"  名片交给对方：liangdi node card -p {province} --into {province}.card", style="dim")


@app.command()
def card(
    province: ProvinceOption,
    into: Annotated[
        Path | None, typer.Option("--into", "-o", help="写到文件；不写则输出。")
    ] = None,
) -> None:
    """本节点的名片：对方需要知道的一切，没有秘密。 What the partner needs."""
    from ledger.exchange.nodes import Directory, certificates_of, fingerprint, spoken

    with opened(province) as ledgers:
        made = Directory(ledgers[province]).card()
    if into is None:
        write(made.to_bytes())
        return
    into.write_bytes(made.to_bytes())
    say(f"已写到 {into}；当面或用另一途径交给对方，并用电话核对指纹：")
    say(f"  名片 {spoken(made.fingerprint)}")
    for each in certificates_of(made.node):
        say(f"  证书 {fingerprint(each)}")


@app.command()
def admit(
    file: Annotated[Path, typer.Argument(metavar="CARD", help="对方的名片文件。")],
    province: ProvinceOption,
    compared: Annotated[
        bool, typer.Option("--compared", help="已用电话与对方核对名片指纹；不写则显示指纹并询问。")
    ] = False,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """收下对方的名片（主席）：记入本省总账，协议签署前凭它往来。 Admits a partner's card.

    协议由各方签署后，以协议所列为准；之后再收下的名片（对方密钥失窃时），在账上有更新的公示前有效。
    本省总账只读时不能记账，名片只存为文件，效力相同：总账要凭它向对方核对。
    """
    from ledger.exchange.nodes import BadCard, Card, Directory, admit_card, spoken
    from ledger.journal.signing import ReadOnly

    if not file.is_file() or file.stat().st_size > 1 << 16:
        fail(Exit.UNREADABLE, f"不能读取 {file}：没有这个文件，或过大。")
    data = file.read_bytes()
    with opened(province) as ledgers:
        ledger = ledgers[province]
        try:
            held = Card.parse(data)
        except BadCard as fault:
            fail(Exit.UNREADABLE, f"{file} 不是节点名片：{fault.zh}（{fault}）")
        if not compared and not as_json:
            say(f"{held.name}（{held.origin}） {held.node.address}")
            say(f"  名片指纹 {spoken(held.fingerprint)}")
            if sys.stdin.isatty():
                compared = typer.confirm("已拨打对方工会公布的电话，请对方念出指纹，逐组一致？")
        visitor = acting(ledger, account, (Office.CHAIR,), ledger.root)
        try:
            with ledger.entry(visitor.act()) as entry:
                admit_card(entry, data, compared=compared)
            kept = "已记入本省总账"
        except ReadOnly:
            if not compared:
                raise
            Directory(ledger).admit(held)
            kept = "本省总账只读，只存为文件"
    if as_json:
        show_json(_told(held.origin, held.node, "card"))
        return
    say(f"[green]✓[/green] {held.name}（{held.origin}） {held.node.address}：{kept}")
    for each in _fingerprints(held.node):
        say(f"  证书指纹 {each}")


@app.command("list")
def nodes(province: ProvinceOption, as_json: JsonOption = False) -> None:
    """本节点和已知的对方节点，及其依据。 The nodes that are known."""
    from ledger.exchange.nodes import Directory, OwnNode, pin_of

    with opened(province) as ledgers:
        ledger = ledgers[province]
        directory, own = Directory(ledger), OwnNode(ledger)
        known, cards = directory.nodes(), directory.cards()
        found: list[dict[str, Any]] = []
        if own.made:
            found.append(_told(ledger.origin, own.node(), "own"))
        for origin, node in known.items():
            with ledger.reading() as reader:
                pinned = pin_of(reader, origin)
            by_card = origin in cards and cards[origin][1] == (pinned.ref if pinned else "")
            found.append(_told(origin, node, "card" if by_card or pinned is None else pinned.ref))
    if as_json:
        show_json(found)
        return
    if not found:
        fail(Exit.NOT_FOUND, "还没有节点；先运行 `liangdi node make`。")
    shown = table("总账", "地址", "证书指纹", "依据")
    for each in found:
        by = {"own": "本节点", "card": "名片"}.get(each["by"], f"协议 {each['by']}")
        prints = "\n".join(each["certificates"])
        row(shown, each["origin"], each["address"], prints, by)
    out.print(shown)


@app.command()
def rotate(province: ProvinceOption) -> None:
    """换证书第一步：生成下一份，旧证书照用。 Makes the next certificate."""
    from ledger.exchange.nodes import OwnNode, fingerprint

    with opened(province) as ledgers:
        ledger = ledgers[province]
        made = OwnNode(ledger).rotate(ledger.clock.now())
    say(f"新证书指纹 SHA-256 {fingerprint(made)}")
    say(
        "下一步：由主席公示（`liangdi node announce`）；各方读到后停用旧证书（`liangdi node retire`）。"
    )


@app.command()
def announce(province: ProvinceOption, account: AccountOption = None) -> None:
    """换证书第二步：把本节点现在的地址、证书、公钥记入各协议。 Announces this node."""
    from ledger.exchange.nodes import announce as announced

    with opened(province) as ledgers:
        ledger = ledgers[province]
        visitor = acting(ledger, account, (Office.CHAIR,), ledger.root)
        with ledger.entry(visitor.act()) as entry:
            told = announced(entry)
    if not told:
        say("各协议所列已是本节点现在的样子。")
        return
    say(f"[green]✓[/green] 已记入 {len(told)} 份协议；对方下次读取时生效。")


@app.command()
def retire(
    province: ProvinceOption,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="不等对方读到（私钥失窃时）：对方须重新收下名片。")
    ] = False,
) -> None:
    """换证书第三步：各方已读到公示，销毁旧私钥。 Retires the old certificate."""
    from ledger.exchange.nodes import OwnNode, fingerprint, unaware

    with opened(province) as ledgers:
        ledger = ledgers[province]
        with ledger.reading() as reader:
            waiting = unaware(reader)
        if waiting and not anyway:
            fail(
                Exit.CONFLICT,
                f"还没有读到公示的：{'、'.join(waiting)}。等对方读到，或用 --anyway。",
            )
        gone = OwnNode(ledger).retire()
    say(f"已停用证书 {fingerprint(gone)}；运行中的服务随即改用新证书。")


def _told(origin: str, node: "Node", by: str) -> dict[str, Any]:
    return {
        "origin": origin, "address": node.address, "certificates": _fingerprints(node),
        "keys": list(node.keys), "by": by,
    }  # fmt: skip


def _fingerprints(node: "Node") -> list[str]:
    from ledger.exchange.nodes import certificates_of, fingerprint

    return [fingerprint(each) for each in certificates_of(node)]
