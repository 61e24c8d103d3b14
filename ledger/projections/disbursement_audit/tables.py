"""The tables of the audit (审计视图的表): what was found, and what it takes to compare grants."""

from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from ledger.journal.tables import metadata

NAME = "disbursement_audit"

# What was found. `since` is the day from which on it holds, perhaps one ahead: whether a receipt
# is missing hangs on the day one asks. `owner` is by whose evaluation it stands here.
finding = Table(
    "finding",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("key", Text, primary_key=True),  # owner, rule and record
    Column("owner", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("subject", Text, nullable=False),  # a grant, a list, a fund, a hardship file
    Column("whose", Text, nullable=False),  # the record that it turns on: its journal and place
    Column("position", BigInteger, nullable=False),
    Column("cites", Text, nullable=False),  # all its records, `origin#position` each, by spaces
    Column("amount", BigInteger, nullable=False),
    Column("since", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("union_id", Text, nullable=False),
    Column("kind", Text),
    Column("person", Text),
    Column("aid_list", Text),
    Column("fund", Text),
    Column("detail", Text, nullable=False),  # codes and numbers, by spaces
    Index("finding_owner", "generation", "owner"),
    Index("finding_rule", "generation", "rule", "since", "key"),
    Index("finding_since", "generation", "since", "key"),
    Index("finding_union", "generation", "union_id", "rule"),
    Index("finding_subject", "generation", "subject"),
)

# One grant, as far as it is compared with others.
audited = Table(
    "audited",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("grant_id", Text, primary_key=True),
    Column("origin", Text, nullable=False),
    Column("union_id", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("beneficiary", Text, nullable=False),
    Column("household", Text),
    Column("kind", Text, nullable=False),
    Column("need", Text, nullable=False),
    Column("year", Integer, nullable=False),
    Column("scheme", Text),
    Column("file", Text),
    Column("aid_list", Text),
    Column("fund", Text),
    Column("once", Integer),  # whether its scheme aids a need once; unknown without a scheme
    Column("caps", Text, nullable=False),  # `per:fen` by spaces: those that hold for a year
    Column("lifted", Text, nullable=False),  # grants that are for another need, or another person
    Column("decided_on", Text),
    Column("decided", Text),  # the record of the decision, and that of each kind below
    Column("granted", BigInteger, nullable=False),
    Column("kept", BigInteger, nullable=False),  # what was paid and has not come back
    Column("paid_on", Text),  # the first payment that arrived
    Column("paid", Text),
    Column("last_on", Text),  # and the last one
    Column("last", Text),
    Column("line", BigInteger, nullable=False),  # what it adds to its list; nothing if struck off
    Column("by_sheet", BigInteger, nullable=False),  # what its list's sheets handed out
    Column("times", Integer, nullable=False),  # and how often
    Column("payee_at", BigInteger),  # the position of the record that named the payee
    Index("audited_beneficiary", "generation", "beneficiary"),
    Index("audited_person", "generation", "person"),
    Index("audited_household", "generation", "household"),
    Index("audited_list", "generation", "aid_list"),
    Index("audited_file", "generation", "file"),
    Index("audited_scheme", "generation", "scheme"),
)

# Who has died, and by which record.
departed = Table(
    "departed",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("person", Text, primary_key=True),
    Column("died_on", Text, nullable=False),
    Column("ref", Text, nullable=False),
)

# What a version of a scheme gives to whom has a hardship file: for the aid that nobody got.
helped = Table(
    "helped",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("scheme", Text, primary_key=True),
    Column("since", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("category", Text, primary_key=True),  # empty: whatever the category
    Column("union_id", Text, nullable=False),
    Column("until", Text, nullable=False),
)

# What a fund paid that it had no money for, and what covered that later, by place in its stream.
gap = Table(
    "fund_gap",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("fund", Text, primary_key=True),
    Column("place", BigInteger, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),  # of what stands there now
    Column("amount", BigInteger, nullable=False),
    Column("on", Text, nullable=False),
)

TABLES = (finding, audited, departed, helped)


class Found(NamedTuple):
    """One finding before it has its place in the table; amounts in fen."""

    rule: str
    ref: str
    cites: tuple[str, ...]
    amount: int
    since: str
    detail: str = ""


class Subject(NamedTuple):
    """What a finding is about, as every row of it tells."""

    subject: str
    origin: str
    union: str
    kind: str | None = None
    person: str | None = None
    aid_list: str | None = None
    fund: str | None = None


def as_row(generation: int, owner: str, about: Subject, told: Found) -> tuple[Any, ...]:
    """A finding as its row, values in the table's order."""
    cites = " ".join(dict.fromkeys((told.ref, *told.cites)))
    whose, _, position = told.ref.rpartition("#")
    return (
        generation, f"{owner} {told.rule} {told.ref}", owner, told.rule, about.subject, whose,
        int(position), cites, told.amount, told.since, about.origin, about.union, about.kind, about.person,
        about.aid_list, about.fund, told.detail,
    )  # fmt: skip
