"""Signals (警示): what somebody must look at, each a class with its sentence and what to do.

They are read from what is stored and from nothing else: when a partner was heard, what a witness
has cosigned, what was met at work, what was kept as evidence. So the command line, the pages, the
API and the metrics say the same, whichever process asks. How old is too old, an agreement says.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any, ClassVar

from sqlalchemy import select

from ledger.book import Reader
from ledger.clock import BEIJING, ClockJumped, beijing
from ledger.domain.divisions import name_of
from ledger.domain.partnerships import Annex, Partnership
from ledger.exchange.nodes import BadCard, Directory
from ledger.exchange.wire import (
    NotInJournal,
    RecordTwice,
    RolledBack,
    TwoHistories,
    Unproven,
)
from ledger.journal import alarms, canonical, checkpoints, epochs
from ledger.journal.alarms import BAR, JUMP, REFUSAL, Contradiction, Trouble
from ledger.journal.keys import Role
from ledger.journal.notes import BadNote, Malformed
from ledger.journal.record import instant
from ledger.journal.signing import ReadOnly
from ledger.journal.tables import contact, parked, record
from ledger.journal.witness import REFUSED, believed
from ledger.procedures import standing_alarms
from ledger.projections import union_tree
from ledger.projections.channels import agreements_with, partners
from ledger.projections.posting import channel_name


@dataclass(frozen=True)
class Signal:
    """Something that stands now. The class says what it is: its docstring the sentence, `zh` the
    Chinese one, `told` the Chinese one with the facts, `instead` what to do.

    A `grave` one speaks of a record that may have been changed, or of a ledger that stands still.
    """

    kinds: ClassVar[dict[str, type["Signal"]]] = {}
    zh: ClassVar[str]
    told: ClassVar[str]
    instead: ClassVar[str]
    grave: ClassVar[bool]

    about: str = ""  # the origin, or the witness, that it is about; empty: this ledger alone
    name: str = ""  # how people call that
    since: datetime | None = None
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])
    evidence: tuple[str, ...] = ()  # digests under which the bytes are kept
    alarms: tuple[str, ...] = ()  # digests under which an officer may settle it; none: it passes

    def __init_subclass__(cls, *, zh: str, told: str, instead: str, grave: bool = False) -> None:
        cls.zh, cls.told, cls.instead, cls.grave = zh, told, instead, grave
        Signal.kinds[cls.__name__] = cls

    @classmethod
    def sentence(cls) -> str:
        """What it is in one English sentence."""
        return " ".join((cls.__doc__ or "").split())

    @property
    def kind(self) -> str:
        return type(self).__name__

    @property
    def guide(self) -> str:
        """Where the book says what it means and what to do, step by step."""
        return f"how-to/signals.md#{self.kind.lower()}"

    def __str__(self) -> str:
        """In Chinese, with the facts."""
        return self.told.format(name=self.name, **self.facts)

    def whole(self) -> dict[str, Any]:
        """All of it, for programs."""
        return {
            "kind": self.kind, "grave": self.grave, "about": self.about, "name": self.name,
            "since": self.since, "sentence": self.sentence(), "zh": self.zh, "told": str(self),
            "instead": self.instead, "guide": self.guide, "facts": dict(self.facts),
            "evidence": list(self.evidence), "alarms": list(self.alarms),
        }  # fmt: skip


class PartnerLate(
    Signal,
    zh="对方省久无消息。",
    told="{name}已 {hours} 小时没有消息，协议约定不超过 {agreed} 小时。",
    instead="先看本省网络和服务，再电话联系对方；本省照常办理，恢复后自动补读。",
):
    """A partner has not been heard for longer than the agreement allows."""


class PartnerRolledBack(
    Signal,
    zh="对方省的通道比已读的短。",
    told="{name}的通道现有 {theirs} 条，本省已读 {mine} 条。",
    instead="请对方停止办理，按恢复流程从本省取回；本省保存好已读的记录，不要删除。",
    grave=True,
):
    """A partner's channel is shorter than what was read of it: an older backup was restored there."""


class TwoHistoriesShown(
    Signal,
    zh="对方省出示了两份不同的历史。",
    told="{name}就同一处出示过两份不同的历史（证据 {count} 份）。",
    instead="导出证据，通知双方经审；查清前不再接收；查清后记录处置，证据一直保存。",
    grave=True,
):
    """A partner has shown two histories of one channel: of one size or place, two contents."""


class RewriteRefused(
    Signal,
    zh="对方省的校验点与本省见证过的不符，已拒绝联署。",
    told="{name}请求联署的校验点与见证过的 {size} 笔不符（请求 {count} 份，已原样保存）。",
    instead="导出证据，通知双方经审，双方保全数据库；查清后记录处置，证据一直保存。",
    grave=True,
):
    """A log asked us to cosign what does not follow from what we cosigned before, and was refused."""


