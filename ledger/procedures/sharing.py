"""Sharing a worker with a partner (开通与停止): by a live agreement and a legal basis, or not at all."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from ledger.book import Entry
from ledger.domain.channels import Cause, Link, LinkClosed, LinkOpened, NoLegalBasis
from ledger.domain.consents import Consent, ConsentWithdrawn
from ledger.domain.ids import ConsentId, LinkId, PartnershipId, PersonId, new_link
from ledger.domain.kernel import Act, Basis, Code, Event, Group, Scope
from ledger.domain.membership import Membership, Outcome
from ledger.domain.partnerships import Annex, AtEnd, Partnership
from ledger.procedures.guarding import born
from ledger.procedures.publishing import take_down
from ledger.projections import arrears, case_boards, rosters
from ledger.projections.channels import agreements_with, links_of, open_links

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
    standing = link_of(entry, person, partner)
    if basis is not None and standing is not None and standing.opened is not None:
        if given <= standing.groups and scopes <= set(standing.opened.scopes):
            return standing.opened.link
        given = given | standing.groups
        scopes = scopes | set(standing.opened.scopes)
    opened = Link.start(
        act, new_link(), person, Code(partner), agreement, basis, given, scopes, cause, consent
    )
    if standing is not None:
        _write(entry, standing.close(act, Code("widened")), _act_for(entry, LinkClosed))
    entry.write(opened, act=act)
    entry.noted["link", person, partner] = opened.link
    return opened.link


def link_of(entry: Entry, person: PersonId, partner: str) -> Link | None:
    """The open link of a person to a partner, with what this entry has done to it."""
    made: LinkId | None = entry.noted.get(("link", person, partner))
    names = [made] if made else []
    rows = links(entry, entry.ledger.origin, person)
    names += [LinkId(r["link"]) for r in rows if r["open"] and r["partner"] == partner]
    found = (entry.look_up(Link, name) for name in names)
    return next((each for each in found if each.open), None)


def links(entry: Entry, origin: str, person: PersonId) -> Sequence[Any]:
    """The links that a journal had opened for a person when this entry began."""
    if ("links", origin, person) not in entry.noted:
        read_links(entry, origin, [person])
    return entry.noted["links", origin, person]


def read_links(entry: Entry, origin: str, persons: Sequence[PersonId]) -> None:
    """Reads the links of many persons at once, for an entry that is about to look at each."""
    found = links_of(entry.conn, origin, persons)
    entry.noted.update({("links", origin, each): found.get(each, []) for each in persons})


# ── stopping ─────────────────────────────────────────────────────────────────────────────────


def withdraw_consent(
    entry: Entry,
    consent: ConsentId,
    groups: Iterable[Group] | None = None,
    *,
    guardian: PersonId | None = None,
) -> ConsentWithdrawn:
    """Takes a consent back; what rested on it alone is given, or shown, no longer.

    A partner to whom data were given is told, and public notices come down.

    Raises: NotFound, NothingToWithdraw, GuardianshipEnded.
    """
    told = entry.read(Consent, consent)
    birth = born(entry, told.given.person) if guardian and told.given else None
    withdrawn = told.withdraw(entry.act, groups, guardian=guardian, born=birth)
    entry.write(withdrawn)
    if told.to_publish:
        take_down(entry, withdrawn.person, consent)
    if withdrawn.partner is not None:
        standing = link_of(entry, withdrawn.person, withdrawn.partner)
        if standing is not None and standing.opened is not None:
            rests_on = standing.opened.consent
            by_list = rests_on is None and standing.opened.basis is Basis.SEPARATE_CONSENT
            if rests_on == consent or by_list:
                _narrow(entry, standing, withdrawn.groups, consent)
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
