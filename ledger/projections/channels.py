"""What the partner reads (对方省通道): one log for each partner, posted from our own journal.

Unlike other views a channel is a log: what has entered stays, so it is never rebuilt and has no
generations. Which of our records enters is the law's to say (`domain.channels.enters`); here is
kept what the law asks about: the terms of agreements, the links of persons, and which of our
records concern whom, so that a new link or agreement brings the earlier ones along.

A channel's leaf is the hash of `channel header ‖ 0x0A ‖ record bytes`. The header is canonical
JSON: `channel` (its name), `number` (from 1), `cause` (the position, in the sender's journal, of
the record that made this one enter: its own, or that of a link or a signature that brought it
along) and `under` (the agreement, the link, or what else it belongs to).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    Table,
    Text,
    bindparam,
    delete,
    or_,
    select,
)

from ledger.domain.aid import AidApplied
from ledger.domain.channels import (
    COMMON,
    OPENLY,
    Agreed,
    LinkClosed,
    Linked,
    LinkNarrowed,
    LinkOpened,
    agreements_of,
    common,
    covers,
    covers_whole,
    enters,
    for_everybody,
    is_agreement,
    scope_of,
    things_of,
)
from ledger.domain.kernel import Basis, Event, Group, NewerKind, Scope
from ledger.domain.partnerships import Partnership
from ledger.journal import canonical, codec
from ledger.journal.database import ByKey, Statement, load
from ledger.journal.merkle import leaf_hash
from ledger.journal.recorder import Head, grow, make_head, move_head, read_head
from ledger.journal.tables import channel_leaf, metadata, record
from ledger.projections.posting import Posting, Projection, channel_name, put
from ledger.projections.two_times import histories

EVERYBODY = ""
"""Whom a record concerns that concerns no person: unions, tallies, the journal itself."""

agreed_term = Table(
    "agreed_term",
    metadata,
    Column("partnership", Text, primary_key=True),
    Column("partner", Text, primary_key=True),
    Column("since", Text, primary_key=True),
    Column("scopes", Text, nullable=False),
    Column("over", Integer, nullable=False),
)

link = Table(
    "link",
    metadata,
    Column("origin", Text, primary_key=True),  # ours, or a partner's who shares with us
    Column("link", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("partner", Text, nullable=False),
    Column("partnership", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Column("consent", Text),
    Column("scopes", Text, nullable=False),
    Column("groups", Text, nullable=False),
    Column("open", Integer, nullable=False),
    Index("link_person", "person"),
)

shareable = Table(
    "shareable",
    metadata,
    Column("subject", Text, primary_key=True),  # a person, a thing of several, an agreement, all
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("scope", Text, nullable=False),
)

joined = Table(
    "joined",
    metadata,
    Column("stream", Text, primary_key=True),  # a thing that several persons share; an agreement
    Column("partner", Text, primary_key=True),  # who has to do with it, and reads of the whole
)

flow = Table(
    "flow",
    metadata,
    Column("partner", Text, primary_key=True),  # whose channel is entered by what concerns nobody
    Column("scope", Text, primary_key=True),
)


def leaf_of(header: bytes, data: bytes) -> bytes:
    """The hash of a channel's leaf, from its header and the record's bytes."""
    return leaf_hash(header + b"\n" + data)


def subjects(event: Event) -> tuple[str, ...]:
    """The persons whom a fact concerns: its own, and the other one where it joins two."""
    if isinstance(event, NewerKind):
        return ()
    both = codec.person_of(event), getattr(event, "other", None)
    return tuple(each for each in both if each and each.startswith("per_"))


def whole_of(posting: Posting) -> set[str]:
    """The thing that several persons share, where a fact is of the whole and of none of them."""
    stream = posting.record.stream
    whole = common(stream) and not subjects(posting.event)
    return {stream} if whole else set()


Row = dict[str, Any]


class Entering(NamedTuple):
    """A record of ours on its way into a channel."""

    position: int
    cause: int
    under: str


class _View:
    """Appends to the channels; see the module's own words."""

    name, zh = "channels", "对方省通道"
    tables: Sequence[Table] = ()  # none of which a rebuild could make a new generation

    def post(self, conn: Connection, generation: int, page: Sequence[Posting]) -> None:
        _keep(conn, page)
        desk = _Desk(conn, page)
        if desk.silent:
            return
        for posting in page:
            desk.take(posting)
        desk.close()


