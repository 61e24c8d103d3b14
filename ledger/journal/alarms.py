"""What went wrong between journals, kept (警示留存): evidence for good, and troubles while they last.

Evidence is what another log has shown that goes against what it showed before: its bytes as they
came, never changed, so that somebody else can judge. A trouble is what the exchange or the signer
has met at its work; it stands until the same work has gone well again. Of both it is counted how
often they were met: what an officer has settled (`ledger.domain.alarms`) and is met once more
stands again.
"""

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, insert, select, update

from ledger.journal.tables import contradiction, trouble

MOST = 100
"""How many contradictions are kept of one log; the first ones matter."""

REFUSAL, BAR, JUMP = "refusal", "bar", "jump"
"""Troubles of our signer and its witnesses: refused by one, read-only, the clock was moved."""


class Contradiction(NamedTuple):
    """One thing that a log has shown against itself: under which digest, when, and the bytes."""

    log: str
    digest: str
    kind: str
    size: int  # how much of the log we had seen then
    shown: bytes
    at: str
    times: int  # how often it was shown, or what is kept no more of this log
    last: str


class Trouble(NamedTuple):
    """What is wrong now: with whom, of which kind, since when, and what it turns on."""

    about: str
    kind: str
    since: str
    facts: Mapping[str, Any]
    times: int  # how often it was met since

    @property
    def digest(self) -> str:
        """Under what it is settled: the same trouble at another time has another."""
        return sha256(f"{self.about}\n{self.kind}\n{self.since}".encode()).hexdigest()


# ── evidence ─────────────────────────────────────────────────────────────────────────────────


def keep(conn: Connection, log: str, kind: str, shown: bytes, at: str, *, size: int = 0) -> None:
    """Keeps what a log has shown, once, and counts it where it is shown again.

    Where so much is kept of a log already, it counts with the newest that is: nothing goes unheard.
    """
    digest = sha256(shown).hexdigest()
    held = select(contradiction.c.digest).where(contradiction.c.log == log)
    kept = [
        row[0] for row in conn.execute(held.order_by(contradiction.c.at, contradiction.c.digest))
    ]
    if digest not in kept:
        if len(kept) < MOST:
            conn.execute(
                insert(contradiction).values(
                    log=log,
                    digest=digest,
                    kind=kind,
                    size=size,
                    shown=shown,
                    at=at,
                    times=1,
                    last=at,
                )
            )
            return
        digest = kept[-1]
    conn.execute(
        update(contradiction)
        .where(contradiction.c.log == log, contradiction.c.digest == digest)
        .values(times=contradiction.c.times + 1, last=at)
    )


def contradictions(conn: Connection, log: str | None = None) -> list[Contradiction]:
    """All that is kept, of one log or of all, the oldest first."""
    asked = select(*_COLUMNS).order_by(contradiction.c.at, contradiction.c.digest)
    if log is not None:
        asked = asked.where(contradiction.c.log == log)
    return [_contradiction(row) for row in conn.execute(asked)]


def contradiction_of(conn: Connection, digest: str, log: str | None = None) -> Contradiction | None:
    """What is kept under a digest, or under the beginning of one if nothing else begins so."""
    asked = select(*_COLUMNS).where(contradiction.c.digest.startswith(digest, autoescape=True))
    if log is not None:
        asked = asked.where(contradiction.c.log == log)
    found = [_contradiction(row) for row in conn.execute(asked.limit(2))]
    return found[0] if len(found) == 1 else None


_COLUMNS = [contradiction.c[name] for name in Contradiction._fields]


def _contradiction(row: Any) -> Contradiction:
    made = Contradiction._make(row)
    return made._replace(shown=bytes(made.shown))


# ── troubles ─────────────────────────────────────────────────────────────────────────────────


def meet(conn: Connection, about: str, kind: str, at: str, facts: Mapping[str, Any]) -> None:
    """Writes down what is wrong; since when stays as it was met first."""
    met = conn.execute(
        select(trouble.c.since, trouble.c.times).where(
            trouble.c.about == about, trouble.c.kind == kind
        )
    ).first()
    since, times = met or (at, 0)
    passed(conn, about, [kind])
    told = json.dumps(facts, ensure_ascii=False, sort_keys=True, default=str)
    conn.execute(
        insert(trouble).values(about=about, kind=kind, since=since, facts=told, times=times + 1)
    )


def passed(conn: Connection, about: str, kinds: Iterable[str]) -> None:
    """What was wrong has passed."""
    conn.execute(delete(trouble).where(trouble.c.about == about, trouble.c.kind.in_(list(kinds))))


def troubles(conn: Connection) -> list[Trouble]:
    """All that is wrong now, by whom it concerns."""
    rows = conn.execute(
        select(
            trouble.c.about, trouble.c.kind, trouble.c.since, trouble.c.facts, trouble.c.times
        ).order_by(trouble.c.about, trouble.c.kind)
    )
    return [
        Trouble(about, kind, since, json.loads(facts), times)
        for about, kind, since, facts, times in rows
    ]
