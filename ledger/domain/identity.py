"""Who somebody is on paper (姓名、证件号码、电话): what a text says, and all that is wrong with it.

Citizen identity numbers after GB 11643-1999 with the check character of ISO 7064 MOD 11-2;
residence permits of people from 港澳台, which have the same form; home-return permits and
passports; names and telephone numbers as people write them; and the unified social credit codes
of organisations after GB 32100-2015.

A number is never refused at its first mistake: `problems` names them all, so that a row of a
roster goes back once. It is judged by the law of numbers alone and on the day that is passed in.
Whether the person on the form is the person of the number is for others to ask.
"""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from operator import mul
from typing import Literal, TypeAlias
from unicodedata import normalize as unicode_normalize

from ledger.domain.divisions import gave_numbers
from ledger.domain.kernel import Refused

Rule: TypeAlias = type[Refused]
Sex = Literal["男", "女"]


class DocumentKind(StrEnum):
    """Kinds of document (证件类型) by which a person is identified."""

    CITIZEN_NUMBER = "citizen_number"  # 居民身份证（公民身份号码）
    RESIDENCE_PERMIT = "residence_permit"  # 港澳台居民居住证
    HOME_RETURN_PERMIT = "home_return_permit"  # 港澳居民来往内地通行证（回乡证）
    PASSPORT = "passport"  # 护照
    NONE_YET = "none_yet"  # 暂无：号码待补


# ── what can be wrong ────────────────────────────────────────────────────────────────────────


class NumberTaken(
    Refused,
    zh="该证件号码已登记在另一人名下。",
    article="design: one person an identity number",
    instead="查找已有档案并在其上办理；确属两档一人的，作关联。",
):
    """A number belongs to one person on record."""


class NumberMisshapen(
    Refused,
    zh="证件号码的位数或字符不对：公民身份号码为18位（旧号15位），只有末位可以是字母X。",
    article="GB 11643 art. 4",
    instead="对照证件重新填写完整号码，不留空格，不加其他文字。",
):
    """A citizen identity number has 18 digits, or 15 in its old form; only the last may be X."""


class NumberRuinedByExcel(
    Refused,
    zh="号码被 Excel 当作数字，变成了科学计数法或末尾补零，后几位已经丢失。",
    article="GB 11643 art. 4; design: rosters",
    instead="先把该列设为“文本”格式，再对照证件重新填写完整号码。",
):
    """A spreadsheet turned the number into a quantity, and its last digits are lost."""


class CheckDigitWrong(
    Refused,
    zh="公民身份号码的校验码不对，号码中至少有一位填错。",
    article="GB 11643 art. 4.5; ISO 7064",
    instead="对照身份证逐位核对。证件确实如此的，改由窗口凭原件单独登记。",
):
    """The check digit of a citizen identity number follows from its other digits."""


class BirthDateUnreal(
    Refused,
    zh="公民身份号码中的出生日期不存在。",
    article="GB 11643 art. 4.3",
    instead="对照身份证核对第7至14位（年月日）。",
):
    """The birth date within a citizen identity number is a day of the calendar."""


class BirthDateAhead(
    Refused,
    zh="公民身份号码中的出生日期晚于今天。",
    article="GB 11643 art. 4.3",
    instead="对照身份证核对第7至14位（年月日）。",
):
    """The birth date within a citizen identity number does not lie in the future."""


class DivisionNeverInForce(
    Refused,
    zh="公民身份号码前6位的行政区划代码，从出生到今天都没有启用过。",
    article="GB 11643 art. 4.2; GB/T 2260",
    instead="对照身份证核对前6位。证件确实如此的，改由窗口凭原件单独登记。",
):
    """An identity number begins with a division in force at some time since the birth."""


class HomeReturnPermitMisshapen(
    Refused,
    zh="回乡证号码应为字母H或M加8位数字（旧证10位）。",
    article="design: identity",
    instead="对照证件重新填写，字母与数字之间不留空格。",
):
    """A home-return permit is numbered H or M and eight digits, or ten in its old form."""


class PassportMisshapen(
    Refused,
    zh="护照号码应为5至17位字母和数字。",
    article="ICAO Doc 9303-4",
    instead="对照护照资料页重新填写，不写“护照”等文字。",
):
    """A passport number is five to seventeen letters and digits."""


