"""The audit of disbursements (发放审计): what paper, partners, corrections and time brought about.

Findings are posted with everything else: what a grant shows by itself from its own history, what
several show together from one row for each. Whether a receipt is late hangs on the day one asks:
a finding stands here with the day from which on it holds. Nothing here decides: a finding opens
a question, and that question's ruling closes it.

    tables    what is kept
    single    what one grant or one list shows by itself
    across    what only several show together
    asking    findings by rule, union, day, with their questions
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select

from ledger.domain.aid import AidGrant, AidList, AidListClosed, SheetPaid, Stage
from ledger.domain.aiding import AidKind, KindRules, Step
from ledger.domain.auditing import FundOverspent
from ledger.domain.corrections import FactAnnulled
from ledger.domain.funds import PastPaymentNoted
from ledger.domain.kernel import Fact, standing
from ledger.domain.persons import Person, PersonDied
from ledger.domain.schemes import NoRuleForThis, Scheme, SchemeAdopted, SchemeRepealed
from ledger.journal.database import ByKey
from ledger.projections import fund_statements, hardship_files
from ledger.projections.disbursement_audit import across, single
from ledger.projections.disbursement_audit.asking import (
    FindingState,
    Line,
    Page,
    Query,
    Sought,
    Tally,
    as_question,
    count,
    each,
    listing,
)
from ledger.projections.disbursement_audit.single import Case, FileTime, Listed
from ledger.projections.disbursement_audit.tables import (
    NAME,
    TABLES,
    Found,
    Subject,
    as_row,
    audited,
    departed,
    finding,
    helped,
)
from ledger.projections.posting import Posting, Projection, live
from ledger.projections.two_times import STILL, UNCHANGED, Known, histories, rewrite

__all__ = [
    "NAME", "VIEW", "FindingState", "Line", "Page", "Query", "Sought", "Tally", "as_question", "count",
    "each", "listing",
]  # fmt: skip

MOST_CITED = 20
"""How many records of a fund a finding names: the newest, which are the ones in question."""

MOST = 1000
"""How many grants are folded at a time, where more than a page's are to be looked at again."""


@dataclass
class Touched:
    """What a page of facts touches, by kind of thing."""

    streams: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    persons: set[str] = field(default_factory=set[str])  # whose lives or links have changed
    perhaps_dead: set[str] = field(default_factory=set[str])

    @classmethod
    def by(cls, page: Sequence[Posting]) -> "Touched":
        made = cls()
        for posting in page:
            stream = posting.record.stream
            match stream[:3]:
                case "grt" | "lis" | "sch" | "hrd" | "fnd" as prefix:
                    made.streams.setdefault(prefix, set()).add(stream)
                case "mem":
                    made.persons.add(posting.body.get("person") or "")
                case "lnk" if "other" in posting.body or _corrects(posting):
                    made.streams.setdefault("lnk", set()).add(stream)
                case "per" if isinstance(posting.event, PersonDied) or _corrects(posting):
                    made.perhaps_dead.add(stream)
                case _:
                    pass
        made.persons.discard("")
        return made

    def of(self, prefix: str) -> set[str]:
        return self.streams.get(prefix, set())


def _corrects(posting: Posting) -> bool:
    return posting.fact.corrects is not None or isinstance(posting.event, FactAnnulled)


class _View:
    """Posts what a page touches, and what hangs on it."""

    name, zh = NAME, "发放审计"
    tables: Sequence[Any] = TABLES

    def post(self, conn: Connection, generation: int, page: Sequence[Posting]) -> None:
        touched = Touched.by(page)
        if touched.of("fnd"):
            _funds(conn, generation, page, touched.of("fnd"))
        if touched.of("lnk"):
            touched.persons |= _linked(conn, page, touched.of("lnk"))
        if touched.perhaps_dead:
            touched.persons |= _deaths(conn, generation, page, touched.perhaps_dead)
        if touched.of("sch") or touched.of("hrd") or touched.persons:
            again = _hanging_on(conn, generation, page, touched)
        else:
            again = set[str]()
        grants = sorted(again | touched.of("grt"))
        if not (grants or touched.of("lis") or touched.persons):
            return
        Posted(conn, generation, page).run(grants, touched)


