"""`liangdi checkpoint`, `proof`, `verify` and `key` (证明与密钥): signed, shown, and checked anywhere."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.cli import dossiers
from ledger.cli.common import (
    AccountOption,
    Exit,
    JsonOption,
    ProvinceOption,
    acting,
    fail,
    folder_of,
    opened,
    out,
    row,
    say,
    show_json,
    table,
    write,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.book import Ledger
    from ledger.domain.kernel import Code
    from ledger.exchange.returning import Found
    from ledger.journal.keys import Role, SigningKeys
    from ledger.journal.notes import Checkpoint, Note, Proof, PublicKey, Signed

app = typer.Typer(
    no_args_is_help=True, help="签名密钥：查看、轮换、停用、信任、恢复。 Signing keys."
)

RoleWord = Annotated[str, typer.Argument(metavar="ROLE", help="log、witness、mirror 或 voucher。")]
Passphrase = Annotated[
    str,
    typer.Option(
        "--passphrase", envvar="LIANGDI_PASSPHRASE", prompt="口令", hide_input=True,
        help="归还的文件的口令；不写则询问。",
    ),
]  # fmt: skip
PaperOption = Annotated[str | None, typer.Option("--paper", help="文号。")]
Vkey = Annotated[str, typer.Argument(metavar="VKEY", help="公钥：名称+编号+内容。")]


# ── evidence ─────────────────────────────────────────────────────────────────────────────────


def checkpoint(province: ProvinceOption, as_json: JsonOption = False) -> None:
    """签名并显示最新校验点，含对方联署。 The newest signed checkpoint."""
    from ledger.journal import checkpoints
    from ledger.journal.notes import Checkpoint

    with opened(province) as ledgers:
        ledger = ledgers[province]
        ledger.signer.sign(ledger.clock.now())
        with ledger.database.reading() as conn:
            kept = checkpoints.last(conn, ledger.log)
    if kept is None:
        fail(Exit.NOT_FOUND, "账中还没有记录，没有校验点。")
    if not as_json:
        write(kept.note.to_bytes())
        return
    one = Checkpoint.parse(kept.note.text)
    names = [each.name for each in kept.note.signatures]
    show_json({"origin": one.origin, "size": one.size, "root": one.root.hex(), "signed_by": names})


def proof(
    ref: Annotated[
        str, typer.Argument(metavar="REF", help="位置，或 总账标识#位置，如 …/guangxi#12。")
    ],
    province: ProvinceOption,
    into: Annotated[
        Path | None, typer.Option("--into", "-o", help="写到文件；不写则输出。")
    ] = None,
    without_record: Annotated[
        bool, typer.Option("--without-record", help="不附记录原文，只给证明。")
    ] = False,
) -> None:
    """取一条记录的证明文件，无需本系统即可核验。 Evidence of one record."""
    from dataclasses import replace

    from ledger.journal import checkpoints

    with opened(province) as ledgers:
        ledger = ledgers[province]
        origin, hash_, number = ref.rpartition("#")
        if (hash_ and origin != ledger.origin) or not number.isdecimal() or len(number) > 18:
            fail(Exit.USAGE, f"{ref!r} 不是本账的记录；写位置，或 {ledger.origin}#位置。")
        with ledger.database.reading() as conn:
            try:
                found = checkpoints.proof(conn, ledger.origin, int(number))
            except LookupError:
                fail(Exit.NOT_FOUND, f"没有第 {number} 笔记录。")
    if found is None:
        fail(Exit.CONFLICT, "尚无校验点包含这条记录；先运行 `liangdi checkpoint`。")
    data = (replace(found, extra=None) if without_record else found).to_bytes()
    if into is None:
        write(data)
        return
    into.write_bytes(data)
    say(f"已写到 {into}；核验：liangdi verify {into} --key <公钥>")


def verify(
    file: Annotated[Path, typer.Argument(help="证明文件（tlog-proof）、校验点或案卷（zip）。")],
    keys: Annotated[
        list[str] | None, typer.Option("--key", help="相信的公钥（vkey），可写多次。")
    ] = None,
    policy: Annotated[
        Path | None, typer.Option("--policy", help="信任策略文件（logs、witnesses、quorum）。")
    ] = None,
    record: Annotated[
        Path | None, typer.Option("--record", help="记录原文，证明文件未附时用。")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """离线核验证明文件、校验点或案卷；不成立时退出码 5。 Verifies, offline."""
    from ledger.journal.notes import BEGINS, Note, Proof

    if _is_zip(file):
        dossiers.check(file, keys or (), policy, as_json=as_json)
        return
    data = _bytes(file)
    if data.startswith(BEGINS.encode()):
        evidence = Proof.parse(data)
        stated, by = _checkpoint(Note.parse(evidence.note), keys, policy)
        said = _record(evidence, stated, _bytes(record) if record else evidence.extra)
    else:
        stated, by = _checkpoint(Note.parse(data), keys, policy)
        said = None
    told = [
        {"key": str(each.key), "name": each.key.name, "kind": each.key.kind.name.lower(),
         "time": each.time}
        for each in by
    ]  # fmt: skip
    if as_json:
        show_json(
            {"origin": stated.origin, "size": stated.size, "root": stated.root.hex(),
             "signed_by": told, "record": said}
        )  # fmt: skip
        return
    if said is not None:
        say(f"[green]✓[/green] {stated.origin} 第 {said['position']} 笔在账中，未改动。")
        say(f"  {said['kind']}　业务日期 {said['on']}　登记 {said['at']}")
    say(f"[green]✓[/green] 校验点：{stated.origin}，{stated.size} 笔，根 {stated.root.hex()}")
    for each in by:
        say(f"  {_signer(each)}")


def _is_zip(file: Path) -> bool:
    if not file.is_file():
        return False
    with file.open("rb") as opened_:
        return opened_.read(2) == b"PK" or file.suffix == ".zip"


def _bytes(file: Path) -> bytes:
    if not file.is_file() or file.stat().st_size > 1 << 20:
        fail(Exit.UNREADABLE, f"不能读取 {file}：没有这个文件，或大于 1 MB。")
    return file.read_bytes()


def _checkpoint(
    note: "Note", keys: "Sequence[str] | None", policy: Path | None
) -> "tuple[Checkpoint, list[Signed]]":
    """What the note says, and who of those that are believed has signed. Raises: BadNote."""
    from ledger.journal.notes import Checkpoint, Kind, Unsigned
    from ledger.journal.notes import verify as signed_by
    from ledger.journal.policy import Policy

    believed = [key_from(key) for key in keys or ()]
    if policy is not None:
        given = Policy.parse(_bytes(policy))
        given.judge(note)
        believed += given.keys
    if not believed:
        fail(Exit.USAGE, "没有可信的公钥：用 --key 给出，或用 --policy 给出策略文件。")
    one = Checkpoint.parse(note.text)
    by = signed_by(note, believed)
    if not any(each.key.kind is Kind.LOG and each.key.name == one.origin for each in by):
        raise Unsigned(f"{one.origin} has not signed")
    return one, by


def _record(evidence: "Proof", stated: "Checkpoint", data: bytes | None) -> dict[str, Any]:
    """The record that the evidence is about, if it stands where it says. Raises: BadNote."""
    from ledger.journal import canonical
    from ledger.journal.epochs import journal_of
    from ledger.journal.merkle import leaf_hash, verify_inclusion
    from ledger.journal.notes import Malformed, Misplaced

    if data is None:
        fail(Exit.USAGE, "证明文件未附记录原文；用 --record 给出。")
    path, index = evidence.path, evidence.index
    if not verify_inclusion(leaf_hash(data), index, stated.size, path, stated.root):
        raise Misplaced(f"not record {index + 1} of {stated.origin}")
    header, newline, body = data.partition(b"\n")
    try:
        said: Any = canonical.parse(header)
        canonical.parse(body)
        told = {name: said[name] for name in ("origin", "position", "kind", "on", "at")}
    except (canonical.NotCanonical, KeyError, TypeError):
        raise Malformed("what stands there is no record") from None
    if not newline or (told["origin"], told["position"]) != (
        journal_of(stated.origin)[0],
        index + 1,
    ):
        raise Misplaced(f"the record says that it is {told['origin']}#{told['position']}")
    return told


def _signer(by: "Signed") -> str:
    from datetime import UTC, datetime

    from ledger.clock import beijing
    from ledger.journal.notes import Kind

    if by.key.kind is Kind.LOG or by.time is None:
        return f"签名　{by.key.name}"
    try:
        at = f"{beijing(datetime.fromtimestamp(by.time, UTC)):%Y-%m-%d %H:%M:%S}（北京时间）"
    except (ValueError, OverflowError, OSError):  # a time that no calendar has
        at = str(by.time)
    return f"见证　{by.key.name}　{at}"


# ── keys ─────────────────────────────────────────────────────────────────────────────────────


def _role(word: str) -> "Role":
    from ledger.journal.keys import Role

    if word not in {*Role}:
        fail(Exit.USAGE, f"没有 {word!r} 这种密钥；有：{'、'.join(Role)}。")
    return Role(word)


def key_from(text: str) -> "PublicKey":
    from ledger.journal.notes import BadNote, PublicKey

    try:
        return PublicKey.parse(text)
    except BadNote as fault:
        fail(Exit.USAGE, f"公钥 {text!r} 不能使用：{fault}")


@app.command("list")
def keys(province: ProvinceOption, as_json: JsonOption = False) -> None:
    """本省的公钥，交给对方省和审计人员。 Our public keys."""
    with opened(province) as ledgers:
        signing = ledgers[province].signer.keys
        found = _listed(signing)
    if as_json:
        show_json(found)
        return
    shown = table("用途", "状态", "公钥")
    for each in found:
        row(shown, each["role"], "在用" if each["signs"] else "已停用", each["key"])
    out.print(shown)


def _listed(signing: "SigningKeys") -> list[dict[str, Any]]:
    from ledger.journal.keys import Role

    return [
        {"role": str(role), "key": str(key),
         "signs": key in [each.public for each in signing.signing(role)]}
        for role in Role
        for key in signing.public(role)
    ]  # fmt: skip


@app.command()
def rotate(role: RoleWord, province: ProvinceOption) -> None:
    """换一把新钥，旧钥暂时一并签名。 Makes the next key."""
    chosen = _role(role)
    with opened(province) as ledgers:
        made = ledgers[province].signer.keys.rotate(chosen)
    say(f"新公钥：{made}")
    say(
        "重新启动服务后新旧两钥一并签名（凭证只用新钥）；对方信任新钥后，用 `liangdi signing retire` 停用旧钥。"
    )


@app.command()
def retire(vkey: Vkey, province: ProvinceOption) -> None:
    """停用旧钥：销毁私钥，公钥保留，旧证据照旧有效。 Retires a key."""
    key = key_from(vkey)
    with opened(province) as ledgers:
        ledgers[province].signer.keys.retire(key)
    say(f"已停用 {key.name}+{key.id.hex()}；它签过的仍可核验。")


@app.command()
def trust(
    vkey: Vkey,
    province: ProvinceOption,
    url: Annotated[str, typer.Option("--url", help="见证方地址，如 https://…/witness。")] = "",
) -> None:
    """信任对方的公钥：为其账见证，请其见证本账，或认其凭证。 Trusts a partner's key."""
    key = key_from(vkey)
    with opened(province) as ledgers:
        ledger = ledgers[province]
        ledger.trust.trust(key, url=url)
        say(f"已写入 {ledger.trust.path.parent}：{key}")


