"""Sharing a worker with a partner (开通与停止): by a live agreement and a legal basis, or not at all."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from ledger.book import Conflict, Entry, Ledger, Reader
from ledger.domain.channels import WIDENED, Cause, Link, LinkClosed, LinkOpened, NoLegalBasis
from ledger.domain.consents import Consent, ConsentGiven, ConsentWithdrawn, LegalBasisRecorded
from ledger.domain.ids import ConsentId, LinkId, PartnershipId, PersonId, new_link
from ledger.domain.kernel import Act, Basis, Code, Event, Group, Scope
from ledger.domain.membership import Membership, Outcome
from ledger.domain.partnerships import Annex, AtEnd, Partnership
from ledger.procedures.guarding import born
from ledger.procedures.publishing import take_down
from ledger.projections import arrears, case_boards, rosters, worker_files
from ledger.projections.channels import (
    agreements_with,
    groups_in,
    links_of,
    may_end,
    may_end_of,
    open_links,
)
from ledger.projections.posting import fact_in

Under = tuple[PartnershipId, Annex] | None
"""The agreement under which something is shared, and its terms."""

OF_A_PERSON = frozenset(Scope) - {Scope.ALWAYS, Scope.NEVER, Scope.ORGANISATION}
"""The scopes that a link opens."""


def agreement_with(entry: Entry, partner: str, scope: Scope = Scope.MEMBERSHIP) -> Under:
    """The live agreement with a partner that covers a scope, and its terms of today."""
    key = "agreement", partner, scope.value
    if key not in entry.noted:
        entry.noted[key] = _agreement(entry, partner, scope)
    return entry.noted[key]


def _agreement(entry: Entry, partner: str, scope: Scope) -> Under:
    today = entry.act.today
    for name in agreements_with(entry.conn, partner):
        agreement = entry.look_up(Partnership, name)
        bound = agreement.partners(entry.ledger.origin, today)
        terms = agreement.terms(today)
        if terms and agreement.covers(scope, today) and any(p.origin == partner for p in bound):
            return PartnershipId(name), terms
    return None


def share(
    entry: Entry,
    person: PersonId,
    partner: str,
    basis: Basis | None,
    cause: Cause,
    *,
    groups: Collection[Group] | None = None,
    consent: ConsentId | None = None,
) -> LinkId:
    """Opens a worker to a partner: the facts that the agreement covers, and these data groups.

    `groups` None: those of the agreement. A link that stands is kept, or widened to hold these
    too. Consent counts where it is on record, or shown by evidence of this act (a signed list).

    Raises: NoLegalBasis, NoLivePartnership.
    """
    under = _under(entry, partner)
    given = _given(under, groups)
    if consent is not None:
        told = entry.read(Consent, consent)
        given &= told.groups(partner, entry.act.today)
        if told.given is None or told.given.person != person or not given:
            raise NoLegalBasis(person=person, partner=partner, consent=consent)
        basis = told.basis
    elif basis is Basis.SEPARATE_CONSENT and not entry.act.evidence:
        raise NoLegalBasis(person=person, partner=partner, basis=basis)
    return _open(entry, person, partner, under, basis, given, cause, consent)


def share_back(
    entry: Entry, person: PersonId, partner: str, groups: Collection[Group] | None = None,
    cause: Cause = Cause.TRANSFER,
) -> LinkId:  # fmt: skip
    """Lets a partner read what we record of a worker whom it shares with us, on the same basis.

    Raises: NoLegalBasis, NoLivePartnership.
    """
    for row in links(entry, partner, person):
        if row["open"] and row["partner"] == entry.ledger.origin:
            under = _under(entry, partner) or _finishing(entry, PartnershipId(row["partnership"]))
            basis = Basis(row["basis"])
            given = _given(under, groups)
            return _open(entry, person, partner, under, basis, given, cause, None)
    raise NoLegalBasis(person=person, partner=partner)


def _under(entry: Entry, partner: str) -> Under:
    scopes = Scope.PERSON, Scope.MEMBERSHIP, Scope.RIGHTS
    return next((u for scope in scopes if (u := agreement_with(entry, partner, scope))), None)


def _finishing(entry: Entry, partnership: PartnershipId) -> Under:
    """An agreement that is over, where what was begun under it is finished."""
    terms = entry.look_up(Partnership, partnership).terms(entry.act.today)
    return (partnership, terms) if terms and terms.at_end is AtEnd.FINISH else None


def _given(under: Under, groups: Collection[Group] | None) -> set[Group]:
    """The groups to be opened: those asked for, as far as the agreement has them."""
    agreed = set(under[1].groups) if under else set[Group]()
    return agreed if groups is None else agreed & set(groups)


def _open(
    entry: Entry,
    person: PersonId,
    partner: str,
    under: Under,
    basis: Basis | None,
    given: set[Group],
    cause: Cause,
    consent: ConsentId | None,
) -> LinkId:
    agreement = under[0] if under else None
    scopes = OF_A_PERSON & set(under[1].scopes) if under else frozenset[Scope]()
    act = _act_for(entry, LinkOpened)
    chain = _chain_of(entry, person, partner)
    before = chain[-1].opened if chain else None
    steps = [(basis, consent, given)]
    if basis is not None and before is not None:
        standing = chain[-1].groups
        if given <= standing and scopes <= set(before.scopes):
            return before.link
        scopes = scopes | set(before.scopes)
        steps = [(basis, consent, given | standing)]
        recorded = standing - _carried(chain, (), act.today)
        if consent is None and not recorded <= given:
            # What rests on a consent goes on resting on it: it is opened again, after the rest.
            apart = given | (standing - recorded)
            steps = [(basis, consent, apart), (before.basis, before.consent, given | standing)]
    for basis, consent, groups in steps:
        opened = Link.start(
            act, new_link(), person, Code(partner), agreement, basis, groups, scopes, cause, consent
        )
        former = link_of(entry, person, partner)
        if former is not None:
            _write(entry, former.close(act, WIDENED), _act_for(entry, LinkClosed))
        entry.write(opened, act=act)
        entry.noted.setdefault(("link", person, partner), []).append(opened.link)
    return entry.noted["link", person, partner][-1]


def link_of(entry: Entry, person: PersonId, partner: str) -> Link | None:
    """The open link of a person to a partner, with what this entry has done to it."""
    chain = _chain_of(entry, person, partner)
    return chain[-1] if chain else None


def _chain_of(entry: Entry, person: PersonId, partner: str) -> list[Link]:
    rows = links(entry, entry.ledger.origin, person)
    names = [LinkId(row["link"]) for row in rows if row["partner"] == partner]
    names += entry.noted.get(("link", person, partner), [])
    return _chain(entry.look_up(Link, name) for name in names)


def _chain(found: Iterable[Link]) -> list[Link]:
    """The open link of a person to a partner, after those that were widened into it; or nothing."""
    chain: list[Link] = []
    made = [each for each in found if each.opened is not None]
    for each in sorted(made, key=lambda one: (one.position == 0, one.position)):
        chain.append(each)
        if not each.open and each.why != WIDENED:
            chain.clear()
    return chain if chain and chain[-1].open else []


def links(entry: Entry, origin: str, person: PersonId) -> Sequence[Any]:
    """The links that a journal had opened for a person when this entry began."""
    if ("links", origin, person) not in entry.noted:
        read_links(entry, origin, [person])
    return entry.noted["links", origin, person]


def read_links(entry: Entry, origin: str, persons: Sequence[PersonId]) -> None:
    """Reads the links of many persons at once, for an entry that is about to look at each."""
    found = links_of(entry.conn, origin, persons)
    entry.noted.update({("links", origin, each): found.get(each, []) for each in persons})


# ── what it rests on ─────────────────────────────────────────────────────────────────────────


def resting(chain: Sequence[Link], consents: Collection[Consent], day: date) -> frozenset[Group]:
    """What of a link has a ground on a day: a consent, or another legal basis.

    `chain`: the link, after those that were widened into it. `consents`: all that are on record
    of the person, and other legal bases alike.
    """
    opened = chain[-1].opened
    assert opened is not None
    stands = {group for each in consents for group in each.groups(opened.partner, day)}
    return chain[-1].groups & (_carried(chain, consents, day) | stands)


def _carried(chain: Sequence[Link], consents: Collection[Consent], day: date) -> frozenset[Group]:
    """What was opened on a ground that has no record of its own: a duty; or a signed list, until
    a consent of hers to the same comes to its end.
    """
    carried = frozenset[Group]()
    for each in chain:
        assert each.opened is not None
        assert each.opened_on is not None
        own = each.groups if each.opened.consent is None else frozenset[Group]()
        if each.opened.basis is Basis.SEPARATE_CONSENT:
            for consent in consents if own else ():
                own -= consent.ended(each.opened.partner, each.opened_on, day)
        carried = (carried & each.groups) | own
    return carried


def grounded(
    reader: Reader, rows: Iterable[Mapping[str, Any]], day: date
) -> dict[tuple[str, str], frozenset[Group]]:
    """By person and partner, what has a ground on a day, of links that may lose theirs.

    `rows`: the links of some persons, those that are closed too, each a row of `link`.
    """
    ours = [row for row in rows if row["origin"] == reader.ledger.origin]
    persons = {row["person"] for row in ours if row["open"] and may_end(row)}
    if not persons:
        return {}
    names = worker_files.streams_of(reader.conn, reader.ledger.origin, sorted(persons), "con")
    ours = [row for row in ours if row["person"] in persons]
    facts = {
        name: [fact_in(one)[0] for one in records]
        for name, records in reader.records_of([*names, *(row["link"] for row in ours)]).items()
    }
    consents: dict[str, list[Consent]] = defaultdict(list)
    for name in names:
        consent = Consent.of(facts[name])
        if consent.given is not None:
            consents[consent.given.person].append(consent)
    links: dict[tuple[str, str], list[Link]] = defaultdict(list)
    for row in ours:
        links[row["person"], row["partner"]].append(Link.of(facts[row["link"]]))
    chains = {key: _chain(found) for key, found in links.items()}
    return {key: resting(chain, consents[key[0]], day) for key, chain in chains.items() if chain}


def keep_to_grounds(
    entry: Entry,
    person: PersonId,
    partner: str,
    consent: ConsentId | None = None,
    *,
    day: date | None = None,
) -> None:
    """Gives a partner no longer what has no ground today. Nothing where all of it has one."""
    chain = _chain_of(entry, person, partner)
    if not chain:
        return
    names = worker_files.streams_of(entry.conn, entry.ledger.origin, [person], "con")
    names += [
        event.consent
        for event in entry.written
        if isinstance(event, ConsentGiven | LegalBasisRecorded) and event.person == person
    ]
    found = [entry.look_up(Consent, name) for name in dict.fromkeys(names)]
    hers = [each for each in found if each.given is not None and each.given.person == person]
    stopped = chain[-1].groups - resting(chain, hers, day or entry.act.today)
    if stopped:
        _narrow(entry, chain[-1], stopped, consent)


def stop_ungrounded(ledger: Ledger, today: date | None = None) -> None:
    """By our own clock: what rested on a consent, or another basis, that is over goes no further."""
    day, own = today or ledger.today, ledger.origin
    beyond: list[tuple[PersonId, str]] = []
    with ledger.reading() as reader:
        persons = may_end_of(reader.conn, own)
        for start in range(0, len(persons), 500):
            found = links_of(reader.conn, own, persons[start : start + 500])
            rows = [row for each in found.values() for row in each]
            stands = grounded(reader, rows, day)
            beyond += [
                (PersonId(row["person"]), row["partner"])
                for row in rows
                if row["open"]
                and not set(groups_in(row["groups"]))
                <= stands.get((row["person"], row["partner"]), frozenset(Group))
            ]
    for person, partner in beyond:
        try:
            with ledger.entry(ledger.procedure(ledger.root)) as entry:
                keep_to_grounds(entry, person, partner, day=day)
        except Conflict:
            continue  # somebody wrote of her just now: it is looked at again the next time


# ── stopping ─────────────────────────────────────────────────────────────────────────────────


def withdraw_consent(
    entry: Entry,
    consent: ConsentId,
    groups: Iterable[Group] | None = None,
    *,
    guardian: PersonId | None = None,
) -> ConsentWithdrawn:
    """Takes a consent back; what rested on it alone is given, or shown, no longer.

    What another consent of hers, or another basis, covers goes on. A partner to whom data were
    given is told, and public notices come down.

    Raises: NotFound, NothingToWithdraw, GuardianshipEnded.
    """
    told = entry.read(Consent, consent)
    birth = born(entry, told.given.person) if guardian and told.given else None
    withdrawn = told.withdraw(entry.act, groups, guardian=guardian, born=birth)
    entry.write(withdrawn)
    if told.to_publish:
        take_down(entry, withdrawn.person, consent)
    if withdrawn.partner is not None:
        keep_to_grounds(entry, withdrawn.person, withdrawn.partner, consent)
    return withdrawn


def stop_sharing(
    entry: Entry,
    person: PersonId,
    partner: str,
    groups: Iterable[Group] | None = None,
    *,
    consent: ConsentId | None = None,
) -> None:
    """Gives these groups of a person, or all, no longer. Nothing where nothing is given."""
    standing = link_of(entry, person, partner)
    if standing is not None:
        _narrow(entry, standing, standing.groups if groups is None else groups, consent)


def _narrow(
    entry: Entry, standing: Link, groups: Iterable[Group], consent: ConsentId | None
) -> None:
    """Narrows a link; closes it where nothing is left and no transfer is under way.

    The facts of a transfer under way go on, closed: custody is never lost between two journals.
    """
    act = entry.ledger.procedure(entry.act.union)
    _write(entry, standing.narrow(act, groups, consent), act)
    opened = standing.opened
    if opened is None or standing.groups:
        return
    if not moving(entry, opened.person, opened.partner):
        _write(entry, standing.close(act, Code("consent_withdrawn")), act)


def close_links(entry: Entry, partnership: PartnershipId, why: Code) -> int:
    """Closes the links under an agreement that is over, but for transfers and cases under way."""
    closed = 0
    act = entry.ledger.procedure(entry.act.union)
    for row in open_links(entry.conn, entry.ledger.origin, partnership):
        person, partner = PersonId(row["person"]), row["partner"]
        if not moving(entry, person, partner) and not _in_a_case(entry, person, partner):
            closed += _write(entry, entry.look_up(Link, row["link"]).close(act, why), act)
    return closed


def close_emptied(entry: Entry, person: PersonId, partner: str) -> None:
    """Closes a link that was kept, with nothing given, for a transfer that is now over."""
    rows = links(entry, entry.ledger.origin, person)
    if all(row["groups"] for row in rows if row["open"]):
        return
    standing = link_of(entry, person, partner)
    if standing is not None and not standing.groups and not moving(entry, person, partner):
        act = entry.ledger.procedure(entry.act.union)
        _write(entry, standing.close(act, Code("consent_withdrawn")), act)


def moving(entry: Entry, person: PersonId, partner: str) -> bool:
    """Whether a transfer of this person with the partner is under way, as far as known here."""
    names = {
        row.membership
        for row in rosters.spans_of(entry.conn, entry.ledger.origin, person)
    }  # fmt: skip
    for name in sorted(names):
        held = entry.look_up(Membership, name)
        for each in held.offers.values():
            across = each.to_origin in (partner, entry.ledger.origin)
            released = each.outcome is Outcome.RELEASED and not each.received
            if across and each.to_union is not None and (each.open or released):
                return True
    return False


def _in_a_case(entry: Entry, person: PersonId, partner: str) -> bool:
    """Whether a case of this person's is open, and the partner works on it."""
    conn, origin = entry.conn, entry.ledger.origin
    cases = {row.case for row in arrears.of_person(conn, origin, [person])}
    return bool(cases and case_boards.shared_with(conn, origin, cases, partner))


def _act_for(entry: Entry, kind: type[Event]) -> Act:
    """The officer's own act where her office may decide this, else a procedure's."""
    act = entry.act
    return act if act.deciding_office in kind.by else entry.ledger.procedure(act.union, act.on)


def _write(entry: Entry, event: Event | None, act: Act) -> bool:
    if event is not None:
        entry.write(event, act=act)
    return event is not None
