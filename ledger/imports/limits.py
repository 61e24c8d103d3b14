"""What is read as a roster (受理范围): kinds and sizes of files, and how others are refused."""

from ledger.domain.kernel import Refused

LARGEST_FILE = 64 * 2**20
LARGEST_UNPACKED = 512 * 2**20
STRONGEST_PACKING = 200  # lawful workbooks stay below 60, bombs begin at 1,000
MOST_PARTS = 2_000
MOST_SHEETS = 50
MOST_ROWS = 200_000
MOST_COLUMNS = 200
MOST_CELLS = 6_000_000  # rows × columns, also those between: what the parser lays out
LONGEST_CELL = 4_000


class UnreadableRoster(
    Refused,
    zh="文件不能作为花名册读取，没有导入任何一行。",
    article="design: rosters",
    instead="用下载的模板重新填写后上传。",
):
    """A file that cannot be read as a roster is refused whole."""


class RosterOfUnknownKind(
    UnreadableRoster,
    zh="花名册只接受 .xlsx、.xls 和 .csv 文件。",
    article="design: rosters",
    instead="在 Excel 或 WPS 中另存为 .xlsx 文件后上传。",
):
    """A roster is an .xlsx, an .xls or a .csv file."""


class RosterNotWhatItSays(
    UnreadableRoster,
    zh="文件内容与扩展名不符。",
    article="design: rosters",
    instead="在 Excel 或 WPS 中打开，另存为 .xlsx 文件后上传；不要只改文件名。",
):
    """A roster's contents agree with the ending of its name."""


class RosterDamaged(
    UnreadableRoster,
    zh="文件已损坏或结构异常，不能打开。",
    article="design: rosters",
    instead="在 Excel 或 WPS 中打开，另存为新的 .xlsx 文件后上传。",
):
    """A roster can be opened from beginning to end."""


class RosterLocked(
    UnreadableRoster,
    zh="文件设有打开密码。",
    article="design: rosters",
    instead="取消密码后另存，再上传。",
):
    """A roster opens without a password."""


class RosterWithMacros(
    UnreadableRoster,
    zh="文件带有宏（程序），为安全起见不予接收。",
    article="design: rosters",
    instead="另存为不带宏的 .xlsx 文件后上传。",
):
    """A roster carries no programs."""


class RosterTooLarge(
    UnreadableRoster,
    zh=f"文件过大：最多{MOST_ROWS // 10_000}万行、{MOST_COLUMNS}列，解压后不得超过规定大小。",
    article="design: rosters",
    instead="分成几个文件上传；删去表格之外的多余单元格、图片和空白格式。",
):
    """A roster keeps within the rows, columns and unpacked size that are read at once."""


class RosterCellTooLong(
    UnreadableRoster,
    zh=f"有单元格超过{LONGEST_CELL}字，或引号没有成对。",
    article="design: rosters",
    instead="检查该行，删短内容；CSV 文件检查英文双引号是否成对。",
):
    """No cell of a roster is longer than a page of text."""


class RosterNotText(
    UnreadableRoster,
    zh="CSV 文件的编码不能识别，或文件不是文本。",
    article="design: rosters",
    instead="另存为“CSV UTF-8”，或另存为 .xlsx 文件后上传。",
):
    """A .csv roster is text in UTF-8 or GB18030."""


class RosterSheetMissing(
    UnreadableRoster,
    zh="工作簿中没有这张工作表。",
    article="design: rosters",
    instead="核对工作表名称。",
):
    """The sheet that is asked for is in the workbook."""