Files = Annotated[
    list[Path],
    typer.Argument(metavar="FILE…", help="各对方省归还的文件（`liangdi partner give-back`）。"),
]


@app.command()
def recover(files: Files, province: ProvinceOption, passphrase: Passphrase) -> None:
    """与对方归还的核对：哪些登记可以恢复，哪些已丢失；没有丢失的，当即恢复。 What comes back."""
    from ledger.exchange import returning

    with opened(province) as ledgers:
        ledger = ledgers[province]
        found = _found(ledger, files, passphrase)
        _say_found(found)
        if found.loss.lost:
            say("由一名主席、审批或个人信息保护负责人声明：liangdi signing declare …")
            return
        made = returning.take_back(ledger, found)
    say(f"没有丢失，已全部恢复：{made.origin} 自第 {made.size} 笔续签，可以办理。")


@app.command()
def declare(
    files: Files, province: ProvinceOption, passphrase: Passphrase,
    account: AccountOption = None, paper: PaperOption = None,
) -> None:  # fmt: skip
    """声明丢失（第一人）：记下由谁、就哪些登记声明，等另一人起新一期。 Declares what is lost."""
    from ledger.domain.epochs import DECLARERS, Epochs
    from ledger.journal.record import written

    with opened(province) as ledgers:
        ledger = ledgers[province]
        visitor = acting(ledger, account, DECLARERS, ledger.root)
        found = _found(ledger, files, passphrase)
        _say_found(found)
        Epochs.declare(visitor.act(), found.loss, [], paper=_code(paper))  # whether it may be
        told = {
            "account": visitor.account, "digest": found.digest, "paper": paper or "",
            "at": written(ledger.clock.now()),
        }  # fmt: skip
        draft = folder_of(ledger) / LOSS
        draft.write_text(json.dumps(told, ensure_ascii=False) + "\n", "utf-8")
    say(f"已记下由 {visitor.account} 声明。另一人核对后运行：liangdi signing begin …")


