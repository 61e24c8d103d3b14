"""What follows from what a partner recorded (续办), in the entry that reads it, by nobody's choice.

Each function looks at one fact of the other side and asks the domain what follows in this journal.
"""

from collections.abc import Sequence

from ledger.book import Entry
from ledger.domain.aid import AidAmended, AidApplied, AidGrant
from ledger.domain.channels import LinkClosed, LinkNarrowed, ShredRequested
from ledger.domain.consents import Consent, ConsentWithdrawn
from ledger.domain.funds import (
    ShareAccepted,
    ShareDeclined,
    ShareLapsed,
    ShareReleased,
    ShareWithdrawn,
)
from ledger.domain.ids import MembershipId, PersonId, TransferId
from ledger.domain.kernel import Basis, Fact
from ledger.domain.membership import (
    DoubleMembershipSettled,
    Membership,
    MembershipReleased,
    NotAMember,
    NotTheHolder,
    TransferAccepted,
    TransferDeclined,
    TransferLapsed,
    TransferReturned,
    TransferWithdrawn,
)
from ledger.domain.persons import PersonDied
from ledger.domain.rights import LeadAccepted, LeadDeclined, RightsCase
from ledger.procedures.aiding import hold_for_theirs
from ledger.procedures.casework import conclude_lead
from ledger.procedures.deaths import died_on, end_by_death
from ledger.procedures.forgetting import answer_request as answer_shredding
from ledger.procedures.funding import conclude_share, take_share, void_share
from ledger.procedures.publishing import take_down
from ledger.procedures.sharing import close_emptied, link_of, read_links, stop_sharing
from ledger.procedures.transferring import conclude, receive

_MOVES = (
    TransferAccepted,
    TransferDeclined,
    MembershipReleased,
    TransferLapsed,
    TransferWithdrawn,
    TransferReturned,
)


def react(entry: Entry, facts: Sequence[Fact]) -> None:
    """Writes what follows from a partner's facts, in their order."""
    moved = [fact.event for fact in facts if isinstance(fact.event, _MOVES)]
    entry.read_ahead(dict.fromkeys(event.membership for event in moved))
    entry.read_ahead(dict.fromkeys(event.offer for event in moved))  # requests, by the same id
    read_links(entry, entry.ledger.origin, list({event.person for event in moved}))
    died = died_on(entry, {e.person for e in moved if isinstance(e, MembershipReleased)})
    for fact in facts:
        match fact.event:
            case TransferAccepted() | TransferDeclined() as e:
                _answered(entry, fact, e.membership, e.offer)
            case MembershipReleased() as e:
                _released(entry, fact, e)
                if e.person in died:
                    end_by_death(entry, e.person, fact.ref)  # she died on the way
            case TransferLapsed() | TransferWithdrawn() | TransferReturned() as e:
                _came_to_nothing(entry, fact, e.membership, e.offer)
            case PersonDied() as e:
                end_by_death(entry, e.person, fact.ref)
            case DoubleMembershipSettled() as e:
                _settled(entry, fact, e)
            case AidApplied() | AidAmended() as e:
                hold_for_theirs(entry, fact, entry.look_up(AidGrant, e.grant))
            case ShareAccepted() | ShareDeclined() as e:
                conclude_share(entry, e.giver, e.fund, e.offer, fact.ref)
            case ShareReleased() as e:
                take_share(entry, e.to, e.fund, e.offer, fact.ref)
            case ShareLapsed() | ShareWithdrawn() as e:
                void_share(entry, e.fund, e.offer, fact.ref)
            case LeadAccepted() | LeadDeclined() as e:
                conclude_lead(entry, entry.look_up(RightsCase, e.case), e.step, fact.ref)
            case ConsentWithdrawn() as e if entry.look_up(Consent, e.consent).to_publish:
                take_down(entry, e.person, e.consent, fact.ref)
            case ShredRequested() as e:
                answer_shredding(entry, fact, e)
            case LinkNarrowed() | LinkClosed() as e if e.partner == entry.ledger.origin:
                _stopped(entry, fact, e)
            case _:
                pass


def _answered(entry: Entry, fact: Fact, membership: MembershipId, offer: TransferId) -> None:
    """The receiver has answered our offer: release or return. Nothing where it has an outcome."""
    conclude(entry, entry.look_up(Membership, membership), offer, fact.ref)


def _released(entry: Entry, fact: Fact, event: MembershipReleased) -> None:
    """The origin has released to us: we hold, even where our own acceptance was lost."""
    receive(entry, entry.look_up(Membership, event.membership), event.offer, fact.ref)
    close_emptied(entry, event.person, fact.origin)


def _came_to_nothing(entry: Entry, fact: Fact, membership: MembershipId, offer: TransferId) -> None:
    """Our acceptance met a lapse or a withdrawal: it is void, and the worker stays there."""
    held = entry.look_up(Membership, membership)
    voided = held.void(offer, entry.ledger.origin)
    if voided is not None:
        act = entry.ledger.procedure(voided.union)
        entry.write(voided, act=act, causation=fact.ref)
    if held.person is not None:
        close_emptied(entry, held.person, fact.origin)


def _settled(entry: Entry, fact: Fact, event: DoubleMembershipSettled) -> None:
    """The other one of a person's two memberships has ended there: ours keeps the earlier date."""
    held = entry.look_up(Membership, event.kept)
    if held.holder is None or held.holder.origin != entry.ledger.origin:
        return
    try:
        kept = held.keep_seniority(
            entry.ledger.procedure(held.holder.union), event.membership, event.since
        )
    except (NotAMember, NotTheHolder):
        return  # it moved on meanwhile: its holder keeps the date
    entry.write(kept, act=entry.ledger.procedure(held.holder.union), causation=fact.ref)


def _stopped(entry: Entry, fact: Fact, event: LinkNarrowed | LinkClosed) -> None:
    """The worker's consent was withdrawn there: what we give back on it stops too."""
    person = PersonId(event.person)
    ours = link_of(entry, person, fact.origin)
    if ours is None or ours.opened is None or ours.opened.consent is not None:
        return
    if ours.opened.basis is not Basis.SEPARATE_CONSENT:
        return
    if isinstance(event, LinkNarrowed):
        stop_sharing(entry, person, fact.origin, event.groups)
    elif event.why != "widened":
        stop_sharing(entry, person, fact.origin)