class EpochDoubted(
    Signal,
    zh="对方省起了新一期，所引末端与本省见证过的不符。",
    told="{name}声明丢失登记并起第 {number} 期，但没有引用本省最后见证的 {size} 笔。",
    instead="不予见证；向对方索取声明和其保存的本省联署，由双方经审查清。",
    grave=True,
):
    """A partner has begun a new epoch that does not cite the head that we cosigned last."""


class ChannelUnproven(
    Signal,
    zh="对方省通道的内容未能通过核验。",
    told="{name}：{why}",
    instead="系统自动重取，未导入任何内容；反复出现的，把时间和种类告诉对方管理员。",
):
    """What a partner's channel gave did not prove; nothing of it was taken in."""


class RecordsParked(
    Signal,
    zh="对方省的记录有搁置的。",
    told="{name}有 {count} 条记录搁置（通道第 {numbers} 条），另有 {behind} 条在其后等待。",
    instead="先升级到最新版本并重启，能读的会自动续办；仍搁置的，把通道条号告诉对方更正。",
):
    """Records of a partner cannot be applied by this version and are parked with those behind them."""


class CosignatureOld(
    Signal,
    zh="见证过旧。",
    told="{name}已见证到第 {cosigned} 笔；其后第一笔已等 {hours} 小时，约定不超过 {agreed} 小时。",
    instead="看见证方是否在线、是否信任本省现用公钥；此前的证据照旧有效，恢复后一次补上。",
):
    """A record of ours has waited for a witness longer than was agreed."""


class CheckpointRefused(
    Signal,
    zh="本省的校验点被见证方拒绝。",
    told="{name}拒绝本省校验点{status}：{said}",
    instead="按应答处理：403、404 请对方信任本省公钥；422 停止办理，保全数据库，通知双方经审。",
    grave=True,
):
    """A witness has refused our checkpoint: one of the two records is not what it was."""


class ClockMoved(
    Signal,
    zh="时钟被向前拨动，已停止登记。",
    told="时钟显示 {wall}，比应有的时间超前。",
    instead="检查时间同步服务，校准后重启服务。",
    grave=True,
):
    """The wall clock ran ahead of the time that has passed: nothing is recorded until it is right."""


class SignerLate(
    Signal,
    zh="签名落后。",
    told="已签名到第 {signed} 笔；其后第一笔已等 {hours} 小时，本省设定不超过 {agreed} 小时。",
    instead="看服务是否在运行、签名密钥或签名命令是否可用；也可运行 `liangdi checkpoint`。",
):
    """A record of ours has waited for our own signature longer than this province allows."""


class LedgerBarred(
    Signal,
    zh="本账只读。",
    told="{said}{instead}",
    instead="照所说的办理；查清前不要绕开只读。",
    grave=True,
):
    """This ledger is read and not written, until people have settled what was found."""


# ── what stands now ──────────────────────────────────────────────────────────────────────────


def signals(reader: Reader) -> list[Signal]:
    """All that stands now, the grave first. Decides nothing and changes nothing."""
    return sorted(_Sight(reader), key=lambda each: (not each.grave, each.kind, each.about))


