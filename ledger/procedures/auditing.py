"""Auditing (经审办理): a finding becomes an audit query in one step."""

from ledger.book import Entry, NotFound
from ledger.domain.ids import QuestionId, UnionId
from ledger.domain.questions import QuestionKind
from ledger.procedures.questioning import raise_question
from ledger.projections import disbursement_audit


def query_finding(
    entry: Entry,
    rule: str,
    record: tuple[str, int],
    text: str = "",
    *,
    answer_days: int,
    ruling_days: int,
    judge: UnionId | None = None,
) -> QuestionId:
    """Raises an audit query about what a rule finds of a record today.

    Raises: NotFound where there is no such finding, and what `raise_question` raises.
    """
    conn, origin = entry.conn, entry.ledger.origin
    sought = disbursement_audit.Sought(entry.act.today, rule=rule, record=record)
    found = disbursement_audit.listing(conn, origin, sought, limit=1).rows
    if not found:
        raise NotFound(f"{rule} {record[0]}#{record[1]}")
    told = disbursement_audit.as_question(conn, origin, found[0])
    return raise_question(
        entry, QuestionKind.AUDIT_QUERY, told.cites, text, answer_days=answer_days,
        ruling_days=ruling_days, asked=told.asked, judge=judge, rule=told.rule, person=told.person,
    )  # fmt: skip