class NameNotGiven(
    Refused,
    zh="没有填写姓名。",
    article="E2",
    instead="填写证件上的姓名。",
):
    """A person has a name."""


class NameMisshapen(
    Refused,
    zh="姓名中有数字、符号或说明文字。",
    article="E9",
    instead="只填写证件上的姓名，少数民族姓名中的间隔号用“·”，其他说明写在备注栏。",
):
    """A name consists of letters, middle dots and single spaces, sixty at most."""


class PhoneMisshapen(
    Refused,
    zh="电话号码不对：手机号为1开头的11位数字，座机须带区号。",
    article="E9",
    instead="重新填写一个号码，一格只填一个；没有电话的可以留空。",
):
    """A telephone number is a mobile number of eleven digits or a landline with its area code."""


class CreditCodeMisshapen(
    Refused,
    zh="统一社会信用代码应为18位数字和大写字母（不用 I、O、Z、S、V）。",
    article="GB 32100 art. 4",
    instead="对照登记证书重新填写。",
):
    """A unified social credit code has 18 digits and capitals, without I, O, Z, S and V."""


class CreditCodeCheckWrong(
    Refused,
    zh="统一社会信用代码的校验码不对，代码中至少有一位填错。",
    article="GB 32100; GB 11714",
    instead="对照登记证书逐位核对，注意数字0、1与字母的区别。",
):
    """The check characters of a unified social credit code follow from the others."""


# ── citizen identity numbers and residence permits ───────────────────────────────────────────

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ZEROES = ord("0") * sum(_WEIGHTS)  # the digits are summed as bytes, which is five times faster
_CHECKS = "10X98765432"  # by the remainder of MOD 11-2

_CITIZEN = re.compile(r"[1-9][0-9]{16}[0-9X]")
_OLD = re.compile(r"[1-9][0-9]{14}")
# "4.51227E+17", in any spelling that a spreadsheet or its user gives it.
_SCIENTIFIC = re.compile(r"[0-9](\.[0-9]+)?E\+?[0-9]{1,2}")
_INVISIBLE = re.compile(r"[\s\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]+")
_INVISIBLE_IN_NAMES = re.compile(
    r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef]+"
)

_PERMITS = {"810000": "香港", "820000": "澳门", "830000": "台湾"}


def normalise(text: str) -> str:
    """A number as it is written on the document: half width, capitals, nothing between.

    Full-width digits and letters become plain ones, spaces and invisible characters go, so do
    the apostrophes that keep a spreadsheet from counting; 15 digits are widened to 18.
    """
    if text.isascii() and text.isalnum():  # nearly always
        plain = text.upper()
    else:
        plain = _INVISIBLE.sub("", unicode_normalize("NFKC", text)).upper().strip("'‘’`\"“”")
        plain = plain.replace("Х", "X").replace("Χ", "X").replace("×", "X")  # look-alikes of X
    return widened(plain) if len(plain) == 15 and _OLD.fullmatch(plain) else plain


def widened(old: str) -> str:
    """A number of 15 digits in its form of 18: the century is the twentieth (GB 11643-1999)."""
    body = f"{old[:6]}19{old[6:]}"
    return body + check_digit(body)


def check_digit(body: str) -> str:
    """The last character that belongs to the first 17 (ISO 7064 MOD 11-2)."""
    return _CHECKS[(sum(map(mul, _WEIGHTS, body.encode())) - _ZEROES) % 11]


@dataclass(frozen=True, slots=True)
class CitizenNumber:
    """A citizen identity number or residence permit (公民身份号码), well formed, 18 characters.

    Made only of a text without problems of form: `CitizenNumber.of` widens and checks. That the
    county was in force is a fact about the day of asking, so it is no part of the form.
    """

    text: str

    def __post_init__(self) -> None:
        for rule in _read(self.text)[1]:
            raise rule

    @classmethod
    def of(cls, text: str) -> "CitizenNumber":
        """The number that a person wrote, in any of the usual ways.

        Raises: NumberMisshapen, NumberRuinedByExcel, CheckDigitWrong, BirthDateUnreal.
        """
        return cls(normalise(text))

    @property
    def division(self) -> str:
        """The code of the county that gave the number; 810000, 820000, 830000 on a permit."""
        return self.text[:6]

    @property
    def born(self) -> date:
        return date(int(self.text[6:10]), int(self.text[10:12]), int(self.text[12:14]))

    @property
    def sex(self) -> Sex:
        return "男" if int(self.text[16]) % 2 else "女"

    @property
    def kind(self) -> DocumentKind:
        return (
            DocumentKind.RESIDENCE_PERMIT
            if self.division in _PERMITS
            else DocumentKind.CITIZEN_NUMBER
        )


