"""Headings (表头): which column of a roster says what, under the names that offices use."""

import re
from dataclasses import dataclass
from enum import StrEnum
from unicodedata import normalize as unicode_normalize

from ledger.imports.cells import text_of
from ledger.imports.limits import UnreadableRoster
from ledger.imports.sheets import Line

HEADING_WITHIN = 20  # rows from the top


class RosterWithoutHeadings(
    UnreadableRoster,
    zh=f"前{HEADING_WITHIN}行中没有找到表头。",
    article="design: rosters",
    instead="保留模板的表头一行（姓名、性别、公民身份号码……）；CSV 文件乱码的，另存为 .xlsx 后上传。",
):
    """A roster has a row of headings near its top, with the name among them."""


class RosterWithoutNumbers(
    UnreadableRoster,
    zh="表头中没有证件号码一列。",
    article="design: rosters",
    instead="加上“公民身份号码”一列；确实暂无号码的人，该列留空。",
):
    """A roster has a column for identity numbers, even where some are still owed."""


class RosterHeadingTwice(
    UnreadableRoster,
    zh="表头中有两列名称相同，不能确定以哪一列为准。",
    article="design: rosters",
    instead="删去或改名其中一列。",
):
    """No heading of a roster stands over two columns."""


class Field(StrEnum):
    """What a column may say (栏目). A column that says nothing of this is kept as it is."""

    SERIAL = "serial"
    NAME = "name"
    SEX = "sex"
    ETHNICITY = "ethnicity"
    BORN = "born"
    DOCUMENT = "document"
    NUMBER = "number"
    PHONE = "phone"
    RESIDENCE = "residence"
    EMPLOYER = "employer"
    TRADE = "trade"
    APPLIED_ON = "applied_on"
    UNION = "union"
    REMARK = "remark"


# The usual names of each column; where a sheet has several of them, the first here counts.
HEADINGS: dict[Field, tuple[str, ...]] = {
    Field.SERIAL: ("序号", "编号", "行号", "no", "no."),
    Field.NAME: ("姓名", "职工姓名", "会员姓名", "申请人", "申请人姓名", "名字"),
    Field.SEX: ("性别",),
    Field.ETHNICITY: ("民族", "族别"),
    Field.BORN: ("出生日期", "出生年月日", "出生年月", "生日", "出生时间"),
    Field.DOCUMENT: ("证件类型", "证件种类", "证件名称", "证件类别"),
    Field.NUMBER: (
        *("公民身份号码", "公民身份证号码", "居民身份证号码", "居民身份证号", "身份证号码"),
        *("身份证号", "身份证件号码", "身份证", "身份号码", "证件号码", "证件号", "有效证件号码"),
    ),
    Field.PHONE: (
        *("手机号码", "手机号", "手机", "移动电话", "联系电话", "联系方式", "电话", "电话号码"),
        *("联系手机", "本人电话", "本人手机"),
    ),
    Field.RESIDENCE: (
        *("户籍所在地", "户籍地址", "户籍地", "户籍", "户口所在地", "户口地址", "户籍住址"),
        *("身份证住址", "身份证地址", "家庭住址", "家庭地址", "住址", "地址"),
    ),
    Field.EMPLOYER: (
        *("现工作单位", "工作单位", "用工单位", "用人单位", "务工单位", "所在单位", "单位名称"),
        *("单位", "企业名称", "所在企业"),
    ),
    Field.TRADE: ("工种", "岗位", "职业", "从事工种", "工作岗位", "职务"),
    Field.APPLIED_ON: (
        *("申请入会日期", "申请入会时间", "入会申请日期", "申请日期", "申请时间", "入会日期"),
        *("入会时间",),
    ),
    Field.UNION: ("所属工会", "工会名称", "工会", "所在工会", "入会工会", "基层工会", "工会组织"),
    Field.REMARK: ("备注", "说明", "备注说明"),
}

# Columns that this program writes at the end of a file that goes back; never read.
VERDICT_HEADING, ERRORS_HEADING = "处理结果", "错误说明"

_FIELDS = {
    heading: (field, rank)
    for field, headings in HEADINGS.items()
    for rank, heading in enumerate(headings)
}
_ASIDE = re.compile(r"[(（\[【].*?[)）\]】]|[\s*＊:：、。_]+")


def _bare(heading: str) -> str:
    """A heading without spaces, stars and what is said in brackets: `* 姓 名（必填）` → 姓名."""
    return _ASIDE.sub("", unicode_normalize("NFKC", heading)).lower()


@dataclass(frozen=True)
class Headings:
    """The row of headings: its number, its texts, and which column says what (from 0)."""

    line: int
    texts: tuple[str, ...]
    columns: dict[Field, int]
    results: frozenset[int] = frozenset()  # columns of results from an earlier return

    @classmethod
    def of(cls, line: Line) -> "Headings | None":
        """The headings, if this line is one of headings: a name, and two things more."""
        texts = tuple(" ".join(text_of(cell).split()) for cell in line.cells)
        ranks: dict[Field, tuple[int, int]] = {}  # field → how usual, which column
        bare = [_bare(text) for text in texts]
        for column, heading in enumerate(bare):
            if known := _FIELDS.get(heading):
                place = known[1], column
                ranks[known[0]] = min(place, ranks.get(known[0], place))
        if Field.NAME not in ranks or len(ranks) < 3:
            return None
        for field_, (_, column) in ranks.items():
            if field_ is not Field.REMARK and bare.count(bare[column]) > 1:
                raise RosterHeadingTwice(heading=texts[column])
        if Field.NUMBER not in ranks:
            raise RosterWithoutNumbers
        results = frozenset(
            column for column, text in enumerate(texts) if text in (VERDICT_HEADING, ERRORS_HEADING)
        )
        width = max(n for n, text in enumerate(texts, 1) if text and n - 1 not in results)
        columns = {field_: column for field_, (_, column) in ranks.items()}
        return cls(line.number, texts[:width], columns, results)

    def heading(self, field_: Field) -> str:
        """What the sheet itself calls the column."""
        column = self.columns.get(field_)
        return HEADINGS[field_][0] if column is None else self.texts[column]