class _Sight:
    """One look at what is stored."""

    def __init__(self, reader: Reader) -> None:
        self._reader, self._ledger, self._conn = reader, reader.ledger, reader.conn
        self._troubles = alarms.troubles(self._conn)
        self._stand = standing_alarms(reader)
        self._jumped: ClockJumped | None = None
        try:
            self._now = self._ledger.clock.now()
        except ClockJumped as jumped:
            self._jumped, self._now = jumped, jumped.expected
        self._today = beijing(self._now).date()
        self._names = names(reader)
        self._terms = {each: self._agreed(each) for each in partners(self._conn)}
        self._doubted: Mapping[str, Malformed] = {}
        with suppress(BadCard, BadNote):  # a file that was spoilt; the exchange says which
            self._doubted = Directory(self._ledger).doubted()

    def __iter__(self) -> Iterator[Signal]:
        yield from self._clock()
        yield from self._signer()
        yield from self._witnesses()
        yield from self._contradictions()
        for partner in sorted({*self._terms, *self._reader.partners}):
            yield from self._late(partner)
            yield from self._epoch(partner)
            yield from self._channel(partner)
            yield from self._node(partner)
            yield from self._parked(partner)

    # ── ourselves ──

    def _clock(self) -> Iterator[Signal]:
        met = self._met(JUMP)
        if self._jumped is not None:
            wall = f"{beijing(self._jumped.wall):%Y-%m-%d %H:%M:%S}"
            yield ClockMoved(since=self._now, facts={"wall": wall})
        elif met:
            wall = f"{beijing(instant(met[0].facts['wall'])):%Y-%m-%d %H:%M:%S}"
            yield ClockMoved(since=instant(met[0].since), facts={"wall": wall})

    def _signer(self) -> Iterator[Signal]:
        bar, met = self._ledger.signer.bar, self._met(BAR)
        if bar is not None or met:
            why = type(bar).__name__ if bar else str(met[0].facts["why"])
            kind = next((k for k in ReadOnly.__subclasses__() if k.__name__ == why), ReadOnly)
            facts = {"why": why, "said": kind.zh, "instead": kind.instead}
            yield LedgerBarred(since=instant(met[0].since) if met else None, facts=facts)
        kept = checkpoints.last_vouched(self._conn, self._ledger.log)
        signed, agreed = kept.size if kept else 0, self._ledger.terms.unsigned_hours
        since = self._waits(signed)
        if since is not None and self._hours(since) >= agreed:
            facts = {"signed": signed, "hours": self._hours(since), "agreed": agreed}
            yield SignerLate(since=since, facts=facts)

    def _waits(self, done: int) -> datetime | None:
        """Since when the first record after so many has stood; None where there is none."""
        header = self._conn.execute(
            select(record.c.header).where(
                record.c.origin == self._ledger.origin, record.c.position == done + 1
            )
        ).scalar()
        return None if header is None else instant(canonical.decode(bytes(header))["at"])

    # ── our witnesses ──

    def _witnesses(self) -> Iterator[Signal]:
        agreed = {f"{each}/{Role.WITNESS}": terms for each, terms in self._terms.items() if terms}
        try:
            asked = self._ledger.trust.witnesses
        except BadNote:
            asked = frozenset[str]()
        asked -= {f"{each}/{Role.WITNESS}" for each in self._by_card()}
        for name in sorted({*asked, *agreed}):
            met = [each for each in self._met(REFUSAL) if each.about == name]
            for each in filter(self._stands, met):
                status = f"（{each.facts['status']}）" if "status" in each.facts else ""
                facts = {"status": status, "said": each.facts["said"]}
                yield CheckpointRefused(
                    name, self._named(name), instant(each.since), facts, alarms=(each.digest,)
                )
            cosigned, _ = checkpoints.newest_by(self._conn, self._ledger.log, name)
            terms = agreed.get(name)
            most = terms.witnessed_hours if terms else self._ledger.terms.witnessed_hours
            since = self._waits(cosigned)
            if since is not None and self._hours(since) >= most:
                facts = {"cosigned": cosigned, "hours": self._hours(since), "agreed": most}
                yield CosignatureOld(name, self._named(name), since, facts)

    def _by_card(self) -> set[str]:
        """Whom only a card has made known: nothing is agreed, and nothing of theirs can be late."""
        try:
            cards = Directory(self._ledger).cards()
        except BadCard:  # a file that was spoilt; the exchange says which
            return set()
        return {each for each in cards if self._terms.get(each) is None}

    # ── partners ──

    def _late(self, partner: str) -> Iterator[Signal]:
        terms = self._terms.get(partner)
        if terms is None:
            return
        said = self._conn.execute(
            select(contact).where(contact.c.log == self._log(partner))
        ).mappings().first()  # fmt: skip
        heard = instant(said["heard"]) if said and said["heard"] else None
        since = heard or self._since(partner)
        if self._hours(since) >= terms.heard_hours:
            facts = {
                "hours": self._hours(since), "agreed": terms.heard_hours,
                "fault": said["fault"] if said else "",
            }  # fmt: skip
            yield PartnerLate(partner, self._named(partner), since, facts)

    def _epoch(self, partner: str) -> Iterator[Signal]:
        conn, pinned = self._conn, self._ledger.trust.of_log
        newest = epochs.epochs(conn, partner)[-1:]
        for each in newest if pinned(partner) else ():
            if not believed(conn, each.log, pinned):
                seen = checkpoints.last_vouched(conn, each.before)
                facts = {"number": each.number, "size": seen.size if seen else 0, "log": each.log}
                yield EpochDoubted(partner, self._named(partner), None, facts)

    def _channel(self, partner: str) -> Iterator[Signal]:
        for each in self._troubles:
            if each.about != self._log(partner) or not self._stands(each):
                continue
            since, facts = instant(each.since), dict(each.facts)
            if each.kind not in PROOFS:
                made = signal_of(each.kind)
                if made is ChannelUnproven:
                    why = next(k.zh for k in Unproven.__subclasses__() if k.__name__ == each.kind)
                    facts |= {"kind": each.kind, "why": why}
                yield made(partner, self._named(partner), since, facts, alarms=(each.digest,))

    def _node(self, partner: str) -> Iterator[Signal]:
        if partner in self._doubted:
            why = "其公示的节点公钥一钥多用或过多，未予采信。"
            facts = {"kind": "Keys", "why": why, "said": str(self._doubted[partner])}
            yield ChannelUnproven(partner, self._named(partner), None, facts)

    def _parked(self, partner: str) -> Iterator[Signal]:
        rows = self._conn.execute(
            select(parked.c.number, parked.c.why)
            .where(parked.c.log == self._log(partner))
            .order_by(parked.c.number)
        ).all()
        stuck = [(number, why) for number, why in rows if why]
        if stuck:
            facts = {
                "count": len(stuck), "behind": len(rows) - len(stuck),
                "numbers": "、".join(str(number) for number, _ in stuck[:5]),
                "why": sorted({why for _, why in stuck}),
            }  # fmt: skip
            yield RecordsParked(partner, self._named(partner), None, facts)

    def _contradictions(self) -> Iterator[Signal]:
        found: dict[tuple[str, str], list[Contradiction]] = {}
        for each in filter(self._stands, alarms.contradictions(self._conn)):
            found.setdefault((each.log, each.kind), []).append(each)
        for (log, kind), each in found.items():
            partner = whose(log)
            facts = {"count": len(each), "size": each[0].size, "kind": kind}
            digests = tuple(one.digest for one in each)
            since = instant(each[0].at)
            yield signal_of(kind)(partner, self._named(partner), since, facts, digests, digests)

    def _stands(self, alarm: Contradiction | Trouble) -> bool:
        """Whether nobody has settled it, or it was shown again since."""
        log = alarm.log if isinstance(alarm, Contradiction) else alarm.about
        return (log, alarm.digest) in self._stand

    # ── what they are measured by ──

    def _agreed(self, partner: str) -> Annex | None:
        """The strictest terms in force with a partner today; None where none are."""
        found = [
            terms for held in self._live(partner) if (terms := held.terms(self._today)) is not None
        ]
        if not found:
            return None
        return replace(
            found[0],
            heard_hours=min(each.heard_hours for each in found),
            witnessed_hours=min(each.witnessed_hours for each in found),
        )

    def _live(self, partner: str) -> list[Partnership]:
        held = [
            self._reader.get(Partnership, each) for each in agreements_with(self._conn, partner)
        ]
        return [
            each
            for each in held
            if any(
                party.origin == partner for party in each.partners(self._ledger.origin, self._today)
            )
        ]

    def _since(self, partner: str) -> datetime:
        """Since when a partner could have been heard."""
        first = min(held.versions()[0].since for held in self._live(partner))
        return datetime.combine(first, time(), BEIJING).astimezone(UTC)

    def _hours(self, since: datetime) -> int:
        return (self._now - since) // timedelta(hours=1)

    def _met(self, kind: str) -> list[Trouble]:
        return [each for each in self._troubles if each.kind == kind]

    def _log(self, partner: str) -> str:
        return channel_name(partner, self._ledger.origin)

    def _named(self, origin: str) -> str:
        partner = origin.removesuffix(f"/{Role.WITNESS}")
        return self._names.get(partner, origin)


