"""What passes between two provinces, and how strictly it is read (通道报文).

A partner is asked for its checkpoint, for pages of its channel, and for openings that are owed
for records already read. A page proves itself: its records extend what was read before to a root
that the checkpoint's tree begins with. Openings of sealed groups travel beside the records, never
in them, and are checked against the commitments there.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Protocol

from ledger.journal import canonical, codec
from ledger.journal.canonical import NotCanonical
from ledger.journal.merkle import leaf_hash
from ledger.journal.record import NEWLINE, Record
from ledger.journal.tiles import Asked
from ledger.journal.vault import SALT, commitment
from ledger.projections.channels import leaf_of
from ledger.projections.posting import Told, fact_from


class Checkpoint(NamedTuple):
    """How long a channel is, and the root of its tree at that size; signed, where it could be."""

    size: int
    root: bytes
    note: bytes = b""  # the same as the partner's log signed it


class Opening(NamedTuple):
    """One sealed group, open: what was committed to, for one person."""

    person: str
    group: str
    salt: bytes
    payload: bytes


class Line(NamedTuple):
    """One record of a channel: its channel header, its bytes, and the groups that are given."""

    header: bytes
    record: bytes
    openings: Sequence[Opening] = ()


class Page(NamedTuple):
    """Consecutive records, and the proof that the checkpoint's tree begins with them."""

    lines: Sequence[Line]
    proof: Sequence[bytes] = ()


class Owed(NamedTuple):
    """Openings for a record that was read before they could be given."""

    number: int
    openings: Sequence[Opening]


class Partner(Protocol):
    """A partner's side of its channel to us: over a network or in this process."""

    @property
    def origin(self) -> str:
        """The journal that we read of, as the agreement names it."""
        ...

    def checkpoint(self, read: int) -> Checkpoint:
        """Where the channel ends now; `read` tells the partner how far we are."""
        ...

    def page(self, first: int, limit: int, size: int) -> Page:
        """Records from number `first` on, with the proof up to the tree of `size`."""
        ...

    def owed(self, links: Sequence[str]) -> Sequence[Owed]:
        """Openings under these links for records that entered the channel before them."""
        ...

    def tile(self, asked: Asked) -> bytes:
        """Hashes of the partner's journal, as its tiles have them."""
        ...

    def mirrored(self, note: bytes) -> None:
        """Hands the partner its channel's checkpoint with our signature that we hold the records."""
        ...


# ── what cannot be proven ────────────────────────────────────────────────────────────────────


class Unproven(Exception):
    """The partner's proof fails: nothing was imported, and people must look."""

    zh: ClassVar[str] = "对方通道未能通过核验，未导入任何记录。"
    instead: ClassVar[str] = "通知审计人员，与对方核对。"

    def __init__(self, partner: str, **facts: Any) -> None:
        super().__init__(f"{type(self).__name__}: {partner} {facts}")
        self.partner, self.facts = partner, facts
        self.shown = b""
        """What the partner said against itself, as it came, where there is such a thing."""


class TwoHistories(Unproven):
    """The partner shows another history than before: at one size, two roots."""

    zh = "对方同一通道先后出示了两份不同的历史。"
    instead = "保全双方校验值，由审计人员介入；在查清前停止接收。"


class RolledBack(Unproven):
    """The partner's channel is shorter than what we have read of it."""

    zh = "对方通道比已阅的短，可能由旧备份恢复。"
    instead = "请对方停止写入并按恢复流程从本省镜像取回记录。"


class PageDiffers(Unproven):
    """A page is not what the checkpoint stands for: changed, withheld, reordered or repeated."""

    zh = "收到的一页与对方校验值不符：有改动、遗漏、次序不对或重复。"
    instead = "系统会自动重取；反复出现的，检查线路并与对方核对。"


class NotARecord(Unproven):
    """The partner has put into its channel what is no record of its own journal."""

    zh = "对方通道中有不合格式或不属于对方总账的内容。"
    instead = "请对方查清来源；在查清前停止接收。"


class RecordTwice(Unproven):
    """Two different records stand under one position, or one stands in the channel twice."""

    zh = "对方通道中同一位置出现两条记录，或同一记录出现两次。"
    instead = "保全双方校验值，由审计人员介入。"


class OpeningDiffers(Unproven):
    """An opened group is not what its record committed to."""

    zh = "随附的个人信息与记录中的承诺值不符。"
    instead = "请对方检查其保密柜后重发。"


class NotSigned(Unproven):
    """A checkpoint of the channel is not signed by the key that the partner's journal is known by."""

    zh = "对方通道的校验点没有由其公钥签名。"
    instead = "与对方核对公钥；换钥的，请对方先公示节点。"


class NotInJournal(Unproven):
    """A record of the channel does not stand at its position in the journal that was witnessed."""

    zh = "对方通道中的记录与其已由本方见证的总账不一致：同一位置，两种记录。"
    instead = "保全双方校验值，由审计人员介入；在查清前停止接收。"