def _read(text: str) -> tuple[date | None, tuple[Rule, ...]]:
    """What the digits alone tell: the birth date, and what is wrong in shape, check and calendar."""
    if not _CITIZEN.fullmatch(text):
        return None, (NumberRuinedByExcel if _SCIENTIFIC.fullmatch(text) else NumberMisshapen,)
    try:
        born = date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        born = None
    calendar = () if born else (BirthDateUnreal,)
    if check_digit(text[:17]) == text[17]:
        return born, calendar
    # Excel keeps fifteen digits and fills up with noughts.
    return born, (NumberRuinedByExcel if text.endswith("000") else CheckDigitWrong, *calendar)


def problems_of_citizen_number(text: str, today: date) -> tuple[Rule, ...]:
    """Everything that is wrong with a citizen identity number or residence permit (GB 11643).

    The text is taken as `normalise` leaves it. The division is asked for from the birth to
    today: numbers are given at registration, at birth since 1999 and before that usually at
    sixteen, and the code of that day stays for life.
    """
    born, found = _read(text)
    if NumberMisshapen in found or NumberRuinedByExcel in found:
        return found
    if born is not None and born > today:
        return (*found, BirthDateAhead)
    if text[:6] in _PERMITS or gave_numbers(text[:6], born or date.min, today):
        return found
    return (*found, DivisionNeverInForce)


# ── documents of every kind ──────────────────────────────────────────────────────────────────

_HOME_RETURN = re.compile(r"[HM]([0-9]{8}|[0-9]{10})")
_PASSPORT = re.compile(r"(?=.*[0-9])[A-Z0-9]{5,17}")
_CHINESE_STYLE_PASSPORT = re.compile(r"[A-Z]{1,3}[0-9]{6,9}")
_NONE = {"", "无", "暂无", "没有", "待补", "未提供", "未办理", "办理中", "/", "-", "--", "—", "——"}


def kind_of(text: str) -> DocumentKind:
    """The kind of document that a number looks like; what looks like none is taken for a citizen's.

    The text is taken as `normalise` leaves it. A word for "none" (暂无) is `NONE_YET`.
    """
    if text in _NONE:
        return DocumentKind.NONE_YET
    if text[:6] in _PERMITS and len(text) == 18:
        return DocumentKind.RESIDENCE_PERMIT
    if _HOME_RETURN.fullmatch(text):
        return DocumentKind.HOME_RETURN_PERMIT
    if _CHINESE_STYLE_PASSPORT.fullmatch(text):
        return DocumentKind.PASSPORT
    return DocumentKind.CITIZEN_NUMBER


def problems(kind: DocumentKind, text: str, today: date) -> tuple[Rule, ...]:
    """Everything that is wrong with a document's number, as `normalise` leaves it."""
    match kind:
        case DocumentKind.CITIZEN_NUMBER | DocumentKind.RESIDENCE_PERMIT:
            return problems_of_citizen_number(text, today)
        case DocumentKind.HOME_RETURN_PERMIT:
            return () if _HOME_RETURN.fullmatch(text) else (HomeReturnPermitMisshapen,)
        case DocumentKind.PASSPORT:
            if _SCIENTIFIC.fullmatch(text):
                return (NumberRuinedByExcel,)
            return () if _PASSPORT.fullmatch(text) else (PassportMisshapen,)
        case DocumentKind.NONE_YET:
            return ()


# ── names ────────────────────────────────────────────────────────────────────────────────────

_DOTS = re.compile(r" ?[·•‧・･∙⋅⸱⸳ꞏ᛫●▪] ?")  # where a gap is one space already
# A full stop between two letters that are not Latin ones: 古丽米热.艾比布力
_STOP = re.compile(r"(?<=[^\W\d_a-zA-Z])[.．。](?=[^\W\d_a-zA-Z])")
_WIDE = re.compile(r"[\u3000\uff01-\uffee]+")
_GAP = re.compile(r"\s+")
_HAN_GAP = re.compile(r"(?<=[\u2e80-\U000323af]) (?=[\u2e80-\U000323af])")
# The private area is let through: what the office's system shows there is a rare character.
_LETTER = r"[^\W\d_]|[〇\ue000-\uf8ff]"
_NAME = re.compile(rf"(?={_LETTER})(?:{_LETTER}|[·' \-](?![·' \-]|$)){{1,60}}")