VIEW: Projection = _View()


# ── what hangs on other things than the grants themselves ────────────────────────────────────

_WITH_FILE = ByKey(
    select(audited.c.grant_id).where(audited.c.generation == bindparam("generation")),
    audited.c.file,
)


def _hanging_on(
    conn: Connection, generation: int, page: Sequence[Posting], touched: Touched
) -> set[str]:
    """The grants that these schemes and files judge; and the persons who have any grant at all."""
    grants: set[str] = set()
    for scheme in touched.of("sch"):
        grants |= _judged_anew(conn, generation, page, scheme)
    rows = _WITH_FILE.rows(conn, sorted(touched.of("hrd")), generation=generation)
    grants |= {row[0] for row in rows}
    if touched.persons and not conn.execute(
        select(audited.c.grant_id).where(audited.c.generation == generation).limit(1)
    ).first():  # fmt: skip
        touched.persons.clear()  # there is no aid here at all: members come and go
    return grants


def _judged_anew(
    conn: Connection, generation: int, page: Sequence[Posting], scheme: str
) -> set[str]:
    """Notes whom the scheme helps; returns the grants that it judges otherwise than before."""
    facts = [known.fact for known in histories(conn, page, [scheme])[scheme]]
    folded = Scheme.of(facts)
    rows = [(generation, scheme, *row) for row in _helps(folded)]
    rewrite(conn, helped, generation, "scheme", [scheme], rows)
    here = [posting for posting in page if posting.record.stream == scheme]
    begins = [
        posting.event.since.isoformat()
        for posting in here
        if isinstance(posting.event, SchemeAdopted | SchemeRepealed)
    ]
    first = "" if any(map(_corrects, here)) else min(begins, default=STILL)
    found = conn.execute(
        select(audited.c.grant_id).where(
            audited.c.generation == generation,
            audited.c.scheme == scheme,
            or_(audited.c.decided_on.is_(None), audited.c.decided_on >= first),
        )
    )
    return set(found.scalars())


def _helps(scheme: Scheme) -> Iterator[tuple[Any, ...]]:
    """Which kinds of aid each version gives to which category of hardship file, from when to when."""
    versions = scheme.versions
    for at, one in enumerate(versions):
        ends = [scheme.until, *(version.since for version in versions[at + 1 :])]
        until = min((end.isoformat() for end in ends if end), default=STILL)
        if one.since.isoformat() >= until:
            continue
        for rules in one.rules:
            wants_file = Step.FILE in rules.steps or rules.categories
            for category in rules.categories or (("",) if wants_file else ()):
                yield one.since.isoformat(), rules.kind, category, one.union, until


def _linked(conn: Connection, page: Sequence[Posting], links: Collection[str]) -> set[str]:
    """The persons whom these links join or no longer join."""
    said = [
        known.fact.event.__dict__
        for history in histories(conn, page, links).values()
        for known in history
    ]
    return {each[name] for each in said for name in ("person", "other") if each.get(name)}


def _deaths(
    conn: Connection, generation: int, page: Sequence[Posting], persons: Collection[str]
) -> set[str]:
    rows: list[Sequence[Any]] = []
    for person, history in histories(conn, page, persons).items():
        facts = [known.fact for known in history]
        died = Person.of(facts).died_on
        refs = [fact.ref for fact in standing(facts) if isinstance(fact.event, PersonDied)]
        if died is not None and refs:
            rows.append((generation, person, died.isoformat(), refs[-1]))
    rewrite(conn, departed, generation, "person", persons, rows)
    return set(persons)


# ── grants and lists ─────────────────────────────────────────────────────────────────────────