VIEW: Projection = _View()


def _keep(conn: Connection, page: Sequence[Posting]) -> None:
    """Remembers whom our records concern."""
    rows: list[tuple[str, int, str]] = []
    for posting in page:
        scope = scope_of(posting.event)
        if not posting.own or scope is Scope.NEVER:
            continue
        concerned = set(subjects(posting.event))
        openly = not concerned and scope in OPENLY
        if openly or scope is Scope.ORGANISATION or for_everybody(posting.event):
            rows.append((EVERYBODY, posting.seq, scope.value))
        elif scope is not Scope.ALWAYS:
            kept = (concerned or whole_of(posting)) | {*agreements_of(posting.event)}
            rows += [(each, posting.seq, scope.value) for each in kept]
    load(conn, shareable, rows)


_TERMS = Statement(select(agreed_term))
_FLOWING = Statement(select(flow.c.partner, flow.c.scope))
_OF_SUBJECT = Statement(
    select(shareable.c.position, shareable.c.scope)
    .where(shareable.c.subject == bindparam("subject"))
    .order_by(shareable.c.position)
)


_LINKS = ByKey(select(link), link.c.person)
_JOINED = ByKey(select(joined), joined.c.stream)
_RECORDS = ByKey(
    select(record.c.position, record.c.kind, record.c.stream, record.c.body).where(
        record.c.origin == bindparam("origin")
    ),
    record.c.position,
)


_APPLIED = AidApplied.__name__


def _things(posting: Posting) -> frozenset[str]:
    """The things of several that a posting is of, or is judged by."""
    stream = posting.record.stream
    own = frozenset({stream}) if common(stream) else frozenset[str]()
    return own if isinstance(posting.event, NewerKind) else own | things_of(posting.event)


