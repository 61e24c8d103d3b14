"""How far a record is proven, in words (证明状态): 已入账, 已签名, 对方已见证.

It is told as things are now, also of an older moment: proof only ever grows.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from ledger.clock import beijing
from ledger.journal import checkpoints
from ledger.journal.checkpoints import State

WITNESS = "/witness"


class Stage(StrEnum):
    """How far (证明阶段)."""

    RECORDED = "recorded"  # 已入账: it stands in its journal
    SIGNED = "signed"  # 已签名: a signed checkpoint covers it
    WITNESSED = "witnessed"  # 已见证: and somebody else has cosigned one


@dataclass(frozen=True)
class Sight:
    """Who has cosigned a checkpoint over a record: the key's name, how people call it, and when."""

    witness: str
    shown: str
    at: datetime


@dataclass(frozen=True)
class Proof:
    """How far one record is proven; as text, what a page shows beside it."""

    stage: Stage = Stage.RECORDED
    by: tuple[Sight, ...] = ()

    @property
    def short(self) -> str:
        return {"recorded": "已入账", "signed": "已签名", "witnessed": "已见证"}[self.stage]

    def __str__(self) -> str:
        if not self.by:
            return self.short
        return "、".join(
            f"{each.shown}已见证（{beijing(each.at):%Y-%m-%d %H:%M}）" for each in self.by
        )


RECORDED = Proof()


def proofs_of(
    conn: Connection, places: Iterable[tuple[str, int]], shown: Callable[[str], str]
) -> Mapping[tuple[str, int], Proof]:
    """How far each of these records is proven; `shown` is how people call an origin."""
    by_origin: dict[str, list[int]] = {}
    for origin, position in places:
        by_origin.setdefault(origin, []).append(position)
    return {
        (origin, position): _proof(state, shown)
        for origin, positions in by_origin.items()
        for position, state in checkpoints.states(conn, origin, positions).items()
    }


def _proof(state: State, shown: Callable[[str], str]) -> Proof:
    by = tuple(
        Sight(each.name, shown(each.name.removesuffix(WITNESS)), each.at)
        for each in state.witnessed
    )
    stage = Stage.WITNESSED if by else Stage.SIGNED if state.signed else Stage.RECORDED
    return Proof(stage, by)
