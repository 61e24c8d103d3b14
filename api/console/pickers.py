"""What a reference can point to (选项): called by name, never by its id.

A reference that the leading page gives is shown by its name. One that is asked for is chosen from
what this visitor works with; a person is found as in the search, by what is typed.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from api.showing import MOST_FOUND, glimpse, has_part, may_see, mentioned, streams
from ledger.book import Reader
from ledger.desk import Visitor
from ledger.domain import divisions
from ledger.domain.aiding import AidKind
from ledger.domain.consents import Consent
from ledger.domain.identity import normalise
from ledger.domain.ids import PersonId, QuestionId, UnionId, is_id, spoken
from ledger.domain.money import yuan
from ledger.domain.partnerships import Partnership
from ledger.domain.persons import Household
from ledger.domain.services import Service, Tally
from ledger.procedures import papers
from ledger.projections import (
    case_boards,
    fund_statements,
    grants,
    hardship_files,
    questions,
    rosters,
    schemes,
    service_counts,
    transfers,
    union_tree,
)
from ledger.replay import people, title, word
from ledger.replay.finding import matching, meant

PAPER = "paper"
"""What an act cites as evidence, for want of an id."""

MOST = 400  # choices of a list; beyond them one types
MOST_TYPED = 20

Choice = tuple[str, str]
Picker = Callable[[Reader, Visitor, Sequence[PersonId]], Iterable[Choice]]
"""The choices; the persons are those whom the form already names."""


def choices(
    reader: Reader, who: Visitor, prefix: str, persons: Sequence[PersonId]
) -> tuple[Choice, ...]:
    """What a reference of this kind can be chosen from; empty where it has to be typed."""
    picker = _PICKERS.get(prefix)
    return tuple(picker(reader, who, persons))[:MOST] if picker else ()


# ── people, by what is typed ────────────────────────────────────────────────────────────────


def find_people(reader: Reader, who: Visitor, sought: str) -> tuple[list[PersonId], list[PersonId]]:
    """Whom a name, pinyin, initials, a number or its last four, a phone number find: those whom
    this visitor may see; and whom she may not, where it is the whole number of a card in hand.

    Of a name that many bear the first `MOST_FOUND` are looked at; one then says more of her.
    """
    persons = [PersonId(each) for each in sorted(meant(reader, sought))[:MOST_FOUND]]
    seen = [each for each in persons if may_see(reader, who, each)]
    if len(seen) == len(persons):
        return seen, []
    numbered = set(matching(reader, {"number": normalise(sought)}))
    elsewhere = [each for each in persons if each in numbered and each not in seen]
    reader.showed(elsewhere)
    return seen, elsewhere


def listable(reader: Reader) -> bool:
    """Whether all unions go into one list; of more, one types a name."""
    return sum(union_tree.count(reader.conn, reader.ledger.origin).values()) <= MOST


def _unions_called(reader: Reader, sought: str) -> tuple[Choice, ...]:
    """The unions of that name, or else with it in their names; each with its superior."""
    conn, origin = reader.conn, reader.ledger.origin
    found = union_tree.find(conn, origin, sought, limit=MOST_TYPED)
    rows = [row for row in found if sought in (row.name, row.short_name)] or found
    above = union_tree.get(conn, origin, {row.superior for row in rows if row.superior})
    return tuple(
        (
            row.union,
            f"{row.name}（{above[row.superior].name}）"
            if row.superior and row.superior in above
            else row.name,
        )
        for row in rows
    )


def typed(reader: Reader, who: Visitor, prefix: str, sought: str) -> tuple[Choice, ...]:
    """Whom, whose membership or which union what was typed may mean: to be chosen from."""
    if prefix == "uni":
        return _unions_called(reader, sought)
    persons = find_people(reader, who, sought)[0][:MOST_TYPED]
    shown = people(reader, persons)
    conn, origin = reader.conn, reader.ledger.origin
    standing = rosters.of_persons(conn, origin, persons)
    rows = [row for members in standing.values() for row in members]
    names = union_tree.get(conn, origin, {row.union for row in rows})
    unions = {row.membership: names[row.union].name for row in rows if row.union in names}

    def of(person: PersonId, *more: str) -> str:
        one = shown[person]
        return " · ".join(each for each in (one.name, one.number, *more) if each)

    if prefix == "mem":
        return tuple(
            (row.membership, of(row.person, unions.get(row.membership, ""))) for row in rows
        )
    return tuple(
        (each, of(each, *(unions.get(row.membership, "") for row in standing.get(each, ()))))
        for each in persons
        if each in shown
    )


def concerned(reader: Reader, who: Visitor, given: Iterable[str]) -> list[PersonId]:
    """Whom the ids of a form concern, of whom the visitor may see: a person herself, and whose
    membership one is."""
    given = list(given)
    rows = rosters.get(reader.conn, reader.ledger.origin, [i for i in given if i[:4] == "mem_"])
    persons = [PersonId(each) for each in given if each[:4] == "per_"]
    persons += [row.person for row in rows.values()]
    return [each for each in dict.fromkeys(persons) if may_see(reader, who, each)]


# ── called by name ───────────────────────────────────────────────────────────────────────────

_REF = re.compile(r"[A-Za-z0-9./_-]{3,80}#[1-9][0-9]{0,14}")


def is_ref(text: str) -> bool:
    """Whether a text points at a record: `origin#position`."""
    return _REF.fullmatch(text) is not None


def _records(reader: Reader, refs: Iterable[str]) -> dict[str, str]:
    """Records as one speaks of them: the day, what happened, and where it stands."""
    places = [(whose, int(at)) for whose, _, at in (ref.rpartition("#") for ref in refs)]
    return {
        fact.ref: f"{fact.on} {title(fact.event)}（第 {fact.position} 笔）"
        for _, fact in reader.facts_at(places)
    }


def called(reader: Reader, who: Visitor, given: Iterable[str]) -> dict[str, str]:
    """What things are called, by id; a person whom the visitor may not see, or whose name is not
    open, by the number of her file."""
    given = list(given)
    ids = [each for each in given if is_id(each)]
    conn, origin = reader.conn, reader.ledger.origin
    kinds: dict[str, list[str]] = {}
    for each in ids:
        kinds.setdefault(each[:3], []).append(each)
    found: dict[str, str] = {}
    seen = [p for p in map(PersonId, kinds.get("per", ())) if may_see(reader, who, p)]
    found |= {p: f"人员 {spoken(p)}" for p in map(PersonId, kinds.get("per", ()))}
    found |= {p: shown.name for p, shown in people(reader, seen).items() if shown.name}
    found |= {u: row.name for u, row in union_tree.get(conn, origin, kinds.get("uni", ())).items()}
    found |= {
        f: row.name for f, row in fund_statements.get(conn, origin, kinds.get("fnd", ())).items()
    }
    found |= {
        c: line.number for c, line in case_boards.get(conn, origin, kinds.get("cas", ())).items()
    }
    asked = grants.get(conn, origin, kinds.get("grt", ()))
    whose = {row["person"] for row in list(asked.values())[:MOST_TYPED]}
    applicants = people(reader, [p for p in map(PersonId, whose) if may_see(reader, who, p)])
    found |= {
        g: " ".join([
            *([one.name] if (one := applicants.get(row["person"])) else []),
            word(AidKind(row["kind"])), f"{yuan(row['amount'])} 元",
        ])
        for g, row in asked.items()
    }  # fmt: skip
    found |= _members_called(reader, who, kinds.get("mem", ()))
    found |= _transfers_called(reader, who, kinds.get("trf", ()))
    found |= _records(reader, [each for each in given if is_ref(each)])
    found |= {
        t: f"{row.name}（{row.leaves} 出发）"
        for t in kinds.get("tri", ())
        if (row := service_counts.trip_of(conn, origin, t)) is not None
    }
    found |= {t: _tally(reader, t) for t in kinds.get("tal", ())}
    found |= {s: _service(reader, s) for s in kinds.get("ser", ())}
    found |= {q: _question(reader, q) for q in kinds.get("que", ())}
    for prefix in ("sch", "sta", "par", "con", "hrd", "hou"):
        if prefix in kinds:
            every = _PICKERS[prefix](reader, who, seen)
            found |= {each: name for each, name in every if each in kinds[prefix]}
    return found


def _members_called(reader: Reader, who: Visitor, given: Iterable[str]) -> dict[str, str]:
    """Memberships by whose they are; of somebody whom the visitor may not see, by the union."""
    conn, origin = reader.conn, reader.ledger.origin
    rows = rosters.get(conn, origin, given)
    seen = {row.person for row in rows.values() if may_see(reader, who, row.person)}
    shown = people(reader, seen)
    names = union_tree.get(conn, origin, {row.union for row in rows.values()})

    def of(row: rosters.Member) -> str:
        person = shown[row.person].name if row.person in shown else ""
        union = names[row.union].name if row.union in names else ""
        return "（".join(each for each in (person, union) if each) + ("）" if person else "")

    return {membership: of(row) for membership, row in rows.items()}


def _transfers_called(reader: Reader, who: Visitor, given: Iterable[str]) -> dict[str, str]:
    """Transfers by whose they are, and from which union."""
    conn, origin = reader.conn, reader.ledger.origin
    rows = transfers.get(conn, origin, given)
    mine = [r for r in rows.values() if has_part(reader, who, r) or may_see(reader, who, r.person)]
    shown = glimpse(reader, who, mine)
    names = union_tree.get(conn, origin, {r.from_union for r in rows.values() if r.from_union})

    def of(row: transfers.Line) -> str:
        person = shown[row.person].name if row.person in shown else "姓名未提供"
        union = names.get(row.from_union) if row.from_union else None
        return f"{person}（自{union.name}）" if union else person

    return {transfer: of(row) for transfer, row in rows.items()}


def _tally(reader: Reader, tally: str) -> str:
    told = reader.get(Tally, tally).counted
    if told is None:
        return ""
    number = service_counts.shown(told.count, word(told.unit))
    return f"{word(told.kind)} {number}"


def _service(reader: Reader, service: str) -> str:
    told = reader.get(Service, service).given
    return f"{word(told.kind)}（记名）" if told else ""


def _question(reader: Reader, question: str) -> str:
    line = questions.get(reader.conn, reader.ledger.origin, [question]).get(QuestionId(question))
    return f"{line.raised_on} {word(line.kind)}" if line else ""


def _unions(reader: Reader, who: Visitor, _: Sequence[PersonId]) -> Iterable[Choice]:
    """Our own and the partners' unions, from the top, each below its superior; of too many, the
    visitor's and those below."""
    conn, origin = reader.conn, reader.ledger.origin
    if listable(reader):
        tops = union_tree.roots(conn, origin)
    else:
        mine = union_tree.get(conn, origin, {post.union for post in who.posts})
        tops = sorted(mine.values(), key=lambda row: row.name)
    return [
        (row.union, "　" * depth + row.name)
        for depth, row in union_tree.descending(conn, origin, tops, most=MOST)
    ]


