"""Money of a claimant (金额): wages and compensation apart, whole fen, and how a sum is split.

Compensation (经济补偿、赔偿) never counts as wages: every amount here is a pair.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from ledger.domain.kernel import Fen

K = TypeVar("K")

ZERO = Fen(0)


@dataclass(frozen=True)
class Money:
    """Wages (工资) and compensation (经济补偿、赔偿), in fen."""

    wages: Fen = ZERO
    compensation: Fen = ZERO

    def __add__(self, other: "Money") -> "Money":
        return Money(
            Fen(self.wages + other.wages), Fen(self.compensation + other.compensation)
        )  # fmt: skip

    def short_of(self, due: "Money") -> "Money":
        """What is still missing of what is due; too much of one is not enough of the other."""
        return Money(
            Fen(max(0, due.wages - self.wages)), Fen(max(0, due.compensation - self.compensation))
        )

    def beyond(self, due: "Money") -> bool:
        """Whether it is more than what is due, of wages or of compensation."""
        return self.wages > due.wages or self.compensation > due.compensation

    @property
    def total(self) -> Fen:
        return Fen(self.wages + self.compensation)

    @property
    def negative(self) -> bool:
        return self.wages < 0 or self.compensation < 0

    def __bool__(self) -> bool:
        return bool(self.wages or self.compensation)


NOTHING = Money()


def summed(amounts: Iterable[Money]) -> Money:
    """The sum of these amounts, wages and compensation apart."""
    wages = compensation = 0
    for each in amounts:
        wages += each.wages
        compensation += each.compensation
    return Money(Fen(wages), Fen(compensation))


def shared_out(total: Fen, owed: Mapping[K, Fen]) -> dict[K, Fen]:
    """Splits a sum in proportion to what each is owed; the parts sum to it, to the fen.

    Where nothing is owed to anybody, in equal parts. The fen that division leaves over go, one
    each, to those whose part was cut most; between equals to the one named first.
    """
    weights = dict(owed) if any(owed.values()) else dict.fromkeys(owed, Fen(1))
    whole = sum(weights.values())
    parts = {each: total * weight // whole for each, weight in weights.items()}
    cut = sorted(weights, key=lambda each: -(total * weights[each] % whole))
    for each in cut[: total - sum(parts.values())]:
        parts[each] += 1
    return {each: Fen(part) for each, part in parts.items()}