class _Desk:
    """The state of sharing while one page is posted: read by sets before, written by sets after."""

    def __init__(self, conn: Connection, page: Sequence[Posting]) -> None:
        self._conn, self._page = conn, page
        self._terms = _terms(conn)
        agreements = {p.record.stream for p in page if is_agreement(p.event)}
        self.silent = not self._terms and not agreements
        if self.silent:
            return  # there is no partner, and none comes
        self._own = next(posting.fact.origin for posting in page if posting.own)
        self._flowing = {(row[0], Scope(row[1])) for row in _FLOWING.rows(conn)}
        self._were_flowing = set(self._flowing)
        self._links = self._links_of(page)
        self._histories = histories(conn, page, agreements)
        self._changed: dict[tuple[str, str], dict[str, Any]] = {}
        self._moved: set[str] = set()
        self._entering: dict[str, list[Entering]] = defaultdict(list)
        shared = {thing for posting in page for thing in _things(posting)}
        shared |= agreements | {agreement for agreement, _ in self._terms}
        self._joined = {(row[0], row[1]) for row in _JOINED.rows(conn, sorted(shared))}
        self._were_joined = set(self._joined)
        self._earlier = self._earlier_of(page)
        self._day: date | None = None
        self._agreed: dict[str, list[Agreed]] = {}

    # ── one posting ──

    def take(self, posting: Posting) -> None:
        if posting.known_on != self._day:
            self._day = posting.known_on
            self._look_up_agreed(posting.seq, before=posting.seq)
        event = posting.event
        agrees = is_agreement(event)
        if agrees:
            self._agree(posting)
        if isinstance(event, LinkOpened | LinkNarrowed | LinkClosed):
            self._link(event, posting.fact.origin)
        if posting.own:
            self._enter(posting)
        elif common(posting.record.stream):
            self._join(posting.record.stream, posting.fact.origin, posting.seq)
        if agrees:
            self._look_up_agreed(posting.seq, before=posting.seq + 1)
        if posting.own and isinstance(event, LinkOpened):
            self._bring_along(event, posting.seq)

    def _enter(self, posting: Posting) -> None:
        event = posting.event
        if scope_of(event) is Scope.NEVER:
            return
        concerned, stream, things = subjects(event), posting.record.stream, _things(posting)
        for partner, agreed in self._agreed.items():
            linked = [one for person in concerned for one in self._linked(person, partner)]
            under = enters(event, partner, agreed, linked if concerned else None)
            if under is None and whole_of(posting) and (stream, partner) in self._joined:
                under = covers_whole(scope_of(event), agreed)
            if under is not None:
                for thing in things:
                    self._join(thing, partner, posting.seq)
                self._entering[partner].append(Entering(posting.seq, posting.seq, under))

    def _join(self, stream: str, partner: str, cause: int) -> None:
        """A partner comes to have to do with a thing that several share: what is known of the
        whole goes there, and from now on what happens to it."""
        if (stream, partner) in self._joined:
            return
        self._joined.add((stream, partner))
        for position, scope in _OF_SUBJECT.rows(self._conn, subject=stream):
            under = covers_whole(Scope(scope), self._agreed.get(partner, ()))
            if position < cause and under is not None:
                self._entering[partner].append(Entering(position, cause, under))

    def _bind(self, agreement: str, partner: str, cause: int, before: int) -> None:
        """An agreement comes to bind a partner: what was done under it earlier goes there too."""
        if (agreement, partner) in self._joined:
            return
        self._joined.add((agreement, partner))
        rows = _OF_SUBJECT.rows(self._conn, subject=agreement)
        earlier = [position for position, _ in rows if position < before]
        for thing in self._shared_things(earlier) if earlier else ():
            self._join(thing, partner, cause)
        self._entering[partner] += [Entering(each, cause, agreement) for each in earlier]

    def _bring_along(self, event: LinkOpened, cause: int) -> None:
        """What concerned the person before the link, as far as the link covers it."""
        partner = str(event.partner)
        linked, agreed = self._linked(event.person, partner), self._agreed.get(partner, ())
        brought = [
            (Entering(position, cause, under), scope)
            for position, scope in self._earlier.get(event.person, ())
            if position < cause and (under := covers(scope, agreed, linked)) is not None
        ]
        of_several = [each.position for each, scope in brought if scope in COMMON.values()]
        for stream in self._shared_things(of_several) if of_several else ():
            self._join(stream, partner, cause)
        self._entering[partner] += [each for each, _ in brought]

    def _shared_things(self, positions: Sequence[int]) -> list[str]:
        """The things that several persons share, of which these records of ours tell."""
        rows = _RECORDS.rows(self._conn, list(positions), origin=self._own)
        found = sorted({
            thing
            for _, kind, stream, body in rows
            for thing in (stream, canonical.decode(body)["scheme"] if kind == _APPLIED else "")
            if common(thing)
        })  # fmt: skip
        before = {(row[0], row[1]) for row in _JOINED.rows(self._conn, found)}
        self._joined |= before
        self._were_joined |= before
        return found

    # ── agreements ──

    def _agree(self, posting: Posting) -> None:
        """Folds an agreement anew and writes down what it shares from which day on."""
        stream = posting.record.stream
        known = self._histories[stream]
        agreement = Partnership.of(each.fact for each in known if each.seq <= posting.seq)
        for key in [key for key in self._terms if key[0] == stream]:
            del self._terms[key]
        for partner in {str(party.origin) for party in agreement.partners(self._own)}:
            self._terms[stream, partner] = _spans(agreement, self._own, partner)
        self._moved.add(stream)
        self._agreed = self._agreed_on(posting.known_on)

    def _agreed_on(self, day: date) -> dict[str, list[Agreed]]:
        """By partner, what each agreement shares with it on a day."""
        found: dict[str, list[Agreed]] = {}
        for (partnership, partner), spans in sorted(self._terms.items()):
            begun = [span for span in spans if span[0] <= day]
            _, scopes, over = begun[-1] if begun else spans[0]
            found.setdefault(partner, []).append(Agreed(partnership, scopes, over))
        return found

    def _look_up_agreed(self, cause: int, *, before: int) -> None:
        """What is shared from here on; what concerns nobody follows where its scope has begun."""
        assert self._day is not None
        self._agreed = self._agreed_on(self._day)
        for partner, agreed in self._agreed.items():
            begun: dict[Scope, str] = {}
            for one in agreed:
                if one.begun:
                    self._bind(one.partnership, partner, cause, before)
            for scope in OPENLY:
                under = covers(scope, agreed, None)
                if under is None:
                    self._flowing.discard((partner, scope))
                elif (partner, scope) not in self._flowing:
                    self._flowing.add((partner, scope))
                    begun[scope] = under
            for position, scope in self._of_everybody() if begun else ():
                if scope in begun and position < before:
                    self._entering[partner].append(Entering(position, cause, begun[scope]))

    def _of_everybody(self) -> list[tuple[int, Scope]]:
        rows = _OF_SUBJECT.rows(self._conn, subject=EVERYBODY)
        return [(position, Scope(scope)) for position, scope in rows]

    # ── links ──

    def _links_of(self, page: Sequence[Posting]) -> dict[str, dict[tuple[str, str], Row]]:
        """The links of everybody on the page: by person, then by journal and link."""
        persons = list({person for posting in page for person in subjects(posting.event)})
        found: dict[str, dict[tuple[str, str], Row]] = {}
        for values in _LINKS.rows(self._conn, persons):
            row = dict(zip(link.columns.keys(), values, strict=True))
            found.setdefault(row["person"], {})[row["origin"], row["link"]] = row
        return found

    def _link(self, event: LinkOpened | LinkNarrowed | LinkClosed, origin: str) -> None:
        links = self._links.setdefault(event.person, {})
        key = origin, str(event.link)
        if isinstance(event, LinkOpened):
            links[key] = {
                "origin": origin, "link": event.link, "person": event.person,
                "partner": event.partner, "partnership": event.partnership,
                "basis": event.basis.value, "consent": event.consent,
                "scopes": _written(event.scopes), "groups": _written(event.groups), "open": 1,
            }  # fmt: skip
        elif key not in links:
            return  # nobody narrows or closes another's link
        elif isinstance(event, LinkNarrowed):
            left = set(groups_in(links[key]["groups"])) - set(event.groups)
            links[key]["groups"] = _written(left)
        else:
            links[key]["open"] = 0
        self._changed[key] = links[key]

    def _linked(self, person: str, partner: str) -> list[Linked]:
        return [
            as_linked(row)
            for row in self._links.get(person, {}).values()
            if row["origin"] == self._own and row["partner"] == partner
        ]

    def _earlier_of(self, page: Sequence[Posting]) -> dict[str, list[tuple[int, Scope]]]:
        """The records of ours about everybody who is linked on this page."""
        opened = {p.event.person for p in page if p.own and isinstance(p.event, LinkOpened)}
        persons = sorted(opened)
        found: dict[str, list[tuple[int, Scope]]] = {}
        for start in range(0, len(persons), 500):
            rows = self._conn.execute(
                select(shareable)
                .where(shareable.c.subject.in_(persons[start : start + 500]))
                .order_by(shareable.c.position)
            )
            for person, position, scope in rows:
                found.setdefault(person, []).append((position, Scope(scope)))
        return found

    # ── writing ──

    def close(self) -> None:
        """Writes what has changed, and appends to the channels."""
        put(self._conn, link, list(self._changed.values()))
        for partnership in self._moved:
            self._conn.execute(delete(agreed_term).where(agreed_term.c.partnership == partnership))
        load(self._conn, agreed_term, [
            (partnership, partner, since.isoformat(), _written(scopes), int(over))
            for (partnership, partner), spans in self._terms.items()
            if partnership in self._moved
            for since, scopes, over in spans
        ])  # fmt: skip
        stopped = self._were_flowing - self._flowing
        for partner, scope in stopped:
            self._conn.execute(
                delete(flow).where(flow.c.partner == partner, flow.c.scope == scope.value)
            )
        load(self._conn, flow, [
            (partner, scope.value) for partner, scope in sorted(self._flowing - self._were_flowing)
        ])  # fmt: skip
        load(self._conn, joined, sorted(self._joined - self._were_joined))
        for partner, entering in self._entering.items():
            self._append(partner, entering)

    def _append(self, partner: str, entering: Sequence[Entering]) -> None:
        log = channel_name(self._own, partner)
        head = read_head(self._conn, log)
        if head.frontier.size == 0:
            make_head(self._conn, log)
            entering = [*self._openings(entering[0].cause), *entering]
        new = self._unshared(log, entering)
        if not new:
            return
        records = self._records([each.position for each in new])
        rows: list[tuple[Any, ...]] = []
        for number, each in enumerate(new, head.frontier.size + 1):
            header = canonical.encode_own(
                {"channel": log, "number": number, "cause": each.cause, "under": each.under}
            )
            leaf = leaf_of(header, records[each.position])
            rows.append((log, number, self._own, each.position, header, leaf, None))
        load(self._conn, channel_leaf, rows)
        leaves = [row[5] for row in rows]
        frontier = grow(self._conn, log, head.frontier, leaves, channel=True)
        at = next(p.header["at"] for p in reversed(self._page) if p.own)
        move_head(self._conn, log, head, Head(frontier, at))

    def _openings(self, cause: int) -> list[Entering]:
        """What every channel begins with: who speaks."""
        return [
            Entering(position, cause, self._own)
            for position, scope in self._of_everybody()
            if scope is Scope.ALWAYS
        ]

    def _unshared(self, log: str, entering: Sequence[Entering]) -> list[Entering]:
        """Those that are not in the channel yet, each once."""
        first = {each.position: each for each in reversed(entering)}
        # Also what has just been recorded may be there: after a loss, the partner gave it back.
        old = [each.position for each in entering]
        for start in range(0, len(old), 500):
            rows = self._conn.execute(
                select(channel_leaf.c.position).where(
                    channel_leaf.c.log == log,
                    channel_leaf.c.origin == self._own,
                    channel_leaf.c.position.in_(old[start : start + 500]),
                )
            )
            for (position,) in rows:
                first.pop(position, None)
        return [each for each in entering if first.get(each.position) is each]

    def _records(self, positions: Sequence[int]) -> Mapping[int, bytes]:
        found = {p.seq: p.record.bytes for p in self._page if p.own}
        missing = [position for position in positions if position not in found]
        for start in range(0, len(missing), 500):
            rows = self._conn.execute(
                select(record.c.position, record.c.header, record.c.body).where(
                    record.c.origin == self._own,
                    record.c.position.in_(missing[start : start + 500]),
                )
            )
            found.update((at, bytes(header) + b"\n" + bytes(body)) for at, header, body in rows)
        return found


