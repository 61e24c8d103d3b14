"""What the pages say, and what of it has no English yet: `python -m tools.english [--add]`.

Texts are found where they are written: in the templates (what stands between two tags is one text,
`{}` where something is put in) and in the Python of the rooms whose words reach a page. `--add`
writes what is lacking into `api/english/words/*.json`, without an English, and takes out what is said
nowhere any more. Ends with 1 where something lacks.
"""

import argparse
import ast
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import orjson
from jinja2 import Environment, nodes

from api.console.acts import titled
from api.console.forms import parted
from api.english.dictionary import WORDS, entries, has_chinese
from api.english.page import SAID

ROOT = Path(__file__).parent.parent
PAGES: dict[str, tuple[str, ...]] = {
    "words": ("ledger/replay/words.py", "api/console/frame.py"),
    "console": ("api/console",),
    "phone": ("api/phone",),
    "articles": ("ledger/replay/articles.py",),
    "examples": ("ledger/replay/examples.py",),
    "sentences": ("ledger/replay",),
    "rules": ("ledger/domain",),
    "acts": ("api",),
    "ledger": ("ledger",),
}
"""Each file of words, and where its texts are written; the first that has a text keeps it."""

ELSEWHERE = (
    "ledger/cli", "ledger/evidence/checking", "ledger/evidence/p", "ledger/evidence/taking",
    "ledger/evidence/verify", "ledger/migrations", "ledger/schema",
    "ledger/domain/divisions.py", "ledger/journal/pinyin.py", "api/english",
)  # fmt: skip
"""What a page does not say: the command line, places, the dossier's Chinese paper."""

STORY = "ledger/demo"
LEAST = {"ledger/replay/words.py": 1, "ledger/imports/headings.py": 9}
"""How long a text is at least: a single sign is a unit there, and a piece of something elsewhere;
what a roster may call its columns is no text."""

_MACHINES = re.compile(r"\.(csv|xlsx|pdf|zip)$|[\^〔龴<]|^\{\}\{\}号$")
"""Names of files, forms of a number, pieces of signs."""

_HOLE, _CUT = "\ue000", "\ue001"


def texts(room: str) -> Iterator[str]:
    """Every Chinese text of ours under a path, in the order in which it is written."""
    path = ROOT / room
    for file in [path] if path.is_file() else sorted(path.rglob("*")):
        name = file.relative_to(ROOT).as_posix()
        if name.startswith(ELSEWHERE):
            continue
        if file.suffix == ".py":
            tree = ast.parse(file.read_text())
            found = _Strings(LEAST.get(name, 2))
            yield from found.of(_links(tree) if name.startswith(STORY) else tree)
        elif file.suffix == ".html":
            yield from _of_template(file.read_text())


# ── Python ───────────────────────────────────────────────────────────────────────────────────


def _links(tree: ast.AST) -> ast.AST:
    """What a demo's story says of itself on the first page: the links, and the texts beside them."""
    calls = [
        node.args[1:3] for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "story.link"
    ]  # fmt: skip
    texts = [
        node.value for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "text"
    ]  # fmt: skip
    said = [each for call in calls for each in call] + texts
    return ast.Module([ast.Return(each) for each in said], [])


class _Strings(ast.NodeVisitor):
    """Strings and f-strings of some signs, but no docstring, and nothing for machines."""

    def __init__(self, least: int) -> None:
        self.found: list[str] = []
        self.least = least

    def of(self, tree: ast.AST) -> list[str]:
        self.visit(tree)
        return [
            text for text in self.found
            if has_chinese(text) and len(text) >= self.least and not _MACHINES.search(text)
        ]  # fmt: skip

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):
            self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self.found.append(_plain(node.value))

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        parts = [
            str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values
        ]
        self.found.append(_plain("".join(parts)))
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                self.visit(part.value)

    def visit_Call(self, node: ast.Call) -> None:
        """Forms take apart what a field or an act is called, and what is said beside it; a compiled
        form is read by machines alone."""
        called = ast.unparse(node.func)
        if called == "re.compile":
            return
        self.generic_visit(node)
        if called.endswith((".act", ".done", ".change")) and len(node.args) > 1:
            self._apart(node.args[1], titled)
        for each in node.keywords:
            if each.arg == "description":
                self._apart(each.value, parted)

    def visit_keyword(self, node: ast.keyword) -> None:
        """What a rule cites is said in the words of replay, never as it stands in the code."""
        if node.arg != "article":
            self.generic_visit(node)

    def _apart(self, node: ast.expr, take: Callable[[str], tuple[str, str]]) -> None:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            self.found += [each for each in take(node.value) if each]


