"""The record as stored (记录): one event, where it stands, who put it there and when.

`record bytes = header JSON ‖ 0x0A ‖ body bytes`, both canonical and kept as they are; the leaf is
their hash. What is written here is final from the first record: nothing is ever re-serialised in
order to hash it.

Header members (a member that is not there is left out): `origin`, `position` (from 1), `stream`,
`version` (from 1), `kind`, `at` (UTC, six decimals), `on` (business date), `officer` (who signed
in), `decided_by` {`who`, `office`, `paper`}, `union`, `office`, `entry`, `part` [i, n],
`correlation`, `causation` (`origin#position`), `corrects` (a position of this journal), `evidence`
(commitments, hex), `late` (a code: why it was entered late). Ids, codes, dates and paper numbers
only: a person is an id.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from eventsourcing.persistence import StoredEvent

from ledger.domain.kernel import Act, Code, Decision, Event, Fact, Office
from ledger.journal import canonical
from ledger.journal.merkle import leaf_hash

NEWLINE = b"\n"


class Record(NamedTuple):
    """One record as stored, a row of its table: copies of header fields, and the bytes that count."""

    origin: str
    position: int
    stream: str
    version: int
    kind: str
    header: bytes
    body: bytes
    leaf: bytes

    @property
    def bytes(self) -> bytes:
        return self.header + NEWLINE + self.body

    @property
    def ref(self) -> str:
        return f"{self.origin}#{self.position}"


@dataclass(frozen=True, slots=True)
class Particulars:
    """What a record carries beside its stream, version, kind and body, all made before the lock.

    `header` has what the journal does not decide itself; the rest goes to tables of their own.
    """

    header: Mapping[str, Any] = field(default_factory=dict[str, Any])
    takes: Sequence[tuple[str, str]] = ()  # (rule, key)
    frees: Sequence[tuple[str, str | None]] = ()  # (rule, key or, None, all that the stream holds)
    sealed: Sequence[tuple[str, str, bytes]] = ()  # (subject, group, box)
    tokens: Sequence[tuple[str, bytes, str]] = ()  # (kind, token, person)

    @property
    def is_bare(self) -> bool:
        """Whether it brings nothing to any other table."""
        return not (self.takes or self.frees or self.sealed or self.tokens)


PLAIN = Particulars()
"""The particulars of a record of which no more is known than what it says."""


def instant(text: str) -> datetime:
    """Reads `at` as the header writes it."""
    return datetime.fromisoformat(text)


def written(at: datetime) -> str:
    """Writes an instant as the header has it: UTC, six decimals, `Z`."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def header_of(
    act: Act, *, corrects: int | None = None, causation: str | None = None
) -> dict[str, Any]:
    """What an act contributes to the headers of its records."""
    header: dict[str, Any] = {
        "on": act.on.isoformat(),
        "officer": act.officer,
        "union": act.union,
        "office": act.office.value,
    }
    if act.decided_by is not None:
        decided: dict[str, Any] = {
            "who": act.decided_by.who,
            "office": act.decided_by.office.value,
        }
        if act.decided_by.paper is not None:
            decided["paper"] = act.decided_by.paper
        header["decided_by"] = decided
    if act.evidence:
        header["evidence"] = list(act.evidence)
    if act.late is not None:
        header["late"] = act.late.value
    if act.correlation is not None:
        header["correlation"] = act.correlation
    if corrects is not None:
        header["corrects"] = corrects
    if causation is not None:
        header["causation"] = causation
    return header


def place(
    origin: str,
    position: int,
    at: str,
    entry: str,
    part: tuple[int, int],
    stored: StoredEvent,
    header: Mapping[str, Any],
) -> Record:
    """Gives an event its place in the journal and hashes it. Raises: NotCanonical."""
    stream = str(stored.originator_id)
    version, kind, body = stored.originator_version, stored.topic, stored.state
    head = canonical.encode_own(
        {
            **header,
            "origin": origin,
            "position": position,
            "stream": stream,
            "version": version,
            "kind": kind,
            "at": at,
            "entry": entry,
            "part": part,
        }
    )
    data = head + NEWLINE + body
    if len(data) > canonical.MAX_BYTES:
        raise canonical.NotCanonical(
            f"a record of {len(data)} bytes; {canonical.MAX_BYTES} at most"
        )
    return Record(origin, position, stream, version, kind, head, body, leaf_hash(data))


def fact_of(event: Event, header: Mapping[str, Any]) -> Fact:
    """An event and its circumstances, from a parsed header."""
    get = header.get
    decided = get("decided_by")
    office = get("office")
    at = get("at")
    on = get("on")
    fact = Fact.__new__(Fact)
    # A frozen dataclass sets each field through object.__setattr__; replay builds millions.
    fact.__dict__.update(
        event=event,
        on=date.fromisoformat(on) if on else instant(header["at"]).date(),
        origin=header["origin"],
        position=header["position"],
        at=datetime.fromisoformat(at) if at else None,
        officer=get("officer"),
        decided_by=_decision(decided) if decided else None,
        union=get("union"),
        office=_OFFICES[office] if office else None,
        corrects=get("corrects"),
        causation=get("causation"),
    )
    return fact


_OFFICES = {office.value: office for office in Office}


def _decision(decided: Mapping[str, Any]) -> Decision:
    paper = decided.get("paper")
    return Decision(decided["who"], Office(decided["office"]), Code(paper) if paper else None)
