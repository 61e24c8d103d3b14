"""People (职工): registered, found, identified, renamed; who is one person, and who is not."""

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Query, Response
from pydantic import Field, model_validator

from api.asking import (
    Acting,
    Body,
    Day,
    Division,
    LinkRef,
    Name,
    Part,
    PersonRef,
    Room,
    Seen,
    SignedIn,
    Text,
    Word,
    answer,
)
from api.showing import (
    MOST_FOUND,
    STRANGER,
    Look,
    Looking,
    Purpose,
    check_purpose,
    check_sight,
    looking,
    people,
    sight_of,
)
from ledger import procedures, replay
from ledger.book import Entry, Reader
from ledger.desk import Visitor
from ledger.domain.identity import (
    CitizenNumber,
    DocumentKind,
    normalise,
    normalise_name,
    normalise_phone,
    problems,
    problems_of_name,
    problems_of_phone,
)
from ledger.domain.ids import LinkId, PersonId, new_link, new_person
from ledger.domain.kernel import Act, Code, Refused
from ledger.domain.persons import (
    DeathProof,
    LinkGround,
    NumberChange,
    NumberOwed,
    Particulars,
    Person,
    PersonLink,
)
from ledger.imports.rows import BirthContradictsNumber, SexContradictsNumber
from ledger.replay import Between, Interval, Shown, Step, WorkerFile

ROUTER = Room("/persons", "职工")


# ── searching ────────────────────────────────────────────────────────────────────────────────


class Searching(Part):
    """What is known of the person; all of it must fit. Nothing of it stands in an address."""

    number: Name | None = Field(None, min_length=1, description="证件号码（整个）")
    last4: Name | None = Field(None, min_length=4, max_length=4, description="证件号码后四位")
    name: Name | None = Field(None, min_length=1, description="姓名（整个，旧名也可）")
    pinyin: Name | None = Field(None, min_length=1, description="姓名全拼", examples=["weixiuying"])
    initials: Name | None = Field(None, min_length=1, description="姓名首字母", examples=["wxy"])
    phone: Name | None = Field(None, min_length=1, description="电话")
    birth: Day | None = Field(None, description="出生日期")
    limit: int = Field(20, ge=1, le=100, description="至多几人")
    purpose: Purpose | None = Field(None, description="查阅目的，结果含对方省会员时必填")

    @model_validator(mode="after")
    def _something(self) -> "Searching":
        if not self.words():
            raise ValueError("say at least one thing of the person")
        return self

    def words(self) -> dict[str, str]:
        """What is sought, as the search tokens have it."""
        told = {
            "number": self.number and normalise(self.number),
            "last4": self.last4 and self.last4.upper(),
            "name": self.name and normalise_name(self.name),
            "pinyin": self.pinyin,
            "initials": self.initials,
            "phone": self.phone and normalise_phone(self.phone),
            "birth": self.birth and self.birth.isoformat(),
        }
        return {kind: text for kind, text in told.items() if text}


@dataclass(frozen=True)
class Elsewhere:
    """Somebody who is on record and not shown: another's worker, whose whole number was given; or
    one's own, read without a purpose."""

    person: str
    why: str


@dataclass(frozen=True)
class Found:
    """Who was found; `elsewhere`: on record, and not for this visitor to see like this. That
    somebody is another's worker is told by her whole number alone."""

    items: list[Shown]
    elsewhere: list[Elsewhere]
    more: bool


@ROUTER.look("/search", "查找职工", Found)
def search(body: Searching, who: SignedIn) -> Response:
    sought, sights = body.words(), dict[PersonId, str | None]()
    with looking(who, "search", body.purpose) as reader:
        found = reader.ledger.vault.find(reader.conn, **sought)
        for person in map(PersonId, found[:MOST_FOUND]):
            why = sight_of(reader, who, person, body.purpose)
            # That another's worker is on record is for whoever has her card in hand.
            if why != STRANGER or "number" in sought:
                sights[person] = why
        persons = list(sights)[: body.limit]
        shown = people(reader, who, [each for each in persons if sights[each] is None])
        elsewhere = [Elsewhere(p, why) for p in persons if (why := sights[p]) is not None]
        reader.showed(each.person for each in elsewhere)
    return answer(Found(list(shown.values()), elsewhere, len(sights) > body.limit))


