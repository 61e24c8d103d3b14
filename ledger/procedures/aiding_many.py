"""Many grants at once (批量审核、审批): a result for each, and the total that was seen.

Each is judged by itself, by the same law as alone: who had a hand in one of them is refused that
one, and what was approved a moment before counts towards the caps of the next.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from ledger.book import Entry
from ledger.domain.aid import AidGrant
from ledger.domain.ids import FundId, GrantId
from ledger.domain.kernel import Code, Fen, Refused
from ledger.procedures import aiding


class TotalDiffers(
    Refused,
    zh="所列各笔的合计与所见合计不一致。",
    article="rules (e) audits",
    instead="重新查看所列各笔及合计后再审批。",
):
    """Who approves many at once approves the total that she saw."""


@dataclass
class Listed:
    """What became of each: `done` with its amount in fen, `refused` with the rule."""

    done: dict[GrantId, Fen] = field(default_factory=dict[GrantId, Fen])
    refused: dict[GrantId, Refused] = field(default_factory=dict[GrantId, Refused])

    @property
    def total(self) -> Fen:
        return Fen(sum(self.done.values()))


def review_many(entry: Entry, grants: Iterable[GrantId], opinion: str = "") -> Listed:
    """A second look at each, as it was asked for. Raises: NotFound."""
    return _each(entry, grants, lambda grant: aiding.review(entry, grant, opinion=opinion))


def approve_many(
    entry: Entry, seen: Mapping[GrantId, str], total: Fen, fund: FundId, *,
    minutes: Code | None = None, opinion: str = "",
) -> Listed:  # fmt: skip
    """Approves each as it was seen (grant → content), under the total that was seen, in fen.

    The entry holds the head. Raises: NotFound, TotalDiffers.
    """
    assert entry.locked
    entry.read_ahead(seen)
    listed = sum(entry.read(AidGrant, grant).amount for grant in seen)
    if listed != total:
        raise TotalDiffers(total=total, listed=listed)
    return _each(
        entry, seen,
        lambda grant: aiding.approve(
            entry, grant, seen[grant], fund, minutes=minutes, opinion=opinion
        ),
    )  # fmt: skip


def _each(entry: Entry, grants: Iterable[GrantId], act: Callable[[GrantId], None]) -> Listed:
    listed, every = Listed(), list(dict.fromkeys(grants))
    entry.read_ahead(every)
    for grant in every:
        try:
            with entry.attempt():
                act(grant)
        except Refused as refused:
            listed.refused[grant] = refused
        else:
            listed.done[grant] = entry.look_up(AidGrant, grant).amount
    return listed