_SIGNALS: Mapping[str, type[Signal]] = {
    REFUSED: RewriteRefused,
    REFUSAL: CheckpointRefused,
    RolledBack.__name__: PartnerRolledBack,
    TwoHistories.__name__: TwoHistoriesShown,
    RecordTwice.__name__: TwoHistoriesShown,
    NotInJournal.__name__: TwoHistoriesShown,
}


def signal_of(kind: str) -> type[Signal]:
    """As what a kind of evidence, or of trouble with a partner, is shown."""
    return _SIGNALS.get(kind, ChannelUnproven)


PROOFS = frozenset({TwoHistories.__name__, RecordTwice.__name__})
"""What is kept as evidence: it stands until an officer settles it, not until a good page comes."""


def whose(log: str) -> str:
    """The origin of a log: of a journal in whatever epoch, of a channel, of what a witness signs."""
    return epochs.journal_of(log.partition("/to/")[0].removesuffix(f"/{Role.WITNESS}"))[0]


def names(reader: Reader) -> Mapping[str, str]:
    """How people call the provinces whose journals are read here, and their own."""
    conn, ledger = reader.conn, reader.ledger
    found = {
        row.origin: name_of(f"{row.division[:2]}0000")
        for row in union_tree.roots(conn, ledger.origin)
        if row.division
    }
    return {**found, ledger.origin: ledger.province.name}
