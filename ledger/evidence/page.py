"""The readable page of a dossier (案卷正文): one content, printed as HTML here and as PDF by `pdf`.

Every line with both its times, who acted and who decided, and by what it is proven. It is for
reading: what counts are the records beside it, and the page says so itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from ledger import replay
from ledger.book import Look, Reader
from ledger.clock import beijing
from ledger.domain.ids import UnionId
from ledger.domain.kernel import Group, Refused
from ledger.evidence.subjects import Matter, Sight
from ledger.journal import canonical
from ledger.journal.notes import Checkpoint, Note
from ledger.journal.policy import Policy
from ledger.journal.record import Record, instant
from ledger.projections import union_tree
from ledger.replay.articles import in_words
from ledger.replay.told import Line, lines
from ledger.replay.words import word

Place = tuple[str, int]
"""Where a record stands: whose journal, and its position there."""

WHY: Mapping[str, str] = {
    "shredded": "已按规定删除，无法再打开",
    "stopped": "已限制处理，期间不予打开",
    "restricted": "由对方工会保存，未提供给本省",
    "others": "属于他人，或不在本案卷范围内，未打开",
    "office": "含完整号码，出具岗位只能看到部分，未附原文",
    "size": "附件总量超出上限，请单独调取",
    "damaged": "附件与登记不符，已另行查处",
}
"""Why something is closed or missing; the manifest has the code."""


@dataclass(frozen=True)
class Shown:
    """How one record of a dossier is proven: by which file, and in words."""

    file: str
    proof: str | None = None
    channel: str | None = None
    stage: str = "recorded"  # witnessed · signed · shared · mirrored · recorded
    words: str = "仅入账，尚无签名"


@dataclass(frozen=True)
class Sheet:
    """A table of the page: a heading, its columns with their widths, and the rows."""

    title: str
    columns: Sequence[tuple[str, int]]  # heading, and how wide beside the others
    rows: Sequence[Sequence[str]]
    note: str = ""


@dataclass(frozen=True)
class Page:
    """The content of the page, in words."""

    title: str
    made: str
    facts: Sequence[tuple[str, str]]
    totals: Sequence[tuple[str, str, str]]  # what, yuan, capitals
    sheets: Sequence[Sheet]
    proves: Sequence[str]
    never: Sequence[str]
    check: Sequence[str]
    keys: Sequence[str]


def told(
    reader: Reader, about: Matter, shown: Mapping[Place, Shown], support: "Mapping[Place, Record]",
    closed: Sequence[Mapping[str, Any]], attached: Sequence[Mapping[str, Any]],
    missing: Sequence[Mapping[str, Any]], *, made: str, look: Look, policy: Policy, mask: Sight,
    checkpoint: bytes | None,
) -> Page:  # fmt: skip
    """What the page says of these records."""
    names, own = about.names, reader.ledger.origin
    found = lines(about.told, names, own, None, mask=not (mask.numbers and mask.accounts))
    opened = [
        ("出具", _taker(reader, look)),
        ("出具时间", f"{moment(instant(made))}（北京时间）"),
        ("总账", f"{names.lane(own).name}　{own}"),
    ]
    sheets = [
        Sheet(
            f"登记事项（{len(found)} 行）",
            (("序", 3), ("生效", 8), ("登记", 10), ("事项", 34), ("工会与人员", 18), ("证明", 15)),
            [_row(number, line, about, shown) for number, line in enumerate(found, 1)],
            "“生效”是事情发生的日期，“登记”是记入总账的时间（北京时间）。标有【已更正】的一行已被后来的更正代替，仍照原样保留。",
        )
    ]
    if attached or missing:
        sheets.append(_papers(attached, missing))
    if support:
        sheets.append(_readings(support, shown, names.lane))
    if closed:
        sheets.append(_closed(closed))
    return Page(
        about.title, moment(instant(made)), [*about.facts, *opened],
        [(what, amount.yuan, amount.capitals) for what, amount in about.totals], sheets,
        _proves(shown, checkpoint), NEVER, CHECK, [str(key) for key in policy.keys],
    )  # fmt: skip


def _taker(reader: Reader, look: Look) -> str:
    unions = union_tree.get(reader.conn, reader.ledger.origin, {UnionId(look.union)})
    named = [row.name for row in unions.values()]
    named += [one.name for one in replay.people(reader, [look.officer]).values() if one.name]
    return "　".join(named) or look.officer


def _row(number: int, line: Line, about: Matter, shown: Mapping[Place, Shown]) -> list[str]:
    if line.hidden:
        return [str(number), line.on.isoformat(), "", line.text, line.union_name, "对方未提供"]
    origin, _, position = line.ref.rpartition("#")
    names = about.names
    what = [line.text]
    what += [f"{each.field}：{each.old or '—'} → {each.new or '—'}" for each in line.changes]
    what += line.reasons
    if line.paper:
        what.append(f"文号：{line.paper}")
    if line.late:
        what.append(f"补录：{word(line.late)}")
    what += [f"疑点：{_rule(each)}" for each in line.findings]
    what += [f"{word(group)}：{WHY.get(why, '未打开')}" for group, why in line.closed.items()]
    if line.struck:
        what.insert(0, "【已更正】")
    if line.corrects:
        what.append(f"更正 {line.corrects}")
    office = f"（{word(line.office)}）" if line.office else ""
    if line.officer in (None, "system"):
        who = [line.union_name, "按程序自动登记"]
    elif line.on_paper:
        decided = line.decider_name or names.person(line.decider)
        who = [line.union_name, f"录入：{names.person(line.officer)}", f"决定：{decided}{office}"]
    else:
        who = [line.union_name, f"办理：{names.person(line.officer)}{office}"]
    at = moment(line.at) if line.at else ""
    proof = shown[origin, int(position)]
    state = [STAGES[proof.stage], proof.words, f"{names.lane(origin).short}第 {position} 笔"]
    return [
        str(number), line.on.isoformat(), at, "\n".join(each for each in what if each),
        "\n".join(each for each in who if each), "\n".join(dict.fromkeys(state)),
    ]  # fmt: skip


def _rule(name: str) -> str:
    rule = Refused.rules.get(name)
    return f"{rule.zh}（{'；'.join(in_words(rule.article))}）" if rule and rule.zh else name


def _papers(
    attached: Sequence[Mapping[str, Any]], missing: Sequence[Mapping[str, Any]]
) -> Sheet:  # fmt: skip
    rows = [
        [canonical.decode(each["about"].encode())["name"], "已附", each["file"]]
        for each in attached
    ] + [["（未附）", WHY.get(each["why"], each["why"]), each["commitment"]] for each in missing]
    return Sheet("附件", (("名称", 20), ("是否在内", 14), ("文件或承诺值", 46)), rows)


def _readings(support: "Mapping[Place, Record]", shown: Mapping[Place, Shown], lane: Any) -> Sheet:
    rows: list[list[str]] = []
    for place, one in sorted(support.items()):
        header, body = canonical.decode(one.header), canonical.decode(one.body)
        rows.append([
            str(one.position), moment(instant(header["at"])),
            f"阅得{lane(body['partner']).short}通道第 {body['first']} 至 {body['last']} 笔，根值 {body['root']}",
            shown[place].words,
        ])  # fmt: skip
    return Sheet(
        "佐证：何时读到对方记录", (("本账", 6), ("登记", 12), ("内容", 44), ("证明", 18)), rows,
        "对方省的记录由本省从对方通道读到。通道当时的根值记入本账，所以能证明：本省最晚到那时"
        "登记读到的就是这些字节。标明“对方签名”的，另有对方对其通道的签名；其余只有本省的登记。",
    )  # fmt: skip


def _closed(closed: Sequence[Mapping[str, Any]]) -> Sheet:
    counted: dict[tuple[str, str], list[str]] = {}
    for each in closed:
        ref = f"{each['origin'].rpartition('/')[2]}#{each['position']}"
        counted.setdefault((each["group"], each["why"]), []).append(ref)
    rows = [
        [_GROUPS.get(group, group), WHY.get(why, why), f"{len(refs)} 组", _refs(refs)]
        for (group, why), refs in sorted(counted.items())
    ]
    return Sheet(
        "未打开的内容", (("资料", 12), ("原因", 26), ("数量", 7), ("记录", 35)), rows,
        "这些内容在记录中只有承诺值，打开其他内容不会使它们可见。",
    )  # fmt: skip


_GROUPS = {group.value: word(group) for group in Group}


def _refs(refs: Sequence[str]) -> str:
    return "、".join(refs[:30]) + ("……" if len(refs) > 30 else "")


STAGES: Mapping[str, str] = {
    "witnessed": "已签名并见证",
    "signed": "已签名",
    "shared": "对方记录·对方签名",
    "mirrored": "对方记录·镜像",
    "recorded": "仅入账",
}

NEVER = (
    "登记时所说的是事实；",
    "未登记的事没有发生；",
    "本案卷已包含全部有关记录；",
    "案卷的种类、对象、出具人、目的和出具时间（未签名，由出具方填写）；",
    "本页的文字：由出具方系统按记录写成，便于阅读，以所附记录原文为准；经办人、决定人的姓名系出具时查得；",
    "两省合谋时的任何事。",
)

CHECK = (
    "在任何装有 Python 3.9 以上的电脑上，不需联网，不需安装本系统：",
    "1. 向两省总工会核对下列公钥；",
    "2. 运行 python3 verify.py 案卷.zip --key 公钥 --key 公钥；",
    "3. 加 --list 可逐条列出已证明的记录原文。",
    "最好使用自己另行取得的 verify.py。*.tlog-proof 也可用其他 C2SP 核验工具核验。",
)


def _proves(shown: Mapping[Place, Shown], checkpoint: bytes | None) -> list[str]:
    count = {stage: sum(each.stage == stage for each in shown.values()) for stage in STAGES}
    said: list[str] = []
    if checkpoint is not None:
        one = Checkpoint.parse(Note.parse(checkpoint).text)
        said.append(f"校验点：{one.origin} 第 1 至 {one.size} 笔，根值 {one.root.hex()}。")
    if count["witnessed"]:
        said.append(
            f"{count['witnessed']} 条记录逐字节在本省签名、对方省见证的总账中，登记后未改动；"
            "登记时间不晚于见证时间。"
        )
    if count["signed"]:
        said.append(f"{count['signed']} 条记录逐字节在本省签名的总账中，尚无对方见证。")
    if count["shared"]:
        said.append(
            f"{count['shared']} 条对方记录逐字节在对方签名的通道中，本省当时也是这样读到的。"
        )
    if count["mirrored"]:
        said.append(f"{count['mirrored']} 条对方记录：没有对方签名，证明方式见“佐证”。")
    if count["recorded"]:
        said.append(
            f"{count['recorded']} 条记录（或登记读到它的那条）刚刚入账，尚无签名，本案卷不能证明。"
        )
    said.append("所附原文（openings.json）、附件，就是记录当时封存的内容。")
    return said


def moment(at: datetime) -> str:
    """An instant as a clock in Beijing shows it."""
    return f"{beijing(at):%Y-%m-%d %H:%M}"


def html(page: Page) -> str:
    """The page as one file of HTML, to read and to print on A4."""
    return _template().render(page=page)


@cache
def _template() -> Any:
    env = Environment(
        loader=PackageLoader("ledger.evidence", "."), autoescape=True, trim_blocks=True,
        lstrip_blocks=True, undefined=StrictUndefined,
    )  # fmt: skip
    return env.get_template("page.html")
