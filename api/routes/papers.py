"""Papers (附件): uploaded for a person, cited by what is recorded, shown to who may see her."""

from typing import Annotated
from urllib.parse import quote

from fastapi import Form, Query, Response, UploadFile
from pydantic import BaseModel, Field

from api.asking import Commitment, Part, PersonRef, Room, SignedIn, answer
from api.limits import takes
from api.problems import Problem
from api.showing import Purpose, check_purpose, check_sight, looking
from ledger import procedures
from ledger.domain.ids import PersonId
from ledger.journal.attachments import MOST, TooBig
from ledger.procedures.papers import NoPaper, Paper

ROUTER = Room("/papers", "附件")

PurposeAsked = Annotated[Purpose | None, Query(description="查阅目的；会籍在对方省的必填")]


class Papers(BaseModel):
    """The papers of one person."""

    items: list[Paper]


class Uploading(Part):
    """A paper, and whose it is."""

    person: PersonRef = Field(description="职工")
    file: UploadFile = Field(description="PDF、JPEG 或 PNG，20 MB 以内")


class Kept(BaseModel):
    """By what a record cites the paper: `act.evidence`."""

    evidence: str


@ROUTER.look("", "上传附件：密封保存，返回登记时引用的校验值", Kept)
@takes(MOST)
def upload(
    given: Annotated[Uploading, Form(media_type="multipart/form-data")], who: SignedIn
) -> Response:
    with who.ledger.reading() as reader:
        check_sight(reader, who, PersonId(given.person))
    data = given.file.file.read(MOST + 1)
    name = given.file.filename or ""
    try:
        kept = procedures.keep_paper(who.ledger, PersonId(given.person), name, data)
    except NoPaper:
        raise Problem(
            415, "no-paper", "PDF, JPEG or PNG, please.", "请上传 PDF、JPEG 或 PNG 文件。"
        ) from None
    except TooBig:
        raise Problem(
            413, "too-big", "At most 20 MB.", "附件不超过 20 MB。",
            instead="请用灰度扫描，或分页上传。",
        ) from None  # fmt: skip
    return answer({"evidence": kept})


@ROUTER.view("", "一名职工的附件", Papers)
def papers(
    who: SignedIn, person: Annotated[PersonRef, Query(description="职工")],
    purpose: PurposeAsked = None,
) -> Response:  # fmt: skip
    with looking(who, "papers", purpose) as reader:
        check_sight(reader, who, PersonId(person))
        check_purpose(reader, PersonId(person), purpose)
        found = procedures.papers(reader, PersonId(person))
    return answer({"items": found})


@ROUTER.view("/{commitment}", "一份附件的原文")
def paper(commitment: Commitment, who: SignedIn, purpose: PurposeAsked = None) -> Response:
    with looking(who, "paper", purpose) as reader:
        person = procedures.whose_paper(reader, commitment)
        check_sight(reader, who, person)
        check_purpose(reader, person, purpose)
        held = procedures.paper(reader, commitment)
    return Response(
        held.data,
        headers={
            "Content-Disposition": f"inline; filename*=UTF-8''{quote(held.name)}",
            "Content-Security-Policy": "default-src 'none'; img-src 'self'; object-src 'self'",
            "Cache-Control": "no-store",
        },
        media_type=held.type,
    )
