"""授权与共享: on what basis a worker's data are given, what is open to the partner, who looked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from fastapi import APIRouter, Request, Response

from api.console.audit import PURPOSES as FOR_WHAT
from api.console.audit import VIEWS, officers
from api.console.pages import day_in, id_in, page, signed_in, size_in
from api.console.pickers import find_people
from api.console.privacy import rooms
from api.problems import Problem
from api.showing import check_sight, looking, may_see, mentioned, names_of, newest, partners, people
from ledger.book import Reader
from ledger.desk import Visitor
from ledger.domain.channels import Link, LinkOpened
from ledger.domain.consents import Consent, ConsentGiven, ConsentWithdrawn, LegalBasisRecorded
from ledger.domain.ids import ConsentId, LinkId, PersonId
from ledger.domain.kernel import Group
from ledger.projections import channels, worker_files
from ledger.replay import ReadsSought, reads

router = APIRouter(include_in_schema=False)
SHOWN = 20


@dataclass(frozen=True)
class Basis:
    """One consent, or another legal basis, and what of it stands on a day."""

    consent: str
    told: ConsentGiven | LegalBasisRecorded
    standing: Sequence[Group]
    withdrawn: date | None

    @property
    def given(self) -> bool:
        """Whether it is the person's own word, that can be taken back."""
        return isinstance(self.told, ConsentGiven)


@dataclass(frozen=True)
class Opened:
    """One link: since when what of a person is open to a partner, and whether it still is."""

    told: LinkOpened
    on: date
    groups: Sequence[Group]
    open: bool


@router.get("/consents")
def consents(request: Request) -> Response:
    """一名职工的授权、共享与查阅记录；不指定职工的，列出最近的."""
    who = signed_in(request)
    person = id_in(request, "person", "per")
    on = day_in(request, "as_of") or who.today
    sought = request.query_params.get("q", "").strip()
    with looking(who, "consents", "office") as reader:
        told: Mapping[str, Any]
        if person:
            told = _of(request, reader, who, PersonId(person), on)
        else:
            told = _newest(reader, who, sought, on)
        named = dict(partners(reader))
    return page(
        request, "consents.html", who=who, person=person, q=sought, on=on, today=who.today,
        partners={**named, who.ledger.origin: who.ledger.province.name}, called=VIEWS,
        for_what=FOR_WHAT, officers=officers(request, who) if person else {}, rooms=rooms(who),
        **told,
    )  # fmt: skip


def _of(
    request: Request, reader: Reader, who: Visitor, person: PersonId, on: date
) -> Mapping[str, Any]:
    check_sight(reader, who, person)
    conn, origin = reader.conn, who.ledger.origin
    ids = worker_files.identity(conn, origin, person)
    held = [_basis(reader, ConsentId(each), on) for each in mentioned(reader, person, "con")]
    links = [
        link
        for journal in (origin, *reader.partners)
        for rows in channels.links_of(conn, journal, sorted(ids)).values()
        for row in rows
        if (link := _opened(reader, row["link"])) is not None
    ]
    place = request.query_params.get("after", "").split(" ")
    if place != [""] and len(place) != 3:
        raise Problem(400, "parameter", "No such page.", "翻页标记有误，请从第一页重新打开。")
    found = reads(
        reader, ReadsSought(persons=ids), limit=size_in(request),
        after=(place[0], place[1], place[2]) if len(place) == 3 else None,
    )  # fmt: skip
    return {
        "bases": [each for each in held if each is not None and each.told.person in ids],
        "links": sorted(links, key=lambda each: (not each.open, each.told.partner)),
        "reads": found.rows, "names": names_of(reader, [row.union for row in found.rows]),
        "following": " ".join(found.next or ()), "shown": people(reader, who, [person]),
        "found": (), "elsewhere": (),
    }  # fmt: skip


def _newest(reader: Reader, who: Visitor, sought: str, on: date) -> Mapping[str, Any]:
    """Whom a search finds; and the consents that were recorded last, of whom one may see."""
    found, elsewhere = find_people(reader, who, sought) if sought else ([], [])
    bases: list[Basis] = []
    for name in newest(reader, "con", SHOWN):
        held = _basis(reader, ConsentId(name), on)
        if held is not None and may_see(reader, who, held.told.person):
            bases.append(held)
    persons = {*found[:SHOWN], *(each.told.person for each in bases)}
    return {
        "bases": bases, "found": found[:SHOWN], "elsewhere": elsewhere, "links": [], "reads": [],
        "names": {}, "following": "", "shown": people(reader, who, persons),
    }  # fmt: skip


def _basis(reader: Reader, name: ConsentId, on: date) -> Basis | None:
    held = reader.get(Consent, name)
    told = held.given
    if told is None:  # its record was annulled
        return None
    withdrawn = next(
        (f.on for f in reversed(reader.history(name)) if isinstance(f.event, ConsentWithdrawn)),
        None,
    )
    receiver = told.receiver.partner or told.receiver.union or ""
    return Basis(name, told, sorted(held.groups(receiver, on)), withdrawn)


def _opened(reader: Reader, name: str) -> Opened | None:
    link = reader.get(Link, LinkId(name))
    if link.opened is None:
        return None
    on = next(f.on for f in reader.history(name) if isinstance(f.event, LinkOpened))
    return Opened(link.opened, on, sorted(link.groups), link.open)