class Posted:
    """One page being posted: what was read of it is read once."""

    def __init__(self, conn: Connection, generation: int, page: Sequence[Posting]) -> None:
        self.conn, self.generation, self.page = conn, generation, page
        self.origin = next(posting.fact.origin for posting in page if posting.own)
        self._schemes: dict[str, Scheme] = {}
        self._rules: dict[tuple[Any, ...], KindRules | None] = {}
        self._lists: dict[str, tuple[Listed, Sequence[Known]]] = {}
        # Whose grants are compared anew, and what else hangs on what has changed.
        self._persons: set[str] = set()
        self._households: set[str] = set()
        self._changed: set[str] = set()  # lists
        self._payees: set[str] = set()
        self._unnamed: set[int] = set()

    def run(self, grants: Sequence[str], touched: Touched) -> None:
        self._persons |= touched.persons
        self._payees |= touched.persons
        self._changed |= touched.of("lis")
        for start in range(0, len(grants), MOST):
            self._fold(grants[start : start + MOST])
        anew = self._of_lists(self._changed, set(grants))
        for start in range(0, len(anew), MOST):
            self._fold(anew[start : start + MOST])
        if self._persons:
            across.compare(self.conn, self.origin, self.generation, self._persons, self._households)
        if self._payees:
            across.compare_accounts(
                self.conn, self.origin, self.generation, self._payees, self._unnamed
            )

    # ── one by one ──

    def _fold(self, names: Sequence[str]) -> None:
        """Evaluates these grants by themselves, and notes what is to be compared anew."""
        conn, generation = self.conn, self.generation
        begun = {p.record.stream for p in self.page if p.own and p.record.version == 1}
        before = [name for name in names if name not in begun]
        old = {row.grant: row for row in across.rows_by(conn, generation, "grant_id", before)}
        told = histories(conn, self.page, names)
        folded = {name: AidGrant.of(k.fact for k in told[name]) for name in names if told[name]}
        there = {name: grant for name, grant in folded.items() if grant.id is not None}
        self._read(there.values())
        files = self._files({grant.file for grant in there.values() if grant.file})
        rows: list[across.Audited] = []
        found: list[Sequence[Any]] = []
        owners = {f"own {name}" for name in old}
        for name, grant in there.items():
            case = self._case(grant, told[name], files)
            row, about = self._row(case), None
            for one in single.findings(case):
                about = about or row.about
                found.append(as_row(generation, f"own {name}", about, one))
            if row != old.get(name):
                rows.append(row)
                self._moves(old.get(name), row)
        gone = [row for name, row in old.items() if name not in there]
        for row in gone:
            self._moves(row, None)
        homeless = {row.grant for row in rows if not row.household} & old.keys()
        for name in homeless | {row.grant for row in gone}:  # nobody else would clear these
            owners |= {f"{part} {name}" for part in across.PARTS}
        changed = [row.grant for row in (*rows, *gone) if row.grant in old]
        rewrite(conn, audited, generation, "grant_id", changed, rows)
        across.replace(conn, generation, owners, found)

    def _moves(self, before: across.Audited | None, after: across.Audited | None) -> None:
        """Notes whose grants are to be compared anew because one of them has changed so."""
        both = [row for row in (before, after) if row is not None]
        if len({row.compared if row else None for row in (before, after)}) > 1:
            self._persons |= {person for row in both for person in (row.person, row.beneficiary)}
            self._households |= {row.household for row in both if row.household}
        if len({row.on_its_list if row else None for row in (before, after)}) > 1:
            self._changed |= {row.aid_list for row in both if row.aid_list}
        if len({row.paid_to if row else None for row in (before, after)}) > 1:
            self._payees |= {row.person for row in both}
            if before is not None and before.payee_at is not None:
                self._unnamed.add(before.payee_at)

    def _case(
        self, grant: AidGrant, history: Sequence[Known], files: Mapping[str, Sequence[FileTime]]
    ) -> Case:
        listed = self._lists[grant.aid_list][0] if grant.aid_list and grant.paid else None
        facts = standing(known.fact for known in history)
        return Case(
            grant, history, facts, listed, self._rules_of(grant, listed),
            files.get(grant.file or "", ()), grant.origin == self.origin,
        )  # fmt: skip

    def _read(self, grants: Iterable[AidGrant]) -> None:
        """Reads the lists and the schemes of these grants."""
        some = list(grants)
        lists = {grant.aid_list for grant in some if grant.aid_list} - self._lists.keys()
        for name, history in histories(self.conn, self.page, lists).items():
            self._lists[name] = Listed.of(history), history
        schemes = {grant.scheme for grant in some if grant.scheme} - self._schemes.keys()
        for name, history in histories(self.conn, self.page, schemes).items():
            self._schemes[name] = Scheme.of(known.fact for known in history)

    def _rules_of(self, grant: AidGrant, listed: Listed | None) -> KindRules | None:
        """The rules that judge it on the day of its decision; None where no scheme is known here."""
        begun = grant.applied_on
        decided = grant.approval.on if grant.approval else None
        if listed is not None and listed.aid_list.id is not None:
            begun, decided = listed.aid_list.drawn_on, listed.aid_list.approved_on
        if grant.scheme is None or grant.kind is None or begun is None:
            return None
        return self._judging(grant.scheme, grant.kind, begun, decided or begun)

    def _judging(self, scheme: str, kind: AidKind, begun: date, on: date) -> KindRules | None:
        key = scheme, kind, begun, on
        if key not in self._rules:
            try:
                self._rules[key] = self._schemes[scheme].rules(kind, begun, on)[1]
            except NoRuleForThis:
                self._rules[key] = None
        return self._rules[key]

    def _files(self, files: Collection[str]) -> Mapping[str, Sequence[FileTime]]:
        found: dict[str, list[FileTime]] = {}
        generation = live(self.conn, self.origin, hardship_files.NAME)
        for file, *times in _FILE_TIMES.rows(self.conn, sorted(files), generation=generation):
            found.setdefault(file, []).append(FileTime(*times))
        return found

    def _row(self, case: Case) -> across.Audited:
        grant, decided, arrived = case.grant, case.decided, case.arrived
        began = grant.applied_on or case.facts[0].on
        payee = case.payee
        approval, past = grant.approval, grant.past
        listed = case.listed.aid_list.approved if case.listed else None
        on_list = grant.aid_list is not None and grant.ended is not Stage.WITHDRAWN
        fund = approval.fund if approval else listed.fund if listed else past.fund if past else None
        first, last = (arrived[0], arrived[-1]) if arrived else (None, None)
        return across.Audited(
            self.generation, str(grant.id), grant.origin, str(grant.union), str(grant.person),
            str(grant.beneficiary), grant.household, str(grant.kind), grant.need, began.year,
            grant.scheme, grant.file, grant.aid_list, fund,
            None if case.rules is None else int(case.rules.once_per_need),
            " ".join(case.year_caps), " ".join(case.lifted),
            decided.on.isoformat() if decided else None, decided.ref if decided else None,
            grant.granted, max(0, grant.paid - grant.taken_back),
            first.on.isoformat() if first else None, first.ref if first else None,
            last.on.isoformat() if last else None, last.ref if last else None,
            grant.amount if on_list else 0, sum(case.by_sheet), len(case.by_sheet),
            payee.position if payee and payee.origin == self.origin else None,
        )  # fmt: skip

    # ── lists ──

    def _of_lists(self, lists: Collection[str], folded: Collection[str]) -> list[str]:
        """Evaluates these lists; returns the grants whose approval a list's own fact has moved."""
        new = [name for name in lists if name not in self._lists]
        for name, history in histories(self.conn, self.page, new).items():
            self._lists[name] = Listed.of(history), history
        sums = across.lines_of(self.conn, self.generation, lists)
        rows: list[Sequence[Any]] = []
        for name in sorted(lists):
            held, history = self._lists[name]
            one = held.aid_list
            if one.id is None:
                continue
            fund = one.approved.fund if one.approved else None
            about = Subject(one.id, one.origin, str(one.union), one.kind, None, one.id, fund)
            facts = standing(known.fact for known in history)
            told = [
                *single.against_rules(facts, one.total),
                *single.entered_late(history, facts, one.total),
                *single.of_merged(single.merged([one.duties]), facts, one.total),
                *(self._totals(one, facts, sums.get(name, across.Lines()))),
            ]
            rows += [as_row(self.generation, f"list {name}", about, each_) for each_ in told]
        owners = [f"list {name}" for name in lists]
        across.replace(self.conn, self.generation, owners, rows)
        return self._moved(lists, folded)

    def _totals(
        self, one: AidList, facts: Sequence[Fact], lines: across.Lines
    ) -> Iterator[Found]:  # fmt: skip
        """The list's own totals beside its lines; of the partner's we hold not every line."""
        if one.origin != self.origin:
            return
        sent = _last(facts, AidListClosed)
        if sent is not None and one.content:
            said = (one.total, one.count)
            on = sent.on.isoformat()
            yield from across.differs("list", said, (lines.total, lines.heads), sent.ref, on)
        sheet = _last(facts, SheetPaid)
        if sheet is not None:
            said = (sum(e.total for e in one.handed_out), sum(e.count for e in one.handed_out))
            on = sheet.on.isoformat()
            yield from across.differs("sheet", said, (lines.paid, lines.paid_heads), sheet.ref, on)

    def _moved(self, lists: Collection[str], folded: Collection[str]) -> list[str]:
        """The paid lines of lists of which a fact on this page says something new."""
        said = {
            posting.record.stream
            for posting in self.page
            if posting.record.stream in lists and not isinstance(posting.event, SheetPaid)
        }
        rows = _ON_LIST.rows(self.conn, sorted(said), generation=self.generation)
        return sorted({row[0] for row in rows} - set(folded))