# ── the file ─────────────────────────────────────────────────────────────────────────────────


@ROUTER.view("/{person}", "职工档案：截至某日、按某日已登记", WorkerFile)
def file(person: PersonRef, who: SignedIn, asked: Looking) -> Response:
    with looking(who, "person", asked.purpose) as reader:
        _check(reader, who, person, asked)
        told = replay.worker(
            reader, person, as_of=asked.as_of, known_on=asked.known_on, mask=not who.sees_numbers
        )
        version = reader.get(Person, person).version
    return answer(told, version=version)


class Stepping(Look):
    """In which order: as it took effect, or as it became known here."""

    as_known: bool = Field(False, description="按登记的先后（否则按发生的先后）")


@ROUTER.view("/{person}/steps", "逐条回放：每条记录之后的情况", list[Step])
def steps(person: PersonRef, who: SignedIn, asked: Annotated[Stepping, Query()]) -> Response:
    with looking(who, "steps", asked.purpose) as reader:
        _check(reader, who, person, asked)
        told = replay.steps(
            reader, person, as_of=asked.as_of, known_on=asked.known_on, as_known=asked.as_known,
            mask=not who.sees_numbers,
        )  # fmt: skip
    return answer(told)


@ROUTER.view("/{person}/responsibility", "每一天由谁负责", list[Interval])
def responsibility(person: PersonRef, who: SignedIn, asked: Looking) -> Response:
    with looking(who, "responsibility", asked.purpose) as reader:
        _check(reader, who, person, asked)
        told = replay.responsible(reader, person, known_on=asked.known_on)
    return answer([each for each in told if asked.as_of is None or each.covers(asked.as_of)])


class Comparing(Look):
    """Two moments: then, and (`as_of`, `known_on`) now."""

    then_as_of: Day | None = Field(None, description="前一时点：截至哪一天")
    then_known_on: Day | None = Field(None, description="前一时点：按哪一天已登记")


@ROUTER.view("/{person}/changes", "两个时点之间有何变化", Between)
def changes(person: PersonRef, who: SignedIn, asked: Annotated[Comparing, Query()]) -> Response:
    then, now = (asked.then_as_of, asked.then_known_on), (asked.as_of, asked.known_on)
    with looking(who, "changes", asked.purpose) as reader:
        _check(reader, who, person, asked)
        told = replay.between(reader, person, then, now, mask=not who.sees_numbers)
    return answer(told)


def _check(reader: Reader, who: Visitor, person: PersonId, asked: Look) -> None:
    check_sight(reader, who, person)
    check_purpose(reader, person, asked.purpose)


# ── acts ─────────────────────────────────────────────────────────────────────────────────────


class CardSeen(Body):
    """What is needed where a number breaks the rules: the card seen, a scan, a second person."""

    card_seen: bool = Field(False, description="已看原件（号码与规则不符时）")
    second: PersonRef | None = Field(None, description="第二确认人")


def _fit_name(text: str) -> str:
    """A name as it is kept. Raises: NameMisshapen."""
    name = normalise_name(text)
    for rule in problems_of_name(name) if name else ():
        raise rule
    return name


def _fit_phone(text: str) -> str:
    """A telephone as it is kept. Raises: PhoneMisshapen."""
    phone = normalise_phone(text)
    for rule in problems_of_phone(phone) if phone else ():
        raise rule
    return phone


