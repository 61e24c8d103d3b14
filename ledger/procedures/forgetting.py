"""Forgetting a person (限制与删除办理): what still needs her, what keeps her, and what it reaches.

All ids of one person go together, in one entry that holds the head (`lock=True`). What a record
cannot reach goes in the same transaction (keys, tokens, boxes, accounts), or right after it: the
files of attachments, the database's own log, and the list by which a restore forgets her again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Column, delete, func, select

from ledger.book import Entry, Ledger, NotFound, Reader
from ledger.domain.channels import (
    ShredAnswer,
    ShredAnswered,
    ShredRequested,
)
from ledger.domain.forgetting import (
    Forgetting,
    Ground,
    LiftCause,
    Need,
    Needed,
    PersonRestricted,
    PersonShredded,
    RestrictionLifted,
)
from ledger.domain.ids import PersonId, RetentionId, TripId, officer_of, retention_of
from ledger.domain.kernel import Act, Code, Fact
from ledger.domain.offices import Offices
from ledger.domain.retention import (
    Holding,
    Kept,
    NoTermsInForce,
    Retention,
    RetentionAdopted,
    Term,
    holdings,
    kept_as,
)
from ledger.domain.rights import CaseState
from ledger.domain.services import Trip
from ledger.journal import shredded
from ledger.journal.record import written
from ledger.journal.tables import (
    account,
    attachment,
    command,
    person_key,
    sealed,
    session,
    token,
    wanted,
)
from ledger.procedures.delegation import acted_for
from ledger.procedures.sharing import link_of, stop_sharing
from ledger.projections import (
    arrears,
    case_boards,
    forgetting,
    glasses,
    grants,
    hardship_files,
    questions,
    rosters,
    transfers,
    worker_files,
)
from ledger.projections.channels import links_of
from ledger.projections.posting import live

# ── terms ────────────────────────────────────────────────────────────────────────────────────


def adopt_terms(
    entry: Entry, edition: Code, terms: Sequence[Term], *, since: date | None = None,
    paper: Code | None = None,
) -> RetentionAdopted:  # fmt: skip
    """Adopts retention terms. Raises: EveryKindOnce, ShorterThanTheLaw, EditionTaken."""
    stream = retention_of(entry.ledger.root)
    adopted = entry.look_up(Retention, stream).adopt(
        entry.act, stream, edition, terms, since, paper
    )
    entry.write(adopted)
    return adopted


def retention_stream(reader: Reader) -> RetentionId:
    """Where the retention terms of this journal stand."""
    return retention_of(reader.ledger.root)


def terms_in_force(reader: Reader, on: date) -> RetentionAdopted:
    """The retention terms of a day. Raises: NoTermsInForce."""
    return reader.get(Retention, retention_of(reader.ledger.root)).in_force(on)


# ── what keeps a person ──────────────────────────────────────────────────────────────────────


def needs(reader: Reader, persons: Iterable[PersonId]) -> list[Need]:
    """What runs in this journal and still needs one of these ids of a person."""
    conn, origin, today = reader.conn, reader.ledger.origin, reader.ledger.today
    ids = sorted(persons)
    found: list[Need] = []
    for members in rosters.of_persons(conn, origin, ids, today).values():
        found += [Need(Needed.MEMBERSHIP, m.membership) for m in members if m.origin == origin]
    for person in ids:
        moving = transfers.Sought(today, tab=transfers.Tab.WAITING, person=person)
        rows = transfers.listing(conn, origin, moving, limit=20).rows
        found += [Need(Needed.TRANSFER, line.transfer) for line in rows]
        asked = questions.Sought(today, open=True, person=person)
        lines = questions.listing(conn, origin, asked, limit=20).rows
        found += [Need(Needed.QUESTION, line.question) for line in lines]
        posts = reader.get(Offices, officer_of(person)).on(today)
        found += [Need(Needed.OFFICE, post.union) for post in posts]
    found += [Need(Needed.GRANT, grant) for grant in grants.unfinished(conn, origin, ids)]
    files = hardship_files.open_of(conn, origin, ids)
    found += [Need(Needed.HARDSHIP, file.file) for file in files if file.origin == origin]
    cases = {line.case for line in arrears.of_person(conn, origin, ids) if not line.withdrawn}
    for case, board in case_boards.get(conn, origin, cases).items():
        if board.state is not CaseState.CLOSED:
            found.append(Need(Needed.CASE, case))
    for trip in worker_files.streams_of(conn, origin, ids, "tri"):
        told = reader.get(Trip, trip)
        waiting = any(p in told.seats and p not in told.departed for p in ids)
        ahead = told.announced is not None and told.announced.leaves >= today
        if told.origin == origin and told.cancelled is None and waiting and ahead:
            found.append(Need(Needed.TRIP, TripId(trip)))
    found += [Need(Needed.GLASS, row.glass) for row in glasses.unreviewed(conn, origin, ids)]
    return list(dict.fromkeys(found))


def last_facts(reader: Reader, persons: Iterable[PersonId]) -> dict[Kept, date]:
    """The newest day of each kind of fact that this journal itself holds of a person."""
    origin, found = reader.ledger.origin, dict[Kept, date]()
    places = [
        mention.place
        for mention in worker_files.mentions(reader.conn, origin, persons)
        if mention.origin == origin
    ]
    for _, fact in reader.facts_at(places):
        kept = kept_as(Code(type(fact.event).__name__))
        if kept is not None:
            found[kept] = max(fact.on, found.get(kept, fact.on))
    return found


@dataclass(frozen=True)
class Standing:
    """How somebody stands who is to be forgotten: what needs her, and what keeps her until when."""

    persons: tuple[PersonId, ...]  # all ids of the one person
    needs: tuple[Need, ...]
    holdings: tuple[Holding, ...]
    edition: Code

    @property
    def until(self) -> date:
        """The first day on which nothing keeps her (where nothing does: long ago)."""
        return max((one.until for one in self.holdings), default=date.min)

    def kept(self, on: date) -> tuple[Code, ...]:
        """The kinds of fact whose terms run on a day."""
        return tuple(Code(one.kept.value) for one in self.holdings if one.until > on)


def standing_of(reader: Reader, person: PersonId) -> Standing:
    """How a person stands. Raises: NoTermsInForce."""
    conn, origin = reader.conn, reader.ledger.origin
    ids = tuple(sorted(worker_files.identity(conn, origin, person)))
    terms = terms_in_force(reader, reader.ledger.today)
    held = holdings(terms.terms, last_facts(reader, ids))
    return Standing(ids, tuple(needs(reader, ids)), tuple(held), terms.edition)


@dataclass(frozen=True)
class Reach:
    """What shredding takes of somebody, and what of her stays in the record."""

    texts: int  # sealed in the records
    papers: int
    accounts: int
    records: int  # of ours that name her by her id; they stay
    partners: tuple[str, ...]  # who are asked to do the same


def reach_of(reader: Reader, persons: Iterable[PersonId]) -> Reach:
    """What shredding all these ids of one person would take now; nothing where it was done."""
    conn, origin, ids = reader.conn, reader.ledger.origin, sorted(persons)

    def number(column: Column[str]) -> int:
        query = select(func.count()).select_from(column.table).where(column.in_(ids))
        return conn.execute(query).scalar_one()

    records = {
        mention.position
        for mention in worker_files.mentions(conn, origin, ids)
        if mention.origin == origin
    }
    partners = {each for person in ids for each in _partners_of(reader, person)}
    return Reach(
        number(sealed.c.subject), number(attachment.c.subject), number(account.c.person),
        len(records), tuple(sorted(partners)),
    )  # fmt: skip


# ── restricted, lifted, shredded ─────────────────────────────────────────────────────────────


def restrict(
    entry: Entry, person: PersonId, ground: Ground, paper: Code | None = None
) -> PersonRestricted:
    """Stops all but keeping, of all ids of a person; partners are given nothing more.

    Raises: NotFound, NoTermsInForce, and what `Forgetting.restrict` raises.
    """
    assert entry.locked
    if not entry.history(person):
        raise NotFound(person)
    told = standing_of(entry, person)
    events = [
        _state(entry, each).restrict(
            entry.act, each, ground, until=max(told.until, entry.act.today), edition=told.edition,
            held_by=told.kept(entry.act.today), needs=told.needs, paper=paper,
            acting_for=_acting_for(entry),
        )
        for each in told.persons
        if _state(entry, each).restricted is None or each == person
    ]  # fmt: skip
    for event in events:
        entry.write(event)
        _rest(entry, event.person)
    return next(event for event in events if event.person == person)


def lift(
    entry: Entry, person: PersonId, why: LiftCause, paper: Code | None = None
) -> RestrictionLifted:
    """Lets a person's data be processed again. Raises: PersonForgotten, NotRestricted."""
    assert entry.locked
    ids = worker_files.identity(entry.conn, entry.ledger.origin, person)
    lifted = _state(entry, person).lift(entry.act, person, why, paper)
    others = [e for e in sorted(ids - {person}) if _state(entry, e).restricted is not None]
    for event in (lifted, *(_state(entry, e).lift(entry.act, e, why, paper) for e in others)):
        entry.write(event)
        entry.ledger.vault.wake(entry.conn, event.person)
    return lifted


