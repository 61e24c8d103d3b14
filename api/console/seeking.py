"""A worker whom a page begins with (找职工): named by the address, or found by what was typed."""

from collections.abc import Mapping
from typing import NamedTuple

from fastapi import Request

from api.console.pages import id_in
from api.console.pickers import MOST_TYPED, find_people
from api.showing import check_sight
from ledger.book import Reader
from ledger.desk import Visitor
from ledger.domain.ids import PersonId
from ledger.replay import Shown, people


class Sought(NamedTuple):
    """Who was sought on a page that begins with a worker: what was typed, whom it found."""

    text: str
    people: Mapping[PersonId, Shown]


def people_sought(request: Request, reader: Reader, who: Visitor) -> Sought:
    """The worker that the address names (`?person=`), or those whom its words find (`?q=`).

    403 and 400 as `check_sight` and `id_in` say; nobody where nothing was asked yet.
    """
    text, person = request.query_params.get("q", "").strip(), id_in(request, "person", "per")
    found: list[PersonId] = []
    if person:
        check_sight(reader, who, PersonId(person))
        found = [PersonId(person)]
    elif text:
        found = find_people(reader, who, text)[0][:MOST_TYPED]
    return Sought(text, people(reader, found, mask=not who.sees_numbers))