class Registering(CardSeen):
    """What the form says of a person. What a citizen number tells may be left out."""

    name: Name = Field(description="姓名", examples=["古丽米热·艾比布力"])
    document: DocumentKind = Field(DocumentKind.CITIZEN_NUMBER, description="证件类型")
    number: Name = Field("", description="证件号码", examples=["451224199001010025"])
    former_name: Name = Field("", description="曾用名")
    sex: Annotated[Name, Field(pattern=r"^(男|女|)$")] = Field("", description="性别")
    ethnic: Name = Field("", description="民族", examples=["壮族"])
    birth: Day | None = Field(None, description="出生日期")
    division: Name = Field("", pattern=r"^([0-9]{6}([0-9]{3}){0,2})?$", description="户籍区划代码")
    residence: Name = Field("", description="户籍地址")
    phone: Name = Field("", description="电话")
    address: Name = Field("", description="现住址")
    number_owed: NumberOwed | None = Field(None, description="号码待补原因")
    number_due: Day | None = Field(None, description="号码补交日期")

    def particulars(self) -> Particulars:
        """The form, made fit: what the number tells fills what was left out."""
        number = normalise(self.number)
        told = Particulars(
            _fit_name(self.name), self.document, number, _fit_name(self.former_name), self.sex,
            self.ethnic, self.birth.isoformat() if self.birth else "", self.division,
            self.residence, _fit_phone(self.phone), self.address,
        )  # fmt: skip
        read = _read_number(self.document, number)
        if read is None:
            return told
        return replace(told, sex=told.sex or read.sex, birth=told.birth or read.born.isoformat())


def _read_number(document: DocumentKind, number: str) -> CitizenNumber | None:
    if document not in {DocumentKind.CITIZEN_NUMBER, DocumentKind.RESIDENCE_PERMIT}:
        return None
    try:
        return CitizenNumber(number)
    except Refused:
        return None


def _problems(
    act: Act, document: DocumentKind, number: str, told: Particulars | None = None
) -> list[Code]:
    """The rules that a number breaks, by itself and beside the form."""
    plain = normalise(number)
    if not plain:
        return []
    broken = list(problems(document, plain, act.today))
    read = _read_number(document, plain)
    if told is not None and read is not None:
        broken += [SexContradictsNumber] if told.sex != read.sex else []
        broken += [BirthContradictsNumber] if told.birth != read.born.isoformat() else []
    return [Code(rule.__name__) for rule in broken]


@ROUTER.act("", "人员登记")
def register(body: Registering, asked: Acting) -> Response:
    def decide(entry: Entry) -> dict[str, str]:
        made, told = new_person(), body.particulars()
        entry.write(
            Person.register(
                entry.act, made, told, _problems(entry.act, told.document, told.number, told),
                card_seen=body.card_seen, second=body.second, number_owed=body.number_owed,
                number_due=body.number_due,
            )
        )  # fmt: skip
        return {"person": made}

    return asked.record(body, decide)


class Identifying(CardSeen):
    """The number that was owed."""

    document: DocumentKind = Field(DocumentKind.CITIZEN_NUMBER, description="证件类型")
    number: Name = Field(description="证件号码")