@app.command()
def begin(
    files: Files, province: ProvinceOption, passphrase: Passphrase,
    account: AccountOption = None,
    without: Annotated[
        list[str] | None,
        typer.Option("--without", metavar="WITNESS", help="已不存在、无从取回的见证方，可写多次。"),
    ] = None,
) -> None:  # fmt: skip
    """起新一期（第二人）：恢复归还的登记，写明丢失，以新的名称续签。 Begins a new epoch."""
    from ledger.domain.epochs import DECLARERS, LossNotDeclared
    from ledger.exchange import returning

    with opened(province) as ledgers:
        ledger = ledgers[province]
        draft = folder_of(ledger) / LOSS
        found = _found(ledger, files, passphrase)
        told: dict[str, str] = json.loads(draft.read_text("utf-8")) if draft.exists() else {}
        if told.get("digest") != found.digest:
            raise LossNotDeclared(log=ledger.log)
        first = acting(ledger, told["account"], DECLARERS, ledger.root)
        second = acting(ledger, account, DECLARERS, ledger.root)
        log = returning.begin_epoch(
            ledger, found, first.act(), second.act(), ledger.trust.witnesses - set(without or ()),
            paper=_code(told["paper"]),
        )  # fmt: skip
        draft.unlink()
        key = ledger.signer.keys.public(_role("log"))[-1]
    _say_found(found)
    say(f"已起新一期：{log}，公钥 {key}")
    say("对方读到声明后即可见证；公钥另行书面告知对方和审计人员。可以办理。")