def _plain(text: str) -> str:
    return re.sub(r"\{\w*\}", "{}", " ".join(text.removeprefix(">").split()))


# ── templates ────────────────────────────────────────────────────────────────────────────────


def _of_template(source: str) -> Iterator[str]:
    said = Environment(autoescape=True)  # renders nothing
    text, hole = "", False
    for _, kind, value in said.lex(source):
        if kind == "variable_begin":
            hole = True
        elif kind == "variable_end":
            text, hole = text + _HOLE, False
        elif kind == "block_begin":
            text += _CUT
        elif kind == "data" and not hole:
            text += value
    reader = _Texts()
    reader.feed(text)
    reader.close()
    for each in reader.found:
        for part in each.split(_CUT):
            plain = _plain(part.replace(_HOLE, "{}"))
            if has_chinese(plain):
                yield plain
    yield from (text for text in _of_expressions(said.parse(source)) if has_chinese(text))


def _of_expressions(node: nodes.Node) -> Iterator[str]:
    """Strings, and what is put together from them by `~`."""
    if isinstance(node, nodes.Const):
        yield _plain(node.value) if isinstance(node.value, str) else ""
    elif isinstance(node, nodes.Concat):
        yield _plain("".join(
            str(part.value) if isinstance(part, nodes.Const) else "{}" for part in node.nodes
        ))  # fmt: skip
        for part in node.nodes:
            if not isinstance(part, nodes.Const):
                yield from _of_expressions(part)
    else:
        for part in node.iter_child_nodes():
            yield from _of_expressions(part)


class _Texts(HTMLParser):
    """What stands between two tags, and the attributes that somebody reads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._text = ""

    def handle_data(self, data: str) -> None:
        self._text += data

    def _flush(self) -> None:
        self.found.append(self._text)
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._flush()
        button = ("type", "submit") in attrs
        self.found += [v for k, v in attrs if v and (k in SAID or (button and k == "value"))]

    def handle_endtag(self, tag: str) -> None:
        self._flush()

    def close(self) -> None:
        super().close()
        self._flush()


# ── the files ────────────────────────────────────────────────────────────────────────────────


def catalogues() -> dict[str, list[str]]:
    """The texts that each file of words is to have; each in one of them."""
    seen: set[str] = set()
    found: dict[str, list[str]] = {}
    for name, rooms in PAGES.items():
        found[name] = []
        for text in (text for room in rooms for text in texts(room)):
            if text not in seen:
                seen.add(text)
                found[name].append(text)
    return found


def lacking() -> Iterable[str]:
    """Texts without an English, as `file: text`."""
    held = dict(entries())
    for name, found in catalogues().items():
        yield from (f"{name}.json: {text}" for text in found if text not in held)


def write() -> None:
    held = dict(entries())
    for name, found in catalogues().items():
        said = {text: held.get(text, "") for text in found}
        (WORDS / f"{name}.json").write_bytes(
            orjson.dumps(said, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.english", description=__doc__)
    parser.add_argument("--add", action="store_true", help="write what is lacking into the files")
    if parser.parse_args().add:
        write()
    short = list(lacking())
    print("\n".join(short[:50]))
    print(f"{len(short)} texts have no English yet", file=sys.stderr)
    return bool(short)


if __name__ == "__main__":
    sys.exit(main())
