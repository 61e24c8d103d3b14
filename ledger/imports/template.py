"""An empty roster (空白花名册): the columns that are read, typed so that nothing is lost in a cell.

Numbers are columns of text, or Excel would write `4.1E+17`; closed lists can be chosen from; what a
column wants stands in a note at its heading.
"""

from typing import BinaryIO

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from ledger.imports.headings import HEADINGS, Field

ROWS = 2000
VERSION = "1"

_WIDTHS = {Field.NUMBER: 24, Field.RESIDENCE: 36, Field.EMPLOYER: 28, Field.UNION: 28}
_NOTES = {
    Field.NAME: "必填。民族姓名间隔号写“·”，如 古丽米热·艾比布力。",
    Field.NUMBER: "18 位公民身份号码，或其他证件号码。本列是文本，直接输入即可。暂无号码的留空。",
    Field.DOCUMENT: "不填即居民身份证。",
    Field.PHONE: "11 位手机号码，或带区号的电话。",
    Field.BORN: "证件号码可以推出的不必填。写成 1990-01-01。",
    Field.APPLIED_ON: "本人申请入会的日期，写成 2026-03-01。",
    Field.UNION: "本省工会的全称；上传时选定了工会的不必填。",
}
_CHOICES = {
    Field.SEX: "男,女",
    Field.DOCUMENT: "居民身份证,港澳台居民居住证,港澳居民来往内地通行证,护照",
}


def empty_roster(target: BinaryIO) -> None:
    """Writes the template, an `.xlsx`, into a binary file."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "花名册"
    for at, field in enumerate(Field, start=1):
        heading = sheet.cell(1, at, HEADINGS[field][0])
        heading.font, heading.fill = Font(bold=True), PatternFill("solid", fgColor="FFEDEFF4")
        heading.alignment = Alignment(horizontal="center")
        letter = get_column_letter(at)
        sheet.column_dimensions[letter].width = _WIDTHS.get(field, 14)
        if note := _NOTES.get(field):
            heading.comment = Comment(note, "两地账", width=260, height=80)
        for row in range(2, 202):
            sheet.cell(row, at).number_format = "@"
        if listed := _CHOICES.get(field):
            rule = DataValidation(type="list", formula1=f'"{listed}"', allow_blank=True)
            rule.add(f"{letter}2:{letter}{ROWS}")  # pyright: ignore[reportUnknownMemberType]
            sheet.add_data_validation(rule)
    sheet.freeze_panes = "A2"
    book.properties.version = VERSION
    book.properties.creator = "两地账"
    book.save(target)
    book.close()
