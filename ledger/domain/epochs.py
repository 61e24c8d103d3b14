"""Epochs of a journal (总账的分期): what was lost is declared by two officers, and a new one begins.

Where a journal was restored from a backup and partners have cosigned more than it holds, the same
log cannot go on: its tree would differ from what they signed for. One officer declares what is
lost, another begins a new epoch: a new log, which cites the last heads that anybody has cosigned.
The journal keeps its name and its positions. What partners give back stands again at its own
position, and where nobody holds a record any more, a line says that one is lost there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from ledger.domain.ids import UnionId
from ledger.domain.kernel import (
    Act,
    Aggregate,
    Code,
    Event,
    Fact,
    Office,
    Refused,
    Scope,
    StreamId,
)

DECLARERS = (Office.CHAIR, Office.PRIVACY, Office.APPROVER)
"""Who may declare a loss, and who may begin an epoch; not the same person."""


@dataclass(frozen=True)
class Head:
    """How far a log went when a witness cosigned it last (见证末端), and its root (hex) there."""

    witness: Code
    size: int
    root: Code


@dataclass(frozen=True)
class Span:
    """Positions from `first` to `last`, both included."""

    first: int
    last: int


# ── rules ────────────────────────────────────────────────────────────────────────────────────


class NothingLost(
    Refused,
    zh="没有丢失登记，不须另起一期。",
    article="design: epochs",
    instead="用 `liangdi signing resume` 与对方所见核对后续办。",
):
    """A loss is declared where records are lost, and nowhere else."""


class HeadNotCited(
    Refused,
    zh="新一期须引用每一见证方最后见证的末端。",
    article="design: epochs",
    instead="向各见证方取回其保存的本省校验点，一并引用。",
):
    """A new epoch cites the last head that each witness has cosigned."""


class LossByOne(
    Refused,
    zh="丢失由一人声明，由另一人起新一期，两人不得相同。",
    article="rules (d) 1, 11",
    instead="请另一名主席、审批或个人信息保护负责人起新一期。",
):
    """A loss is declared by one officer, and the new epoch is begun by another."""


class LossNotDeclared(
    Refused,
    zh="尚未声明丢失了什么，或声明的与现在核对的不同。",
    article="design: epochs",
    instead="先用 `liangdi signing declare` 声明；对方又给回了登记的，重新声明。",
):
    """A new epoch begins on a declaration of exactly what is lost."""


# ── events ───────────────────────────────────────────────────────────────────────────────────


class LossDeclared(Event, by=DECLARERS, scope=Scope.ALWAYS):
    """声明丢失: of `log`, `held` records were restored and `recovered` came back from partners.

    `until` is the last position of it that anybody knows of; in `lost` nobody holds a record.
    """

    union: UnionId
    log: Code
    held: int
    until: int
    recovered: int
    lost: tuple[Span, ...]
    heads: tuple[Head, ...]
    paper: Code | None = None


class EpochBegun(Event, by=DECLARERS, scope=Scope.ALWAYS):
    """起新一期: from here on the journal is signed as `log`, by `key`; `number` counts from 2."""

    union: UnionId
    number: int
    log: Code
    key: Code
    before: Code
    paper: Code | None = None


class RecordLost(Event, by=Office.PROCEDURE, scope=Scope.NEVER):
    """此处登记丢失: a record stood here that nobody holds any more."""

    thing: StreamId
    log: Code


# ── the journal's epochs ─────────────────────────────────────────────────────────────────────


class Loss(NamedTuple):
    """What was restored, given back, and lost of a log, as it was found out."""

    log: str
    held: int
    until: int
    recovered: int
    lost: Sequence[Span]
    heads: Sequence[Head]

    def declared_as(self, event: LossDeclared) -> bool:
        """Whether a declaration is of exactly this."""
        told = (event.log, event.held, event.until, event.recovered, event.lost, event.heads)
        return told == (
            self.log, self.held, self.until, self.recovered, tuple(self.lost), tuple(self.heads),
        )  # fmt: skip


class Epochs(Aggregate):
    """The epochs of one journal, in the stream of its root union."""

    def __init__(self) -> None:
        self.declared: LossDeclared | None = None
        self.declared_by: str | None = None
        self.declared_on: date | None = None
        self.begun: list[EpochBegun] = []

    @staticmethod
    def declare(
        act: Act, loss: Loss, witnesses: Iterable[str], *, paper: Code | None = None
    ) -> LossDeclared:
        """Declares what is lost. `witnesses`: whose heads must be cited.

        Raises: NothingLost, HeadNotCited.
        """
        if not loss.lost:
            raise NothingLost(held=loss.held, recovered=loss.recovered)
        missing = set(witnesses) - {each.witness for each in loss.heads}
        if missing or any(each.size > loss.until for each in loss.heads):
            raise HeadNotCited(missing=sorted(missing))
        return LossDeclared(
            act.union, Code(loss.log), loss.held, loss.until, loss.recovered, tuple(loss.lost),
            tuple(loss.heads), paper,
        )  # fmt: skip

    def begin(
        self, act: Act, loss: Loss, number: int, log: str, key: str, *, paper: Code | None = None
    ) -> EpochBegun:
        """Begins the next epoch, as `log`. Raises: LossNotDeclared, LossByOne."""
        if self.declared is None or not loss.declared_as(self.declared):
            raise LossNotDeclared(log=loss.log)
        if self.declared_by == act.officer:
            raise LossByOne(officer=act.officer)
        return EpochBegun(act.union, number, Code(log), Code(key), Code(loss.log), paper)

    def after(self, fact: Fact) -> None:
        match fact.event:
            case LossDeclared() as e:
                self.declared, self.declared_by, self.declared_on = e, fact.officer, fact.on
            case EpochBegun() as e:
                self.begun.append(e)
                self.declared = None
            case _:
                pass