# Characters that GB 18030-2000 had in the private area until Unicode had them: old systems and
# Python's own codec still give them so.
_ONCE_PRIVATE = str.maketrans(
    "\ue81e\ue826\ue82b\ue82c\ue832\ue843\ue854\ue864\ue816\ue817\ue818\ue831\ue83b\ue855",
    "\u9fb4\u9fb5\u9fb6\u9fb7\u9fb8\u9fb9\u9fba\u9fbb"
    "\U00020087\U00020089\U000200cc\U000215d7\U0002298f\U000241fe",
)


def normalise_name(text: str) -> str:
    """A name as it is kept: one way of writing the middle dot, no spaces between Han characters.

    Rare characters stay as they are, those of the old private area get their code of today. A
    name without a Han character keeps its single spaces.
    """
    if text.isalpha() and max(text) < "\uff00":  # nearly always
        return text
    plain = _INVISIBLE_IN_NAMES.sub("", text).translate(_ONCE_PRIVATE)
    # Only what is wide is narrowed: Han characters are left exactly as they were written.
    plain = _WIDE.sub(lambda found: unicode_normalize("NFKC", found[0]), plain).strip()
    plain = _STOP.sub("·", _DOTS.sub("·", _GAP.sub(" ", plain)))
    return _HAN_GAP.sub("", plain).strip()


def problems_of_name(name: str) -> tuple[Rule, ...]:
    """Everything that is wrong with a name, as `normalise_name` leaves it."""
    if not name:
        return (NameNotGiven,)
    plain = name.isalpha() and len(name) <= 60
    return () if plain or _NAME.fullmatch(name) else (NameMisshapen,)


# ── telephones ───────────────────────────────────────────────────────────────────────────────

_BETWEEN_DIGITS = re.compile(r"[\s\u200b-\u200f\ufeff()\-‐-―.]+")
_PHONE = re.compile(
    r"1[3-9][0-9]{9}"  # mobile
    r"|0(10|2[0-9]|[3-9][0-9]{2})[2-9][0-9]{6,7}"  # landline with its area code
    r"|\+(852[0-9]{8}|853[0-9]{8}|886[0-9]{8,9})"  # 港澳台
)


def normalise_phone(text: str) -> str:
    """A telephone number in digits only, without the country's own prefix (+86)."""
    if text.isascii() and text.isdigit() and len(text) == 11:  # nearly always
        return text
    plain = _BETWEEN_DIGITS.sub("", unicode_normalize("NFKC", text)).strip("'‘’")
    return re.sub(r"^(\+|00)86(?=[01])|^86(?=1[0-9]{10}$)", "", plain)


def problems_of_phone(phone: str) -> tuple[Rule, ...]:
    """Everything that is wrong with a telephone number, as `normalise_phone` leaves it."""
    return () if _PHONE.fullmatch(phone) else (PhoneMisshapen,)


# ── unified social credit codes ──────────────────────────────────────────────────────────────

_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # without I, O, Z, S, V
_CREDIT_VALUES = {character: value for value, character in enumerate(_CREDIT_ALPHABET)}
_CREDIT = re.compile(f"[{_CREDIT_ALPHABET}]{{2}}[0-9]{{6}}[{_CREDIT_ALPHABET}]{{10}}")
_CREDIT_WEIGHTS = tuple(3**place % 31 for place in range(17))


def credit_code_check(body: str) -> str:
    """The last character that belongs to the first 17 of a credit code (MOD 31)."""
    total = sum(map(mul, _CREDIT_WEIGHTS, map(_CREDIT_VALUES.__getitem__, body)))
    return _CREDIT_ALPHABET[-total % 31]


def problems_of_credit_code(text: str) -> tuple[Rule, ...]:
    """Everything that is wrong with a unified social credit code (GB 32100-2015).

    The text is taken as `normalise` leaves it. Unions' codes begin with 81.
    """
    if not _CREDIT.fullmatch(text):
        return (CreditCodeMisshapen,)
    return () if credit_code_check(text[:17]) == text[17] else (CreditCodeCheckWrong,)
