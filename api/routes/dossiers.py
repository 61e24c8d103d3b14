"""Dossiers (取证案卷): a file that settles a dispute and needs nothing of ours.

For whoever may see the page of what it is about, in the same words; where personal texts are
opened a purpose is said, and everybody of whom something is shown stands on the read log.
"""

from collections.abc import Callable, Mapping
from typing import Annotated
from urllib.parse import quote

from fastapi import Response
from pydantic import Field, StringConstraints, model_validator

from api.asking import Day, Part, Room, SignedIn
from api.problems import Problem
from api.showing import (
    Purpose,
    check_case,
    check_fund,
    check_grant,
    check_purpose,
    check_sight,
    check_union,
    looking,
)
from ledger import evidence
from ledger.book import NotFound, Reader
from ledger.desk import Visitor
from ledger.domain.ids import CaseId, GrantId, PersonId, TransferId, UnionId
from ledger.evidence import Kind, Sight, Subject
from ledger.projections import transfers

ROUTER = Room("/dossiers", "取证案卷")

_PREFIXES = {
    Kind.WORKER: "per", Kind.TRANSFER: "trf", Kind.GRANT: "grt", Kind.CASE: "cas",
    Kind.FUND: "fnd", Kind.PERIOD: "uni",
}  # fmt: skip


class Taking(Part):
    """Of what a dossier is taken, and why."""

    kind: Kind = Field(description="案卷种类")
    subject: Annotated[str, StringConstraints(pattern=r"^[a-z]{3}_[a-z2-7]{26}$")] = Field(
        description="编号；期间写工会编号", examples=["per_…"]
    )
    purpose: Purpose | None = Field(None, description="取证目的；打开个人信息的必填")
    since: Day | None = Field(None, description="期间：自哪一天登记")
    until: Day | None = Field(None, description="期间：至哪一天登记")

    @model_validator(mode="after")
    def _whole(self) -> "Taking":
        if not self.subject.startswith(_PREFIXES[self.kind]):
            raise ValueError("the id is of another kind of thing")
        period = self.since is not None and self.until is not None and self.since <= self.until
        if period != (self.kind is Kind.PERIOD) or (self.since is None) != (self.until is None):
            raise ValueError("a period has two days, in order; nothing else has")
        return self

    @property
    def of(self) -> Subject:
        return Subject(self.kind, self.subject, self.since, self.until)


@ROUTER.look("", "取证：记录、证明、原文、附件和核验程序，一个压缩包")
def take(body: Taking, who: SignedIn) -> Response:
    if body.kind in evidence.OPENS and body.purpose is None:
        raise Problem(
            400, "purpose", "Say what for: a dossier opens personal data.",
            "案卷会打开个人信息，请在 purpose 中写明取证目的。",
        )  # fmt: skip
    evidence.sign_first(who.ledger)
    with looking(who, "dossier", body.purpose) as reader:
        _SIGHTS[body.kind](reader, who, body)
        taken = evidence.take(reader, body.of, Sight(who.sees_numbers, who.sees_accounts))
    return Response(
        taken.data,
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(taken.name)}",
            "Cache-Control": "no-store",
            "Digest": f"sha-256={taken.digest}",
        },
        media_type="application/zip",
    )


# ── who may: as the page of each ─────────────────────────────────────────────────────────────


def _worker(reader: Reader, who: Visitor, body: Taking) -> None:
    check_sight(reader, who, PersonId(body.subject))
    check_purpose(reader, PersonId(body.subject), body.purpose)


def _transfer(reader: Reader, who: Visitor, body: Taking) -> None:
    found = transfers.get(reader.conn, reader.ledger.origin, [body.subject])
    line = found.get(TransferId(body.subject))
    if line is None:
        raise NotFound(body.subject)
    check_sight(reader, who, line.person)
    check_purpose(reader, line.person, body.purpose)


def _grant(reader: Reader, who: Visitor, body: Taking) -> None:
    check_grant(reader, who, GrantId(body.subject), body.purpose)


def _case(reader: Reader, who: Visitor, body: Taking) -> None:
    check_case(reader, who, CaseId(body.subject))


def _fund(reader: Reader, who: Visitor, body: Taking) -> None:
    check_fund(reader, who, body.subject)


def _period(reader: Reader, who: Visitor, body: Taking) -> None:
    check_union(reader, who, UnionId(body.subject))


_SIGHTS: Mapping[Kind, Callable[[Reader, Visitor, Taking], None]] = {
    Kind.WORKER: _worker,
    Kind.TRANSFER: _transfer,
    Kind.GRANT: _grant,
    Kind.CASE: _case,
    Kind.FUND: _fund,
    Kind.PERIOD: _period,
}
