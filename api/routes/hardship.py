"""Hardship files (困难档案): opened for a household, reviewed, closed; open ones listed by review day."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Query, Response
from pydantic import Field

from api.asking import (
    Acting,
    Body,
    Day,
    FileRef,
    HouseholdRef,
    PersonRef,
    Room,
    Seen,
    SignedIn,
    Text,
    UnionRef,
    Word,
    answer,
)
from api.showing import (
    Listing,
    Looking,
    Page,
    Purpose,
    check_purpose,
    check_sight,
    check_union,
    looking,
    names_of,
    people,
    turned,
)
from ledger import procedures, replay
from ledger.book import Entry, NotFound
from ledger.domain.hardship import Category, FileBasis, FileOutcome, HardshipCause, HardshipFile
from ledger.domain.ids import FileId, PersonId, UnionId
from ledger.projections import hardship_files
from ledger.replay import FileTold, Shown

ROUTER = Room("/hardship-files", "困难档案")


# ── views ────────────────────────────────────────────────────────────────────────────────────


class FilesSought(Listing):
    """Which open files: of a union and those below it, of a category, due for review."""

    union: UnionRef | None = Field(None, description="工会，默认本工会")
    below: bool | None = Field(None, description="是否包括下级工会，默认包括")
    as_of: Day | None = Field(None, description="截至哪一天")
    known_on: Day | None = Field(None, description="按哪一天已登记的情况")
    category: Category | None = Field(None, description="困难类别")
    due: Day | None = Field(None, description="到这一天应当复核的")
    own: bool | None = Field(None, description="仅本省（true）或仅对方省（false）所建")
    count: bool | None = Field(None, description="是否给出各类别的户数")
    purpose: Purpose | None = Field(None, description="查阅目的；不填则对方省所建的不显示姓名")

    def sought(self, union: UnionId | None) -> hardship_files.Sought:
        """The question to the view. Raises: UnknownFilter."""
        words = self.words()
        for aside in ("count", "purpose"):
            words.pop(aside, None)
        return hardship_files.Sought.of({**words, **({"union": union} if union else {})})


@dataclass(frozen=True)
class FileLine:
    """One open file; a partner's has a name only where a purpose is given."""

    file: str
    number: str
    household: str
    person: Shown | None
    person_id: str
    union: str
    union_name: str
    origin: str
    category: Category
    main: HardshipCause
    valid_until: date
    due: bool


@ROUTER.view("", "未结的困难档案，先到期的在前", Page[FileLine])
def files(who: SignedIn, asked: Annotated[FilesSought, Query()]) -> Response:
    turn = turned(who, "hardship_files", asked)
    ask, origin, on = turn.asked, who.ledger.origin, turn.asked.as_of or who.today
    with looking(who, "hardship_files", ask.purpose) as reader:
        sought = ask.sought(check_union(reader, who, ask.union))
        page = hardship_files.listing(
            reader.conn, origin, sought, limit=ask.limit, after=turn.pair
        )  # fmt: skip
        counts = hardship_files.count(reader.conn, origin, sought) if ask.count else None
        open_ = [row.person for row in page.rows if row.origin == origin or ask.purpose]
        shown = people(reader, who, open_)
        names = names_of(reader, [row.union for row in page.rows], ask.as_of)
    lines = [
        FileLine(
            row.file, row.number, row.household, shown.get(row.person), row.person, row.union,
            names.get(row.union, ""), row.origin, row.category, row.main, row.valid_until,
            row.due(on),
        )
        for row in page.rows
    ]  # fmt: skip
    return turn.answer(lines, page.next, **({"counts": counts} if counts else {}))


@ROUTER.view("/{file}", "一份困难档案：截至某日、按某日已登记", FileTold)
def file(file: FileRef, who: SignedIn, asked: Looking) -> Response:
    with looking(who, "hardship_file", asked.purpose) as reader:
        held = reader.find(HardshipFile, file)
        person = _person(held, file)
        check_sight(reader, who, person)
        check_purpose(reader, person, asked.purpose)
        told = replay.hardship_file(
            reader, file, as_of=asked.as_of, known_on=asked.known_on, mask=not who.sees_numbers
        )
    return answer(told, version=held.version)


# ── acts ─────────────────────────────────────────────────────────────────────────────────────


class Opening(Body):
    """The file of a household, through one of its members."""

    household: HouseholdRef = Field(description="家庭")
    person: PersonRef = Field(description="建档职工，须在该家庭中")
    category: Category = Field(description="困难类别")
    main: HardshipCause = Field(description="主要致困原因")
    others: list[HardshipCause] = Field(
        default_factory=list[HardshipCause], max_length=9, description="次要致困原因，至多三项"
    )
    basis: FileBasis = Field(description="认定依据")
    valid_until: Day = Field(description="有效期至，不含当日，应在此前复核")
    number: Word = Field(description="档案编号", examples=["桂困〔2026〕12号"])
    remark: Text = Field("", description="情况说明")


@ROUTER.act("", "建立困难档案")
def open_(body: Opening, asked: Acting) -> Response:
    def decide(entry: Entry) -> dict[str, str]:
        check_sight(entry, asked.who, body.person)
        opened = procedures.open_file(
            entry, body.household, body.person, body.category, body.main, body.others, body.basis,
            body.valid_until, body.number, body.remark,
        )  # fmt: skip
        return {"file": opened.file}

    return asked.record(body, decide, lock=True)


class Reviewing(Body):
    """What is found now; what is left out stays as it was."""

    category: Category = Field(description="困难类别")
    valid_until: Day = Field(description="有效期至，不含当日")
    main: HardshipCause | None = Field(None, description="主要致困原因")
    others: list[HardshipCause] | None = Field(
        None, max_length=9, description="次要致困原因，至多三项"
    )
    basis: FileBasis | None = Field(None, description="认定依据")
    remark: Text = Field("", description="情况说明")


@ROUTER.act("/{file}/reviews", "复核困难档案")
def review(file: FileRef, body: Reviewing, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        _check(entry, asked, file)
        procedures.review_file(
            entry, file, body.category, body.valid_until, main=body.main, others=body.others,
            basis=body.basis, remark=body.remark,
        )  # fmt: skip

    return asked.record(body, decide, {file: seen})


class Closing(Body):
    """What became of the household."""

    outcome: FileOutcome = Field(description="结案去向")
    duplicate_of: FileRef | None = Field(None, description="重复建档的，保留的另一份档案")
    remark: Text = Field("", description="情况说明")


@ROUTER.act("/{file}/closing", "困难档案结案")
def close(file: FileRef, body: Closing, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        _check(entry, asked, file)
        procedures.close_file(
            entry, file, body.outcome, duplicate_of=body.duplicate_of, remark=body.remark
        )

    return asked.record(body, decide, {file: seen})


def _check(entry: Entry, asked: Acting, file: FileId) -> None:
    check_sight(entry, asked.who, _person(entry.read(HardshipFile, file), file))


def _person(held: HardshipFile, file: str) -> PersonId:
    """Through whom it was opened. Raises: NotFound where that was annulled."""
    if held.opened is None:
        raise NotFound(file)
    return held.opened.person