LOSS = "loss.json"
"""In the province's folder: who has declared a loss, until another begins the epoch."""


def _found(ledger: "Ledger", files: "Sequence[Path]", passphrase: str) -> "Found":
    """What comes back and what does not; ends where a file is damaged or not ours."""
    from ledger.backups.envelope import BackupDamaged
    from ledger.exchange import returning
    from ledger.exchange.wire import Unproven

    try:
        return returning.compare(ledger, [returning.read_given(f, passphrase) for f in files])
    except (BackupDamaged, returning.GivenDiffers, Unproven) as fault:
        fail(Exit.DAMAGED, f"归还的文件不能使用：{fault}")


def _say_found(found: "Found") -> None:
    loss = found.loss
    spans = "、".join(
        f"{s.first}–{s.last}" if s.last > s.first else f"{s.first}" for s in loss.lost
    )
    say(
        f"由备份恢复到第 {loss.held} 笔，已知曾到第 {loss.until} 笔；对方归还 {loss.recovered} 笔。"
    )
    say(f"无人保存的位置：{spans or '无'}")
    for each in loss.heads:
        say(f"  {each.witness} 最后见证第 {each.size} 笔，根 {each.root}")


def _code(text: str | None) -> "Code | None":
    from ledger.domain.kernel import Code

    return Code(text) if text else None


@app.command()
def resume(
    province: ProvinceOption,
    held: Annotated[
        list[Path] | None, typer.Option("--held", help="对方保存的本省校验点文件，可写多次。")
    ] = None,
) -> None:
    """签名状态文件丢失后恢复：先与对方所见核对。 Resumes after the signer's file was lost."""
    from ledger.journal.notes import Note

    notes = [Note.parse(_bytes(file)) for file in held or ()]
    with opened(province) as ledgers:
        ledger = ledgers[province]
        if ledger.signer.bar is None:
            say("签名状态完好，无需恢复。")
            return
        if not notes and ledger.trust.witnesses:
            fail(
                Exit.USAGE,
                "请用 --held 给出对方保存的本省校验点（对方见证地址的 …/checkpoint），逐一核对后再恢复。",
            )
        made = ledger.signer.resume(notes)
    say(f"已恢复：{made.origin} 自第 {made.size} 笔续签，可以办理。")
