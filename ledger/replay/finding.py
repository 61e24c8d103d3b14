"""Whom a text means (按文字找人): an id, a number, its last four, a telephone, a name, its letters."""

from collections.abc import Iterable, Mapping

from ledger.book import Reader
from ledger.domain.identity import normalise, normalise_name, normalise_phone
from ledger.domain.ids import PersonId, is_id
from ledger.projections import worker_files


def meanings(text: str) -> list[dict[str, str]]:
    """What a text may say of a person, the surest first; each as the search tokens have it."""
    plain = normalise(text)
    found: list[dict[str, str]] = []
    if any(letter.isdigit() for letter in plain):
        found.append({"number": plain})
        found.append({"phone": normalise_phone(text)})
        if len(plain) == 4:
            found.append({"last4": plain})
    elif text.isascii():
        letters = text.lower().replace(" ", "")
        found += [{"pinyin": letters}, {"initials": letters}]
    found.append({"name": normalise_name(text)})
    return found


def matching(reader: Reader, sought: Mapping[str, str]) -> list[str]:
    """The persons who match all that is sought, by search tokens."""
    return reader.ledger.vault.find(reader.conn, **sought)


def meant(reader: Reader, text: str) -> list[str]:
    """Those whom a text means at its surest."""
    if is_id(text):
        known = worker_files.mentions(reader.conn, reader.ledger.origin, [text])
        return [text] if known else []
    for sought in meanings(text.strip()):
        if persons := matching(reader, sought):
            return persons
    return []


def whole(reader: Reader, persons: Iterable[str]) -> list[frozenset[PersonId]]:
    """These persons, those who are one as one."""
    same = worker_files.identities(reader.conn, reader.ledger.origin, persons)
    return sorted(set(same.values()), key=min)


def found_by(reader: Reader, text: str) -> list[frozenset[PersonId]]:
    """Everybody whom a text means, each with all ids of the one person."""
    return whole(reader, meant(reader, text))