@ROUTER.act("/{person}/number", "补登号码")
def identify(person: PersonRef, body: Identifying, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        held, broken = _read(entry, asked, person), _problems(entry.act, body.document, body.number)
        entry.write(
            held.identify(
                entry.act, person, body.document, body.number, broken, card_seen=body.card_seen,
                second=body.second,
            )
        )  # fmt: skip

    return asked.record(body, decide, {person: seen})


class CorrectingNumber(Identifying):
    """The number that is right, and why the one on record is not."""

    why: NumberChange = Field(description="更正原因")


@ROUTER.act("/{person}/number-correction", "更正号码（两人办理）")
def correct_number(
    person: PersonRef, body: CorrectingNumber, asked: Acting, seen: Seen
) -> Response:
    def decide(entry: Entry) -> None:
        held, broken = _read(entry, asked, person), _problems(entry.act, body.document, body.number)
        entry.write(
            held.correct_number(
                entry.act, person, body.document, body.number, body.why, broken,
                card_seen=body.card_seen, second=body.second,
            )
        )  # fmt: skip

    return asked.record(body, decide, {person: seen})


class Renaming(Body):
    """The name from now on; the old one still finds."""

    name: Name = Field(description="新姓名")
    paper: Word | None = Field(None, description="依据文号")


@ROUTER.act("/{person}/name", "更名")
def rename(person: PersonRef, body: Renaming, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        held = _read(entry, asked, person)
        entry.write(held.rename(entry.act, person, _fit_name(body.name), body.paper))

    return asked.record(body, decide, {person: seen})


class ChangingContact(Body):
    """Telephone and address as they are from now on, both.

    An office that sees numbers masked and leaves the telephone empty keeps the one on record.
    """

    phone: Name = Field(description="电话")
    address: Name = Field(description="现住址")


@ROUTER.act("/{person}/contact", "联系方式变更")
def change_contact(person: PersonRef, body: ChangingContact, asked: Acting, seen: Seen) -> Response:
    phone = _fit_phone(body.phone)
    if not phone and not asked.who.sees_numbers:
        with looking(asked.who, "person", "office") as reader:
            check_sight(reader, asked.who, person)
            phone = Person.of(reader.opened(reader.records(person))).phone

    def decide(entry: Entry) -> None:
        held = _read(entry, asked, person)
        entry.write(held.change_contact(entry.act, person, phone, body.address))

    return asked.record(body, decide, {person: seen})


class Moving(Body):
    """The registered residence from now on."""

    division: Division = Field(description="户籍区划代码")
    residence: Name = Field(description="户籍地址")


@ROUTER.act("/{person}/residence", "户籍迁移")
def move(person: PersonRef, body: Moving, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        held = _read(entry, asked, person)
        entry.write(held.move(entry.act, person, body.division, body.residence))

    return asked.record(body, decide, {person: seen})


class Dying(Body):
    """What a death is recorded on; the day is the act's `on`."""

    proof: DeathProof = Field(description="死亡依据")
    paper: Word | None = Field(None, description="证明文号")


@ROUTER.act("/{person}/death", "登记死亡")
def die(person: PersonRef, body: Dying, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        _read(entry, asked, person)
        procedures.record_death(entry, person, body.proof, body.paper)

    return asked.record(body, decide, {person: seen})


# ── one person, or two ───────────────────────────────────────────────────────────────────────


class Matching(Body):
    """Two records, what shows how they stand to each other, and who confirms it."""

    other: PersonRef = Field(description="另一份档案")
    ground: LinkGround = Field(description="依据")
    second: PersonRef | None = Field(None, description="第二确认人")
    opinion: Text = Field("", description="说明")


@ROUTER.act("/{person}/links", "两档关联为一人")
def link(person: PersonRef, body: Matching, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> dict[str, str]:
        made = _pair(entry, asked, person, body)
        entry.write(
            PersonLink.join(
                entry.act, made, person, body.other, body.ground, body.second, body.opinion
            )
        )
        return {"link": made}

    return asked.record(body, decide, {person: seen})


@ROUTER.act("/{person}/distinctions", "认定非同一人")
def tell_apart(person: PersonRef, body: Matching, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> dict[str, str]:
        made = _pair(entry, asked, person, body)
        entry.write(
            PersonLink.tell_apart(
                entry.act, made, person, body.other, body.ground, body.second, body.opinion
            )
        )
        return {"link": made}

    return asked.record(body, decide, {person: seen})


class Parting(Matching):
    """Which link is undone."""

    link: LinkRef = Field(description="关联编号")


@ROUTER.act("/{person}/unlinking", "撤销关联")
def unlink(person: PersonRef, body: Parting, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        _pair(entry, asked, person, body)
        held = entry.read(PersonLink, body.link)
        entry.write(
            held.part(
                entry.act, body.link, person, body.other, body.ground, body.second, body.opinion
            )
        )

    return asked.record(body, decide, {person: seen})


def _pair(entry: Entry, asked: Acting, person: PersonId, body: Matching) -> LinkId:
    """Both records are there and may be seen; the id of what is decided about them."""
    _read(entry, asked, person)
    check_sight(entry, asked.who, body.other)
    return new_link()


def _read(entry: Entry, asked: Acting, person: PersonId) -> Person:
    """The person, whom this visitor may see."""
    check_sight(entry, asked.who, person)
    return entry.read(Person, person)