_FILE_TIMES = ByKey(
    select(
        hardship_files.file_span.c.file, hardship_files.file_span.c.since,
        hardship_files.file_span.c.until, hardship_files.file_span.c.valid_until,
        hardship_files.file_span.c.category,
    ).where(
        hardship_files.file_span.c.generation == bindparam("generation"),
        hardship_files.file_span.c.known_to == UNCHANGED,
    ),
    hardship_files.file_span.c.file,
)  # fmt: skip
_ON_LIST = ByKey(
    select(audited.c.grant_id).where(
        audited.c.generation == bindparam("generation"), audited.c.paid.is_not(None)
    ),
    audited.c.aid_list,
)


def _last(facts: Sequence[Fact], kind: type[Any]) -> Fact | None:
    return next((fact for fact in reversed(facts) if isinstance(fact.event, kind)), None)


# ── funds ────────────────────────────────────────────────────────────────────────────────────


def _funds(
    conn: Connection, generation: int, page: Sequence[Posting], funds: Collection[str]
) -> None:
    """Finds the funds of which more was paid or promised than they had; their statements say so.

    A fund grows by every payment: it is looked at where something was paid without money, or was
    corrected, and as long as anything is wanting.
    """
    origin = next(posting.fact.origin for posting in page if posting.own)
    rows = _OVERSPENT.rows(conn, sorted(funds), generation=generation)
    again = {row[0] for row in rows} | {
        posting.record.stream
        for posting in page
        if posting.record.stream in funds
        and (isinstance(posting.event, PastPaymentNoted) or _corrects(posting))
    }
    if not again:
        return
    totals = fund_statements.totals(conn, origin, again)
    told: list[Sequence[Any]] = []
    for fund in fund_statements.get(conn, origin, again).values():
        amount = totals[fund.fund].unfunded
        lines = _unfunded_lines(conn, origin, fund.fund) if amount else []
        if lines:
            refs = tuple(ref for ref, _ in lines)
            found = Found(FundOverspent.__name__, refs[0], refs, amount, lines[0][1])
            about = Subject(fund.fund, fund.origin, fund.keeper, fund=fund.fund)
            told.append(as_row(generation, f"fund {fund.fund}", about, found))
    across.replace(conn, generation, [f"fund {fund}" for fund in again], told)


_OVERSPENT = ByKey(
    select(finding.c.subject).where(
        finding.c.generation == bindparam("generation"),
        finding.c.rule == FundOverspent.__name__,
    ),
    finding.c.subject,
)


def _unfunded_lines(conn: Connection, origin: str, fund: str) -> list[tuple[str, str]]:
    """The newest lines that had no money, else the newest correction, which took it away."""
    line = fund_statements.fund_line.c
    stands = [
        line.generation == live(conn, origin, fund_statements.NAME), line.fund == fund,
        line.known_to == UNCHANGED,
    ]  # fmt: skip
    for which in (line.noted > 0, line.place != line.ref):
        rows = conn.execute(
            select(line.ref, line.on)
            .where(*stands, which)
            .order_by(line.seq.desc(), line.position.desc())
            .limit(MOST_CITED)
        ).all()
        if rows:
            return [(row[0], row[1]) for row in rows]
    return []