def shred(entry: Entry, person: PersonId, paper: Code | None = None) -> PersonShredded:
    """Destroys the keys of all ids of a person, and asks the partners to do the same.

    Raises: NoTermsInForce, and what `Forgetting.shred` raises.
    """
    assert entry.locked
    if not entry.history(person):
        raise NotFound(person)
    told = standing_of(entry, person)
    events = [
        _state(entry, each).shred(
            entry.act, each, until=told.until, needs=told.needs, paper=paper,
            acting_for=_acting_for(entry),
        )
        for each in told.persons
        if _state(entry, each).shredded is None or each == person
    ]  # fmt: skip
    for event in events:
        entry.write(event)
        _ask_partners(entry, event.person)
        _answer_late(entry, event.person)
    destroy(entry, [event.person for event in events])
    return next(event for event in events if event.person == person)


def _state(entry: Entry, person: PersonId) -> Forgetting:
    return entry.look_up(Forgetting, person)


def _acting_for(entry: Entry) -> PersonId | None:
    act = entry.act
    return min(acted_for(entry, act.decider, act.union, act.on, act.deciding_office), default=None)


def _rest(entry: Entry, person: PersonId) -> None:
    entry.ledger.vault.rest(entry.conn, person, written(entry.ledger.clock.now()))
    for partner in _partners_of(entry, person):
        stop_sharing(entry, person, partner)