class TileDiffers(Unproven):
    """A tile of the partner's journal is not what the root that was witnessed stands for."""

    zh = "对方给出的总账核验块与本省已见证的校验点不符。"
    instead = "系统会自动重取；反复出现的，请对方运行 `liangdi fsck` 并检查线路。"


class NoLetter(Unproven):
    """What came is no letter of the exchange: of another form, too long, or garbage."""

    zh = "对方发来的不是约定格式的报文。"
    instead = "请对方管理员查看其节点和中间的网络设备。"


class WrongCertificate(Unproven):
    """Whoever answers at the partner's address shows another certificate than the pinned one."""

    zh = "对方地址上的证书与协议（或名片）所列的不符。"
    instead = "用电话与对方核对证书指纹；对方换了证书的，请其公示，或重新递交名片。"


# ── strict reading ───────────────────────────────────────────────────────────────────────────


class Received(NamedTuple):
    """One line of a page, checked as far as it can be checked by itself."""

    number: int
    header: bytes  # of the channel
    leaf: bytes  # of the channel
    record: Record
    openings: Sequence[Opening]
    told: Told | str  # or why it cannot be applied


def read_line(line: Line, origin: str, log: str, number: int) -> Received:
    """Reads one line that must be record `number` of this channel.

    Raises: PageDiffers, NotARecord, OpeningDiffers.
    """
    try:
        entered = _members(canonical.parse(line.header))
        head, _, rest = line.record.partition(NEWLINE)
        header, body = _members(canonical.parse(head)), _members(canonical.parse(rest))
    except NotCanonical as fault:
        raise NotARecord(origin, number=number, what=str(fault)) from None
    if _NUL.search(line.record):
        raise NotARecord(origin, number=number, what="a text with NUL")
    if len(line.record) > canonical.MAX_BYTES:
        raise NotARecord(origin, number=number, bytes=len(line.record))
    if (entered.get("channel"), entered.get("number")) != (log, number):
        raise PageDiffers(origin, number=number, what="another place in the channel")
    for name, kind in _CHANNEL_MEMBERS.items():
        if type(entered.get(name)) is not kind:
            raise NotARecord(origin, number=number, what=name)
    for name, kind in _RECORD_MEMBERS.items():
        if type(header.get(name)) is not kind:
            raise NotARecord(origin, number=number, what=name)
    if header["origin"] != origin or header["position"] < 1 or header["version"] < 1:
        raise NotARecord(origin, number=number, what="of another journal")
    record = Record(
        origin, header["position"], header["stream"], header["version"], header["kind"],
        head, rest, leaf_hash(line.record),
    )  # fmt: skip
    checked(line.openings, body, origin, number)
    leaf = leaf_of(line.header, line.record)
    return Received(
        number, line.header, leaf, record, line.openings, applicable(record, header, body)
    )


_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""NUL as canonical JSON writes it: no text column of PostgreSQL takes it in."""

_CHANNEL_MEMBERS = {"channel": str, "number": int, "cause": int, "under": str}
_RECORD_MEMBERS = {
    "origin": str, "position": int, "stream": str, "version": int, "kind": str, "at": str,
    "on": str, "entry": str, "part": list,
}  # fmt: skip


def _members(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise NotCanonical("not an object")
    return value  # pyright: ignore[reportUnknownVariableType]


def _inside(value: Any) -> Mapping[str, Any]:
    """The members of what may be an object."""
    return value if isinstance(value, dict) else {}  # pyright: ignore[reportUnknownVariableType]


def applicable(record: Record, header: Mapping[str, Any], body: Mapping[str, Any]) -> Told | str:
    """What a record tells, or why it cannot be applied by this version.

    A kind that is not known is no hindrance: it is mirrored and shown as a newer kind.
    """
    try:
        codec.check(record.kind, body)
    except codec.UnknownKind:
        pass
    except codec.Misfit:
        return "body"
    try:
        fact = fact_from(record, header, body)
    except (KeyError, ValueError, TypeError, AttributeError):
        return "header"
    if fact.at is None or fact.at.tzinfo is None:
        return "header"
    return Told(fact, record, header, body)


def checked(openings: Sequence[Opening], body: Mapping[str, Any], origin: str, number: int) -> None:
    """Refuses openings that are not what the record committed to. Raises: OpeningDiffers."""
    committed = _inside(body.get("sealed"))
    for each in openings:
        expected = _inside(committed.get(each.person)).get(each.group)
        if len(each.salt) != SALT or commitment(each.salt, each.payload) != expected:
            raise OpeningDiffers(origin, number=number, group=each.group)
        try:
            texts = _members(canonical.parse(each.payload))
        except NotCanonical:
            raise OpeningDiffers(origin, number=number, group=each.group) from None
        if not all(type(text) is str for text in texts.values()):
            raise OpeningDiffers(origin, number=number, group=each.group)
    if len({each[:2] for each in openings}) < len(openings):
        raise OpeningDiffers(origin, number=number, what="one group twice")
