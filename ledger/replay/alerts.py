"""What whoever opens a file should see first (提示): duplicates, numbers owed, no basis, findings."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from ledger.book import Reader
from ledger.clock import beijing
from ledger.domain.consents import Consent
from ledger.domain.corrections import PartnerFactAccepted, PartnerFactDisputed
from ledger.domain.ids import PersonId
from ledger.domain.kernel import Fact, Group, Refused
from ledger.domain.persons import PersonLink
from ledger.procedures import open_around
from ledger.projections import forgetting, glasses
from ledger.projections.forgetting import Rest
from ledger.replay.states import Identity, WorkerState
from ledger.replay.told import KnownOn, Line, Names, Told
from ledger.replay.words import word


class AlertKind(StrEnum):
    """Kinds of warning (提示)."""

    DUPLICATE = "duplicate"  # 可能重复
    DOUBLE = "double"  # 两份会籍
    TWO_FILES = "two_files"  # 一户多档
    NUMBER_OWED = "number_owed"  # 号码待补
    NO_BASIS = "no_basis"  # 未取得共享依据
    FINDING = "finding"  # 疑点
    DISPUTED = "disputed"  # 有异议
    RESTRICTED = "restricted"  # 有受限内容
    STOPPED = "stopped"  # 已限制处理
    FORGOTTEN = "forgotten"  # 已删除
    GLASS = "glass"  # 紧急查阅


@dataclass(frozen=True)
class Alert:
    """Something that whoever opens the file should see first (提示)."""

    kind: AlertKind
    text: str
    ref: str | None = None  # the record that it comes from
    persons: tuple[PersonId, ...] = ()


@dataclass(frozen=True)
class Open:
    """The file that is open: what is asked of it here. `identity` has its number unmasked."""

    reader: Reader
    told: Sequence[Told]
    standing: Sequence[Told]
    names: Names
    identity: Identity
    state: WorkerState
    lines: Sequence[Line]
    known_on: KnownOn

    @property
    def ids(self) -> set[PersonId]:
        return {self.identity.person, *self.identity.others}


def alerts(file: Open) -> tuple[Alert, ...]:
    """All that there is to say, the gravest first; of somebody at rest nothing else can be done."""
    if resting := (*_at_rest(file),):
        return (*resting, *_glasses(file))
    return (
        *_glasses(file),
        *_duplicates(file),
        *_doubles(file.state),
        *_two_files(file),
        *_number_owed(file.identity, file.state.on),
        *_no_basis(file),
        *_findings(file.lines),
        *_disputes(file.standing),
        *_restricted(file.lines),
    )


def _at_rest(file: Open) -> Iterator[Alert]:
    """Why nothing of her opens: asked of how it is now, also on a page of the past."""
    reader = file.reader
    rows = forgetting.get(reader.conn, reader.ledger.origin, file.ids)
    for row in sorted(rows.values(), key=lambda one: one.person)[:1]:
        if row.state is Rest.SHREDDED:
            text = f"个人信息已于{row.shredded_on}删除（{word(row.ground)}），密钥已销毁，不能恢复"
            yield Alert(AlertKind.FORGOTTEN, text)
        else:
            text = f"自{row.since}起限制处理（{word(row.ground)}），仅存储，保存至{row.until}"
            yield Alert(AlertKind.STOPPED, text)


def _glasses(file: Open) -> Iterator[Alert]:
    reader = file.reader
    for row in glasses.unreviewed(reader.conn, reader.ledger.origin, file.ids):
        at = f"{beijing(row.at):%Y-%m-%d %H:%M}"
        text = f"{at}紧急查阅（{word(row.emergency)}），应于{row.review_by}前复核"
        yield Alert(AlertKind.GLASS, text, row.glass)


def _number_owed(identity: Identity, day: date) -> Iterator[Alert]:
    if identity.number_owed is None or identity.number_due is None:
        return
    why, due = word(identity.number_owed), identity.number_due
    late = "，已逾期" if due < day else ""
    yield Alert(AlertKind.NUMBER_OWED, f"证件号码待补（{why}），应于{due}前补交{late}")


def _duplicates(file: Open) -> Iterator[Alert]:
    """Others on record under her number, or her name and birth date; not those told apart.

    Asked of how it is now: what could be found on an earlier day is not kept.
    """
    reader, identity = file.reader, file.identity
    if reader.look is None or file.known_on is not None:
        return
    vault, conn, found = reader.ledger.vault, reader.conn, set[str]()
    if identity.number:
        found |= set(vault.find(conn, number=identity.number))
    if identity.name and identity.birth:
        found |= set(vault.find(conn, name=identity.name, birth=identity.birth))
    others = map(PersonId, sorted(found - file.ids))
    alike = tuple(other for other in others if not _told_apart(file, other))
    if alike:
        text = f"可能重复：另有 {len(alike)} 份同号或同名同生日的档案，请核对"
        yield Alert(AlertKind.DUPLICATE, text, persons=alike)


def _told_apart(file: Open, other: PersonId) -> bool:
    """Whether these two were told apart, and the data of neither have changed since."""
    decided = [each.fact for each in file.told if other in _pair(each.fact)]
    if not decided:
        return False
    about = [*decided, *file.reader.history(other)]
    about += [each.fact for each in file.told if each.record.stream in file.ids]
    return PersonLink.of(sorted(about, key=_recorded)).told_apart


def _pair(fact: Fact) -> tuple[str | None, str | None]:
    held = fact.event.__dict__
    return (held.get("person"), held["other"]) if "other" in held else (None, None)


def _recorded(fact: Fact) -> datetime:
    assert fact.at is not None
    return fact.at


def _doubles(state: WorkerState) -> Iterator[Alert]:
    if len(state.held) > 1:
        unions = "、".join(one.union_name for one in state.held)
        text = f"同一人有 {len(state.held)} 份会籍（{unions}），应作归并决定"
        yield Alert(AlertKind.DOUBLE, text)


def _two_files(file: Open) -> Iterator[Alert]:
    """More than one open hardship file for her household: opened apart, in either province.

    Asked of how it is now, as duplicates are.
    """
    if file.known_on is not None:
        return
    rows = open_around(file.reader, file.ids)
    if len(rows) > 1:
        each = "、".join(f"{file.names.lane(row.origin).short} {row.number}" for row in rows)
        text = (
            f"同一家庭有 {len(rows)} 份未结困难档案（{each}），一户一档，应按重复建档结案其中一份"
        )
        yield Alert(
            AlertKind.TWO_FILES, text, persons=tuple({row.person for row in rows} - file.ids)
        )


def _no_basis(file: Open) -> Iterator[Alert]:
    """Partners to whom nothing of her may be given, though they are there to be given it."""
    streams: dict[str, list[Fact]] = {}
    for each in file.standing:
        if each.record.stream.startswith("con_"):
            streams.setdefault(each.record.stream, []).append(each.fact)
    consents = [Consent.of(facts) for facts in streams.values()]
    shared = {each.record.origin for each in file.standing}
    for lane in map(file.names.lane, file.reader.partners):
        if any(consent.covers(lane.origin, Group.IDENTITY, file.state.on) for consent in consents):
            continue
        if consents:
            yield Alert(AlertKind.NO_BASIS, f"同意已撤回或到期，不再向{lane.short}提供")
        elif lane.origin not in shared:  # else that side has a basis of its own
            yield Alert(AlertKind.NO_BASIS, f"未取得同意或其他依据，未向{lane.short}共享")


def _findings(lines: Sequence[Line]) -> Iterator[Alert]:
    for line in lines:
        for name in () if line.struck else line.findings:
            rule = Refused.rules.get(name)
            text = f"{line.on} {line.title}：{rule.zh if rule else name}"
            yield Alert(AlertKind.FINDING, text, line.ref)


def _disputes(standing: Sequence[Told]) -> Iterator[Alert]:
    open_: dict[tuple[str, int], Told] = {}
    for each in standing:
        match each.fact.event:
            case PartnerFactDisputed() as e:
                open_[e.origin, e.position] = each
            case PartnerFactAccepted() as e:
                open_.pop((e.origin, e.position), None)
            case _:
                pass
    for (origin, position), each in open_.items():
        assert isinstance(each.fact.event, PartnerFactDisputed)
        text = f"对第{position}号记录有异议（{word(each.fact.event.ground)}）"
        yield Alert(AlertKind.DISPUTED, text, f"{origin}#{position}")


def _restricted(lines: Sequence[Line]) -> Iterator[Alert]:
    hidden = sum(line.hidden for line in lines)
    closed = sum(1 for line in lines if line.restricted and not line.hidden)
    if hidden:
        yield Alert(AlertKind.RESTRICTED, f"另有 {hidden} 条受限记录，由对方保管")
    if closed:
        yield Alert(AlertKind.RESTRICTED, f"{closed} 条记录有未提供的内容，由对方保管")
