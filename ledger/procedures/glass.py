"""Breaking the glass (紧急查阅办理): a file opened in an emergency, and looked at by somebody else."""

from datetime import date

from ledger.book import Entry, Ledger, NotFound, Reader
from ledger.clock import working_days_after
from ledger.domain.glass import (
    HOURS,
    REVIEW_DAYS,
    Emergency,
    Glass,
    GlassBroken,
    GlassFinding,
    GlassReviewed,
)
from ledger.domain.ids import GlassId, PersonId, new_glass
from ledger.projections import glasses, worker_files
from ledger.projections.glasses import GlassRow


def break_glass(
    entry: Entry, person: PersonId, emergency: Emergency, reason: str, hours: int = HOURS
) -> GlassBroken:
    """Opens a person's file to the officer who signed in, from the record on, for some hours.

    Raises: NotFound, ReasonTooShort, GlassTooLong, ProcessingStopped.
    """
    if not worker_files.mentions(entry.conn, entry.ledger.origin, [person]):
        raise NotFound(person)
    due = working_days_after(entry.act.today, REVIEW_DAYS)
    broken = Glass.smash(
        entry.act, new_glass(), person, emergency, reason, review_by=due, hours=hours
    )
    entry.start(broken)
    return broken


def review_glass(
    entry: Entry, glass: GlassId, finding: GlassFinding, opinion: str = ""
) -> GlassReviewed:
    """Says what is to be thought of it. Raises: NotFound, GlassReviewedAlready, OwnGlass."""
    reviewed = entry.read(Glass, glass).review(entry.act, finding, opinion)
    entry.write(reviewed)
    return reviewed


def sees_through(reader: Reader, officer: PersonId, person: PersonId) -> GlassRow | None:
    """The glass through which an officer may see a person at this moment, by the ledger's clock."""
    conn, origin = reader.conn, reader.ledger.origin
    ids = worker_files.identity(conn, origin, person)
    return glasses.open_for(conn, origin, officer, ids, reader.ledger.clock.now())


def overdue_glasses(ledger: Ledger, today: date | None = None) -> list[GlassRow]:
    """What should have been reviewed before this day, and was not."""
    day = today or ledger.today
    with ledger.reading() as reader:
        rows = glasses.listing(reader.conn, ledger.origin, reviewed=False, limit=200).rows
    return [row for row in rows if row.late(day)]
