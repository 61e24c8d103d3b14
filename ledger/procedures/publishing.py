"""What is made public (公示公开) and the consent that it rests on: both end together."""

from ledger.book import Entry
from ledger.domain.aid import AidGrant
from ledger.domain.consents import Consent
from ledger.domain.ids import ConsentId, PersonId
from ledger.domain.kernel import Basis
from ledger.projections import notices, worker_files


def take_down(
    entry: Entry, person: PersonId, consent: ConsentId, causation: str | None = None
) -> None:
    """Takes down what hangs of a person, where no consent of hers to publication stands any more.

    Whose province the consent was given in does not matter: a partner's withdrawal is read here.
    """
    same = worker_files.identity(entry.conn, entry.ledger.origin, person)
    on = entry.act.on
    if any(each.publishes(on) for each in _consents(entry, same)):
        return
    for grant, paper in notices.on_consent(entry.conn, entry.ledger.origin, same, on):
        one = entry.look_up(AidGrant, grant)
        assert one.union is not None
        act = entry.ledger.procedure(one.union, on)
        entry.write(one.take_down(act, paper, consent), act=act, causation=causation)


def lawful(entry: Entry, person: PersonId, basis: Basis | None) -> Basis | None:
    """The basis on which something of a person is made public; None where she withdrew it."""
    if basis is not Basis.SEPARATE_CONSENT:
        return basis
    same = worker_files.identity(entry.conn, entry.ledger.origin, person)
    to_publish = [each for each in _consents(entry, same) if each.to_publish]
    stands = any(each.publishes(entry.act.on) for each in to_publish)
    return basis if stands or not to_publish else None


def _consents(entry: Entry, persons: frozenset[PersonId]) -> list[Consent]:
    names = worker_files.streams_of(entry.conn, entry.ledger.origin, persons, "con")
    return [entry.look_up(Consent, name) for name in names]