def _partners_of(reader: Reader, person: PersonId) -> list[str]:
    """Everybody to whom something of a person was ever given, or who gave something of her."""
    own, found = reader.ledger.origin, set[str]()
    for row in links_of(reader.conn, own, [person]).get(person, ()):
        found.add(row["partner"])
    for partner in reader.partners:
        if links_of(reader.conn, partner, [person]).get(person):
            found.add(partner)
    return sorted(found - {own})


def _ask_partners(entry: Entry, person: PersonId, but: str = "") -> None:
    """One request to each partner, but not to one that has forgotten her before us (`but`)."""
    act = entry.ledger.procedure(entry.act.union)
    rows = forgetting.requests(entry.conn, entry.ledger.origin, [person])
    gone = {but, *(row.origin for row in rows)}
    for partner in _partners_of(entry, person):
        if partner not in gone:
            entry.write(ShredRequested(person, Code(partner)), act=act)
        held = link_of(entry, person, partner)
        closed = held.close(act, Code("forgotten")) if held else None
        if closed is not None:
            entry.write(closed, act=act)


def _answer_late(entry: Entry, person: PersonId, but: str = "") -> None:
    """Tells the partners who asked earlier, and were told to wait, that it is done."""
    own, act = entry.ledger.origin, entry.ledger.procedure(entry.act.union)
    for row in forgetting.requests(entry.conn, own, [person]):
        waits = row.asked == own and row.answer not in (None, ShredAnswer.SHREDDED)
        if waits and row.origin != but:
            done = ShredAnswered(person, Code(row.origin), ShredAnswer.SHREDDED)
            entry.write(done, act=act)


# ── what it reaches ──────────────────────────────────────────────────────────────────────────


def destroy(entry: Entry, persons: Sequence[PersonId]) -> None:
    """Destroys what makes these persons readable, in the entry that records their shredding."""
    conn, ledger = entry.conn, entry.ledger
    files = conn.execute(
        select(attachment.c.commitment).where(attachment.c.subject.in_(persons))
    ).scalars()
    gone = list(files)
    at = written(ledger.clock.now())
    for person in persons:
        ledger.vault.forget(conn, person, at)
    names = list(
        conn.execute(select(account.c.name).where(account.c.person.in_(persons))).scalars()
    )
    conn.execute(delete(session).where(session.c.account.in_(names)))
    conn.execute(delete(command).where(command.c.account.in_(names)))
    conn.execute(delete(account).where(account.c.name.in_(names)))
    conn.execute(delete(wanted).where(wanted.c.person.in_(persons)))
    entry.afterwards.append(lambda: _clear(ledger, gone))


def _clear(ledger: Ledger, files: Sequence[str]) -> None:
    note_shredded(ledger)
    if ledger.attachments is not None:
        ledger.attachments.remove(files)
    ledger.database.scrub(person_key, token)