# ── how it is kept ───────────────────────────────────────────────────────────────────────────

Span = tuple[date, frozenset[Scope], bool]
Terms = dict[tuple[str, str], list[Span]]


def _terms(conn: Connection) -> Terms:
    found: Terms = {}
    for partnership, partner, since, scopes, over in sorted(_TERMS.rows(conn)):
        span = date.fromisoformat(since), frozenset(scopes_in(scopes)), bool(over)
        found.setdefault((partnership, partner), []).append(span)
    return found


def _spans(agreement: Partnership, own: str, partner: str) -> list[Span]:
    """From which day on an agreement shares what with a partner."""
    spans: list[Span] = [(date.min, frozenset(), False)]
    for day in agreement.days():
        bound = any(party.origin == partner for party in agreement.partners(own, day))
        shared = [scope for scope in Scope if bound and agreement.covers(scope, day)]
        spans.append((day, frozenset(shared) - {Scope.ALWAYS}, not bound))
    return spans


def _written(words: Iterable[Scope | Group]) -> str:
    return " ".join(sorted(words))


def scopes_in(text: str) -> list[Scope]:
    return [Scope(word) for word in text.split()]


def groups_in(text: str) -> list[Group]:
    return [Group(word) for word in text.split()]


def as_linked(row: Mapping[str, Any]) -> Linked:
    return Linked(
        row["link"],
        row["partnership"],
        frozenset(scopes_in(row["scopes"])),
        frozenset(groups_in(row["groups"])),
        bool(row["open"]),
    )