def _funds(reader: Reader, who: Visitor, _: Sequence[PersonId]) -> Iterable[Choice]:
    sought = fund_statements.Sought(open=True)
    rows = fund_statements.listing(reader.conn, reader.ledger.origin, sought, limit=MOST).rows
    own = [row for row in rows if row.origin == reader.ledger.origin]
    totals = fund_statements.totals(
        reader.conn, reader.ledger.origin, [row.fund for row in own], who.today
    )
    return [(r.fund, f"{r.name}（可用 {yuan(totals[r.fund].balance)} 元）") for r in own]


def _places(reader: Reader, who: Visitor, _: Sequence[PersonId]) -> Iterable[Choice]:
    """The divisions of our own province; those of others are written by their code."""
    codes = divisions.of_province(reader.ledger.province.code)
    return [(code, divisions.name_of(code)) for code in codes]


def _households(reader: Reader, who: Visitor, persons: Sequence[PersonId]) -> Iterable[Choice]:
    """The households that these persons' records name, by who lives there."""
    found = {each: None for person in persons for each in mentioned(reader, person, "hou")}
    for each in found:
        living = [one.person for one in reader.get(Household, each).living if one.holds(who.today)]
        names = [one.name or "姓名未提供" for one in people(reader, living).values()]
        yield each, "、".join(names) + " 家"


