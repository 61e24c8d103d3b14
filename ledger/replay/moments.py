"""Between two moments (两个时点之间): which records the later one has and the earlier had not, and why."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import NamedTuple, Protocol

from ledger.clock import beijing
from ledger.replay.told import KnownOn, Line


class Difference(NamedTuple):
    """What another moment knows or shows otherwise: one line, and why it is another."""

    line: Line
    why: str  # 后来发生 · 后来登记 · 已更正 · 已作废 · 不再计入


class Compared(NamedTuple):
    """What two moments have different: measures (what, then, now), and lines."""

    changes: tuple[tuple[str, str, str], ...]
    lines: tuple[Difference, ...]


class Moment(Protocol):
    """A file as at a date, as known on a date."""

    @property
    def known_on(self) -> KnownOn: ...

    @property
    def lines(self) -> Sequence[Line]: ...


def differences(then: Moment, now: Moment) -> Iterator[Difference]:
    """What stands in the one file and not in the other, in the order of the later one."""
    before = {line.ref: line for line in then.lines if not line.hidden}
    after = {line.ref: line for line in now.lines if not line.hidden}
    for line in now.lines:
        old = before.get(line.ref)
        if line.hidden:
            continue
        if old is None:
            known = then.known_on is not None and not _known_by(line, then.known_on)
            yield Difference(line, "后来登记" if known else "后来发生")
        elif line.struck and not old.struck:
            by = after.get(line.corrected_by or "")
            yield Difference(line, "已作废" if by and by.kind == "FactAnnulled" else "已更正")
    for line in then.lines:
        if not line.hidden and line.ref not in after:
            yield Difference(line, "不再计入")


def _known_by(line: Line, known_on: date | datetime) -> bool:
    if line.known is None:
        return True
    if isinstance(known_on, datetime):
        return line.known <= known_on
    return beijing(line.known).date() <= known_on
