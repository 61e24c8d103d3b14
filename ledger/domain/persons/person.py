"""One person on record (人员): registered, identified, renamed, moved, died.

The number may come later, the name may change; the old name still finds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ledger.domain.identity import DocumentKind, NumberTaken, normalise
from ledger.domain.ids import ImportId, PersonId
from ledger.domain.kernel import (
    Act,
    Aggregate,
    BirthText,
    Claim,
    Code,
    ContactText,
    Event,
    Fact,
    HomeText,
    IdentityText,
    NameText,
    NumberText,
    Office,
    PhoneText,
    Refused,
    Release,
    Scope,
)

# ── words ───────────────────────────────────────────────────────────────────────────────────────


class NumberOwed(StrEnum):
    """Why a person has no number yet (号码待补原因)."""

    NOT_AT_HAND = "not_at_hand"  # 未带证件
    LOST = "lost"  # 遗失补办中
    NEVER_ISSUED = "never_issued"  # 尚未办理
    ILLEGIBLE = "illegible"  # 字迹不清
    RUINED = "ruined"  # 表格中号码已损坏
    NOT_ON_LIST = "not_on_list"  # 名单未填
    OTHER = "other"  # 其他


class NumberChange(StrEnum):
    """Why a number on record was wrong (号码更正原因)."""

    MISTYPED = "mistyped"  # 录入有误
    MISWRITTEN = "miswritten"  # 来表有误
    REISSUED = "reissued"  # 公安机关更正、换发
    OTHER_DOCUMENT = "other_document"  # 改用其他证件


class DeathProof(StrEnum):
    """What a death is recorded on (死亡依据)."""

    CERTIFICATE = "certificate"  # 死亡证明
    REGISTER = "register"  # 户籍注销
    COURT = "court"  # 法院宣告
    KIN = "kin"  # 近亲属告知
    UNION = "union"  # 工会走访得知


@dataclass(frozen=True)
class Particulars:
    """What the form says of a person (登记表上的基本情况)."""

    name: str
    document: DocumentKind = DocumentKind.CITIZEN_NUMBER
    number: str = ""
    former_name: str = ""
    sex: str = ""
    ethnic: str = ""
    birth: str = ""
    division: str = ""
    residence: str = ""
    phone: str = ""
    address: str = ""


# ── rules ───────────────────────────────────────────────────────────────────────────────────────


class NameMissing(
    Refused,
    zh="姓名不能为空。",
    article="E9",
    instead="填写证件上的姓名，间隔号“·”和生僻字照录。",
):
    """A person on record has a name."""


class NumberOwedNeedsReason(
    Refused,
    zh="暂无证件号码的，须写明原因和补交日期。",
    article="E9",
    instead="选择原因，填写补交日期；拿到号码后补登。",
):
    """Who has no number yet is registered with the reason and the day when it is due."""


class NumberNeedsCardSeen(
    Refused,
    zh="号码与规则不符的，须查看原件、附扫描件，并由第二人确认。",
    article="GB 11643; E9",
    instead="对照原件核对；确属证件如此的，勾选“已看原件”，附扫描件，由另一人确认。",
):
    """A number that breaks the rules is taken only with the card seen, a scan and a second."""


class SecondPersonNeeded(
    Refused,
    zh="此项须由经办人和本人以外的第二人确认。",
    article="rules (d); E9",
    instead="请另一名工作人员核对后确认。",
):
    """Identity is settled by two people, neither of whom is the person concerned."""


class NotYetIdentified(
    Refused,
    zh="此人尚无证件号码，不能更正号码。",
    article="design: on record",
    instead="办理“补登号码”。",
):
    """Only a number on record can be corrected."""


class AlreadyIdentified(
    Refused,
    zh="此人已有证件号码。",
    article="design: recorded once",
    instead="号码有误的，办理“更正号码”。",
):
    """A number is given once and corrected after that."""


class DeathOnRecord(
    Refused,
    zh="此人的死亡已经登记。",
    article="design: recorded once",
    instead="日期有误的，更正原记录。",
):
    """A death is recorded once."""


# ── events ──────────────────────────────────────────────────────────────────────────────────────


_REGISTRARS = (Office.CLERK, Office.STATION, Office.LIAISON, Office.LEGAL)


class PersonRegistered(Event, by=(*_REGISTRARS, Office.PROCEDURE), scope=Scope.PERSON):
    """人员登记: a person comes on record, member or not, with what the form says.

    `problems` are the rules that the number breaks; it was then taken with the card seen, a scan,
    and confirmed by `second`. Sex is 男 or 女, the ethnic group as the form has it, the division
    a code of the Ministry of Civil Affairs' list.
    """

    person: PersonId
    document: DocumentKind
    name: NameText = ""
    number: NumberText = ""
    former_name: NameText = ""
    sex: IdentityText = ""
    ethnic: IdentityText = ""
    birth: BirthText = ""
    division: HomeText = ""
    residence: IdentityText = ""
    phone: PhoneText = ""
    address: ContactText = ""
    number_owed: NumberOwed | None = None
    number_due: date | None = None
    problems: tuple[Code, ...] = ()
    card_seen: bool = False
    second: PersonId | None = None
    import_id: ImportId | None = None

    def takes(self) -> Iterable[Claim]:
        if self.number:
            yield Claim(NumberTaken, self.number, secret=True)


class PersonIdentified(Event, by=_REGISTRARS, scope=Scope.PERSON):
    """补登号码: the number that was owed is given."""

    person: PersonId
    document: DocumentKind
    number: NumberText = ""
    problems: tuple[Code, ...] = ()
    card_seen: bool = False
    second: PersonId | None = None

    def takes(self) -> Iterable[Claim]:
        if self.number:
            yield Claim(NumberTaken, self.number, secret=True)


class NumberCorrected(Event, by=_REGISTRARS, scope=Scope.PERSON):
    """号码更正: another number stands from now on; confirmed by a second person."""

    person: PersonId
    document: DocumentKind
    why: NumberChange
    second: PersonId
    number: NumberText = ""
    problems: tuple[Code, ...] = ()
    card_seen: bool = False

    def frees(self) -> Iterable[Release]:
        yield Release(NumberTaken)

    def takes(self) -> Iterable[Claim]:
        if self.number:
            yield Claim(NumberTaken, self.number, secret=True)


class PersonRenamed(Event, by=_REGISTRARS, scope=Scope.PERSON):
    """更名: a new name; the old one still finds."""

    person: PersonId
    name: NameText = ""
    paper: Code | None = None


class ContactChanged(Event, by=_REGISTRARS, scope=Scope.PERSON):
    """联系方式变更: phone and address as they are from now on, both."""

    person: PersonId
    phone: PhoneText = ""
    address: ContactText = ""


class ResidenceMoved(Event, by=_REGISTRARS, scope=Scope.PERSON):
    """户籍迁移: the registered residence is another one (settling in town among it, YC27)."""

    person: PersonId
    division: HomeText = ""
    residence: IdentityText = ""


class PersonDied(Event, by=(*_REGISTRARS, Office.APPROVER), scope=Scope.PERSON):
    """死亡: on the day that the fact takes effect."""

    person: PersonId
    proof: DeathProof
    paper: Code | None = None


class Person(Aggregate):
    """One person on record. Texts are empty where they are not open here."""

    def __init__(self) -> None:
        self.id: PersonId | None = None
        self.document = DocumentKind.NONE_YET
        self.number = ""
        self.number_owed: NumberOwed | None = None
        self.number_due: date | None = None
        self.names: list[str] = []
        self.sex = self.ethnic = self.birth = ""
        self.division = self.residence = ""
        self.phone = self.address = ""
        self.died_on: date | None = None

    # ── decisions ──

    @classmethod
    def register(
        cls,
        act: Act,
        person: PersonId,
        particulars: Particulars,
        problems: Sequence[Code] = (),
        *,
        card_seen: bool = False,
        second: PersonId | None = None,
        number_owed: NumberOwed | None = None,
        number_due: date | None = None,
        import_id: ImportId | None = None,
    ) -> PersonRegistered:
        """Brings a person on record. `problems`: what is wrong with the number, by rule.

        Raises: NameMissing, NumberOwedNeedsReason, NumberNeedsCardSeen, SecondPersonNeeded.
        """
        told = particulars
        if not told.name.strip():
            raise NameMissing()
        number = normalise(told.number)
        none_yet = told.document is DocumentKind.NONE_YET or not number
        if none_yet and (number_owed is None or number_due is None):
            raise NumberOwedNeedsReason()
        if not none_yet:
            _number_may_stand(act, person, problems, card_seen, second)
        return PersonRegistered(
            person,
            DocumentKind.NONE_YET if none_yet else told.document,
            name=told.name,
            number="" if none_yet else number,
            former_name=told.former_name,
            sex=told.sex,
            ethnic=told.ethnic,
            birth=told.birth,
            division=told.division,
            residence=told.residence,
            phone=told.phone,
            address=told.address,
            number_owed=number_owed if none_yet else None,
            number_due=number_due if none_yet else None,
            problems=() if none_yet else tuple(problems),
            card_seen=card_seen,
            second=second,
            import_id=import_id,
        )

    def identify(
        self, act: Act, person: PersonId, document: DocumentKind, number: str,
        problems: Sequence[Code] = (), *, card_seen: bool = False, second: PersonId | None = None,
    ) -> PersonIdentified:  # fmt: skip
        """Gives the number that was owed.

        Raises: AlreadyIdentified, NumberOwedNeedsReason, NumberNeedsCardSeen, SecondPersonNeeded.
        """
        if self.document is not DocumentKind.NONE_YET:
            raise AlreadyIdentified(document=self.document)
        plain = _given(document, number)
        _number_may_stand(act, person, problems, card_seen, second)
        return PersonIdentified(person, document, plain, tuple(problems), card_seen, second)

    def correct_number(
        self, act: Act, person: PersonId, document: DocumentKind, number: str, why: NumberChange,
        problems: Sequence[Code] = (), *, card_seen: bool = False, second: PersonId | None = None,
    ) -> NumberCorrected:  # fmt: skip
        """Puts another number in the place of the one on record; always by two people.

        Raises: NotYetIdentified, NumberOwedNeedsReason, NumberNeedsCardSeen, SecondPersonNeeded.
        """
        if self.document is DocumentKind.NONE_YET:
            raise NotYetIdentified()
        plain = _given(document, number)
        _number_may_stand(act, person, problems, card_seen, second)
        sure = second_person(act, second, person)
        return NumberCorrected(person, document, why, sure, plain, tuple(problems), card_seen)

    def rename(
        self, act: Act, person: PersonId, name: str, paper: Code | None = None
    ) -> PersonRenamed:
        """Raises: NameMissing."""
        if not name.strip():
            raise NameMissing()
        return PersonRenamed(person, name, paper)

    def change_contact(
        self, act: Act, person: PersonId, phone: str, address: str
    ) -> ContactChanged:
        return ContactChanged(person, phone, address)

    def move(self, act: Act, person: PersonId, division: str, residence: str) -> ResidenceMoved:
        return ResidenceMoved(person, division, residence)

    def die(
        self, act: Act, person: PersonId, proof: DeathProof, paper: Code | None = None
    ) -> PersonDied:
        """Records a death. Raises: DeathOnRecord."""
        if self.died_on is not None:
            raise DeathOnRecord(on=self.died_on.isoformat())
        return PersonDied(person, proof, paper)

    # ── questions ──

    @property
    def name(self) -> str:
        return self.names[-1] if self.names else ""

    @property
    def known(self) -> bool:
        return self.id is not None

    # ── folding ──

    def after(self, fact: Fact) -> None:
        match fact.event:
            case PersonRegistered() as e:
                self.id, self.document, self.number = e.person, e.document, e.number
                self.number_owed, self.number_due = e.number_owed, e.number_due
                self.names += [name for name in (e.former_name, e.name) if name]
                self.sex, self.ethnic, self.birth = e.sex, e.ethnic, e.birth
                self.division, self.residence = e.division, e.residence
                self.phone, self.address = e.phone, e.address
            case PersonIdentified() | NumberCorrected() as e:
                self.document, self.number = e.document, e.number
                self.number_owed = self.number_due = None
            case PersonRenamed() as e:
                self.names += [e.name] if e.name else []
            case ContactChanged() as e:
                self.phone, self.address = e.phone, e.address
            case ResidenceMoved() as e:
                self.division, self.residence = e.division, e.residence
            case PersonDied():
                self.died_on = fact.on
            case _:
                pass


def _given(document: DocumentKind, number: str) -> str:
    """The number as it is kept; identifying someone takes one."""
    plain = normalise(number)
    if document is DocumentKind.NONE_YET or not plain:
        raise NumberOwedNeedsReason()
    return plain


def _number_may_stand(
    act: Act, person: PersonId, problems: Sequence[Code], card_seen: bool, second: PersonId | None
) -> None:
    """What a list refuses, the form accepts: with the card seen, a scan, and a second person."""
    if not problems:
        return
    if not card_seen or not act.evidence or second is None:
        raise NumberNeedsCardSeen(problems=list(problems), card_seen=card_seen)
    second_person(act, second, person)


def second_person(act: Act, second: PersonId | None, *concerned: PersonId) -> PersonId:
    """The second person, who is none of those who decide, enter, or are concerned."""
    if second is None or second in (act.decider, act.officer, *concerned):
        raise SecondPersonNeeded(second=second)
    return second
