"""Papers (附件): scans of one person's papers, kept sealed, which records cite as evidence."""

from dataclasses import dataclass

from ledger.book import Ledger, NotFound, Reader
from ledger.domain.forgetting import PersonForgotten, ProcessingStopped
from ledger.domain.ids import PersonId
from ledger.journal.attachments import Attachment, Attachments, NotKept
from ledger.journal.vault import SHREDDED
from ledger.projections import worker_files

KINDS = {
    b"%PDF-": "application/pdf",
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
}
"""What is taken in, by how the bytes begin: never by what a name or a header says."""

MOST_NAME = 120


class NoPaper(ValueError):
    """Neither PDF nor JPEG nor PNG."""


@dataclass(frozen=True)
class Paper:
    """One paper of a person: by which commitment a record cites it, and what it is."""

    commitment: str
    name: str
    type: str
    size: int


def keep_paper(ledger: Ledger, person: PersonId, name: str, data: bytes) -> str:
    """Seals and keeps a paper of a person; returns its commitment. The same again is kept once.

    Raises: NotFound, NoPaper, TooBig, ProcessingStopped, PersonForgotten.
    """
    kind = next((kind for start, kind in KINDS.items() if data.startswith(start)), None)
    if kind is None:
        raise NoPaper
    said = "".join(letter for letter in name.rpartition("/")[2] if letter.isprintable())
    store = _store(ledger)
    with ledger.database.writing() as conn:
        if not worker_files.mentions(conn, ledger.origin, [person]):
            raise NotFound(person)
        if state := ledger.vault.at_rest(conn, [person]).get(person):
            raise (PersonForgotten if state == SHREDDED else ProcessingStopped)(person=person)
        for committed in store.of(conn, person):
            if store.read(conn, committed).data == data:
                return committed
        return store.keep(conn, person, said[-MOST_NAME:] or "附件", kind, data)


def papers(reader: Reader, person: PersonId) -> list[Paper]:
    """The papers of a person under all her ids; of nobody who is restricted or forgotten."""
    store, found = _store(reader.ledger), list[Paper]()
    for one in sorted(worker_files.identity(reader.conn, reader.ledger.origin, person)):
        for committed in store.of(reader.conn, one):
            try:
                held = store.read(reader.conn, committed)
            except NotKept:
                continue
            found.append(Paper(committed, held.name, held.type, len(held.data)))
    if found:
        reader.showed([person])
    return found


def whose_paper(reader: Reader, commitment: str) -> PersonId:
    """Whose paper it is. Raises: NotFound."""
    try:
        return PersonId(_store(reader.ledger).subject(reader.conn, commitment))
    except NotKept:
        raise NotFound(commitment) from None


def paper(reader: Reader, commitment: str) -> Attachment:
    """One paper, opened and compared with its commitment; who looks stands on the read log.

    Raises: NotFound, also where its person is restricted or forgotten; Damaged.
    """
    try:
        held = _store(reader.ledger).read(reader.conn, commitment)
    except NotKept:
        raise NotFound(commitment) from None
    reader.showed([held.subject])
    return held


def _store(ledger: Ledger) -> Attachments:
    if ledger.attachments is None:
        raise NotFound("attachments")
    return ledger.attachments