def _schemes(reader: Reader, who: Visitor, _: Sequence[PersonId]) -> Iterable[Choice]:
    rows = schemes.listing(reader.conn, reader.ledger.origin, who.today)
    return [(row.scheme, f"{row.title}（第{row.version}版）") for row in rows]


def _stations(reader: Reader, who: Visitor, _: Sequence[PersonId]) -> Iterable[Choice]:
    rows = union_tree.stations_of(reader.conn, reader.ledger.origin, on=who.today)
    return [(row.station, row.name) for row in rows]


def _agreements(reader: Reader, who: Visitor, _: Sequence[PersonId]) -> Iterable[Choice]:
    held = [(each, reader.get(Partnership, each).proposed) for each in streams(reader, "par")]
    return [(each, proposed.title) for each, proposed in held if proposed]


def _consents(reader: Reader, who: Visitor, persons: Sequence[PersonId]) -> Iterable[Choice]:
    found = [each for person in persons for each in mentioned(reader, person, "con")]
    held = [(each, reader.get(Consent, each).given) for each in found]
    return [
        (each, f"{word(given.purpose)} · {given.receiver.name}") for each, given in held if given
    ]


def _memberships(reader: Reader, who: Visitor, persons: Sequence[PersonId]) -> Iterable[Choice]:
    conn, origin = reader.conn, reader.ledger.origin
    found = rosters.of_persons(conn, origin, persons)
    rows = [row for members in found.values() for row in members]
    names = union_tree.get(conn, origin, {row.union for row in rows})
    return [
        (row.membership, names[UnionId(row.union)].name if row.union in names else row.union)
        for row in rows
    ]


def _files(reader: Reader, who: Visitor, persons: Sequence[PersonId]) -> Iterable[Choice]:
    rows = hardship_files.open_of(reader.conn, reader.ledger.origin, persons)
    return [(row.file, f"{row.number} {word(row.category)}") for row in rows]


def _papers(reader: Reader, who: Visitor, persons: Sequence[PersonId]) -> Iterable[Choice]:
    """The papers of these persons, by their names; of a whole sheet of people nobody's."""
    if len(persons) > MOST_TYPED:
        return []
    seen = [each for each in persons if may_see(reader, who, each)]
    return [(one.commitment, one.name) for each in seen for one in papers(reader, each)]


_PICKERS: Mapping[str, Picker] = {
    PAPER: _papers,
    "div": _places,
    "uni": _unions,
    "hou": _households,
    "fnd": _funds,
    "sch": _schemes,
    "sta": _stations,
    "par": _agreements,
    "con": _consents,
    "mem": _memberships,
    "hrd": _files,
}