def note_shredded(ledger: Ledger) -> int:
    """Brings the list outside the database up to date; returns how many were missing on it.

    Done after every shredding, before every backup and every day: a kill in between is made good.
    """
    with ledger.database.reading() as conn:
        gone = ledger.vault.shredded(conn)
    return shredded.note(ledger.vault.keyring.folder, gone)


# ── what a partner asks of us ────────────────────────────────────────────────────────────────


def answer_request(entry: Entry, fact: Fact, asked: ShredRequested) -> None:
    """A partner has forgotten somebody: what came from there goes too, where nothing keeps it.

    What our own duties still need is kept and said so; what only our terms keep is restricted.
    """
    conn, own = entry.conn, entry.ledger.origin
    if asked.partner != own:
        return
    act = entry.ledger.procedure(entry.ledger.root)
    ids = tuple(sorted(worker_files.identity(conn, own, asked.person)))
    said = replace(_answered(entry, act, ids, asked, fact.origin), partner=Code(fact.origin))
    entry.write(said, act=act, causation=fact.ref)


def _answered(
    entry: Entry, act: Act, ids: Sequence[PersonId], asked: ShredRequested, requester: str
) -> ShredAnswered:
    person, today = asked.person, act.today

    def answer(
        what: ShredAnswer, kept: Iterable[str] = (), until: date | None = None
    ) -> ShredAnswered:
        return ShredAnswered(person, asked.partner, what, tuple(map(Code, kept)), until)

    if _state(entry, person).shredded is not None:
        return answer(ShredAnswer.SHREDDED)
    running, last = needs(entry, ids), last_facts(entry, ids)
    if running:
        return answer(ShredAnswer.KEPT, sorted({need.kind for need in running}))
    try:
        terms = terms_in_force(entry, today)
    except NoTermsInForce:
        if last:
            return answer(ShredAnswer.KEPT, sorted(last))
        edition, held = Code("none"), list[Holding]()
    else:
        edition, held = terms.edition, holdings(terms.terms, last)
    until = max((one.until for one in held), default=today)
    kept = sorted({one.kept for one in held if one.until > today})
    for each in ids:
        state = _state(entry, each)
        if state.restricted is None:
            restricted = state.restrict(
                act, each, Ground.PARTNER, until=max(until, today), edition=edition,
                held_by=map(Code, kept), needs=(),
            )  # fmt: skip
            entry.write(restricted, act=act)
            _rest(entry, each)
    if until > today:
        return answer(ShredAnswer.RESTRICTED, kept, until)
    for each in ids:
        entry.write(_state(entry, each).shred(act, each, until=until, needs=()), act=act)
        _ask_partners(entry, each, but=requester)
        _answer_late(entry, each, but=requester)
    destroy(entry, ids)
    return answer(ShredAnswer.SHREDDED)


# ── whose terms are over ─────────────────────────────────────────────────────────────────────


def ended(reader: Reader, limit: int = 100, after: str = "") -> tuple[list[PersonId], str]:
    """Persons whom nothing needs and no term keeps any more, and who are not at rest yet.

    Looked for among those of whom nothing was recorded for as long as the shortest term; returns
    up to `limit` of them, and where to go on (empty: that was all). Raises: NoTermsInForce.
    """
    conn, origin, today = reader.conn, reader.ledger.origin, reader.ledger.today
    terms = terms_in_force(reader, today).terms
    shortest = min(term.years for term in terms if term.kept is Kept.MEMBERSHIP)
    silent = written(reader.ledger.clock.now().replace(year=today.year - max(shortest, 1), day=1))
    mention = worker_files.mention
    found: list[PersonId] = []
    while True:
        rows = conn.execute(
            select(mention.c.subject)
            .where(
                mention.c.generation == live(conn, origin, worker_files.NAME),
                mention.c.subject > (after or "per_"), mention.c.subject < "per`",
            )
            .group_by(mention.c.subject)
            .having(func.max(mention.c.known) < silent)
            .order_by(mention.c.subject)
            .limit(limit)
        )  # fmt: skip
        candidates = [PersonId(row[0]) for row in rows]
        resting = reader.ledger.vault.at_rest(conn, candidates)
        for person in candidates:
            after = person
            if person not in resting:
                told = standing_of(reader, person)
                if not told.needs and told.until <= today:
                    found.append(person)
                    if len(found) == limit:
                        return found, after
        if len(candidates) < limit:
            return found, ""