# ── questions ────────────────────────────────────────────────────────────────────────────────


def links_of(conn: Connection, origin: str, persons: Sequence[str]) -> dict[str, list[Any]]:
    """The links that a journal has opened for these persons, by person, each a row of `link`."""
    found: dict[str, list[Any]] = {}
    columns = link.columns.keys()
    for values in _LINKS.rows(conn, list(dict.fromkeys(persons))):
        row = dict(zip(columns, values, strict=True))
        if row["origin"] == origin:
            found.setdefault(row["person"], []).append(row)
    return found


def partners(conn: Connection) -> list[str]:
    """The origins with which there is an agreement, proposed, live or over."""
    return sorted({partner for _, partner in _terms(conn)})


def agreements_with(conn: Connection, partner: str) -> list[str]:
    """The agreements that name a partner, from their proposal on."""
    return sorted({agreement for agreement, other in _terms(conn) if other == partner})


def open_links(conn: Connection, origin: str, partnership: str) -> list[Any]:
    """The open links under one agreement, each a row of `link`."""
    rows = conn.execute(
        select(link).where(
            link.c.origin == origin, link.c.partnership == partnership, link.c.open == 1
        )
    )
    return [dict(row) for row in rows.mappings()]


def may_end(row: Mapping[str, Any]) -> bool:
    """Whether a link rests on a consent, or on a record of another basis: both can end."""
    return row["consent"] is not None or row["basis"] == Basis.SEPARATE_CONSENT.value


def may_end_of(conn: Connection, origin: str) -> list[str]:
    """The persons of whom a journal has opened links that may end so, and are open."""
    rests = or_(link.c.consent.is_not(None), link.c.basis == Basis.SEPARATE_CONSENT.value)
    rows = conn.execute(
        select(link.c.person)
        .where(link.c.origin == origin, link.c.open == 1, rests)
        .distinct()
        .order_by(link.c.person)
    )
    return list(rows.scalars())


def unshared(conn: Connection, origin: str, partner: str, persons: Sequence[str]) -> list[str]:
    """Those of these persons who are not shared with a partner: no legal basis is on record."""
    found = links_of(conn, origin, persons)
    return [
        person
        for person in dict.fromkeys(persons)
        if not any(row["open"] and row["partner"] == partner for row in found.get(person, ()))
    ]


def agreements_over(conn: Connection, day: date) -> list[str]:
    """The agreements that have ended by this day, with one partner at least."""
    return sorted({
        agreement
        for (agreement, _), spans in _terms(conn).items()
        for _, _, over in [span for span in spans if span[0] <= day][-1:]
        if over
    })  # fmt: skip
