"""The book says what the code does: its references are current, its examples run, its links hold.

In `docs/how-to` a `python` or `sh` block is run, in the order of its page and in a folder of its
own with a fresh demo in `var/`; in `docs/concepts` the `python` ones are. A block that is marked
`example` is not. In `docs/reference/record.md` every block is a value that is made here.
"""

import ast
import base64
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import pytest
from eventsourcing.persistence import StoredEvent

import ledger
from ledger.domain.identity import DocumentKind
from ledger.domain.ids import PersonId, UnionId
from ledger.domain.kernel import SYSTEM, Act, Code, Event, Office
from ledger.domain.persons import NumberOwed, PersonRegistered
from ledger.domain.unions import JournalOpened, UnionFounded, UnionKind
from ledger.journal import canonical, codec, merkle, notes
from ledger.journal.policy import Policy
from ledger.journal.record import Record, header_of, place
from ledger.journal.vault import commitment
from ledger.journal.witness import Request
from ledger.projections.channels import leaf_of
from ledger.projections.posting import channel_name
from ledger.replay.articles import CITED, NAMES
from tests import warm
from tools import docs

ROOT = Path(__file__).parent.parent
BOOK = ROOT / "docs"
PAGES = sorted(BOOK.rglob("*.md"))
DOORS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


class Block(NamedTuple):
    """A fenced block of a page."""

    language: str
    mark: str
    text: str
    line: int


def blocks(path: Path) -> Iterator[Block]:
    page = path.read_text("utf-8")
    for found in re.finditer(r"^```(\w+)[ ]?([^\n]*)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        line = page.count("\n", 0, found.start()) + 1
        yield Block(found[1], found[2].strip(), found[3], line)


# ── references ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", docs.PAGES)
def test_the_reference_is_current(name: str) -> None:
    page = (docs.REFERENCE / name).read_text("utf-8")

    assert page == docs.written(name), "run `make docs`"


# ── links ────────────────────────────────────────────────────────────────────────────────────


def test_every_link_of_the_book_leads_somewhere() -> None:
    broken = [
        f"{named(page)}: {target}"
        for page in [*PAGES, *DOORS]
        for target in links(page.read_text("utf-8"))
        if not leads_somewhere(page, target)
    ]

    assert not broken


def links(page: str) -> Iterator[str]:
    without_code = re.sub(r"^```.*?^```$|`[^`\n]*`", "", page, flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code):
        if not target.startswith(("http:", "https:", "mailto:")):
            yield target


def leads_somewhere(page: Path, target: str) -> bool:
    path, _, anchor = target.partition("#")
    there = (page.parent / path).resolve() if path else page
    if not there.exists():
        return False
    return not anchor or anchor in anchors(there.read_text("utf-8"))


def anchors(page: str) -> set[str]:
    """The anchors of a page's headings, as they are made for them where the page is shown."""
    headings = re.findall(r"^#{1,6} (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


def test_every_page_is_in_the_table_of_contents() -> None:
    listed = {
        (BOOK / target).resolve() for target in links((BOOK / "README.md").read_text("utf-8"))
    }

    elsewhere = {"README.md", "decisions"}
    expected = [page for page in PAGES if not elsewhere & {page.name, page.parent.name}]

    missing = [named(page) for page in expected if page not in listed]

    assert not missing


# ── words and sources ────────────────────────────────────────────────────────────────────────


def rows(name: str) -> Iterator[list[str]]:
    """The rows of a page's tables, without their heads."""
    for line in (BOOK / "concepts" / name).read_text("utf-8").splitlines():
        if line.startswith("|") and not line.startswith(("| ---", "| 中文", "| ID |", "| name |")):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def test_every_mechanism_of_the_sources_stands_in_one_row() -> None:
    letters = {"A": 13, "B": 16, "C": 30, "D": 12, "E": 1, "F": 19, "G": 13, "H": 15, "I": 5}
    expected = [
        f"Y{letter}{n:02}" for letter, count in letters.items() for n in range(1, count + 1)
    ]

    assert [row[0] for row in rows("sources.md")] == expected


def test_every_room_of_the_sources_is_there() -> None:
    house = Path(ledger.__file__).parent
    named_rooms = {row[2].strip("`") for row in rows("sources.md")} - {"not yet"}

    missing = [
        room
        for room in named_rooms
        if not (house / room).is_dir() and not (house / f"{room}.py").is_file()
    ]

    assert named_rooms
    assert not missing


def test_every_code_name_of_the_words_is_in_the_code() -> None:
    page = (BOOK / "concepts/words.md").read_text("utf-8").partition("## Words for rooms")[0]
    lines = [line.strip("|").split("|") for line in page.splitlines() if line.startswith("| ")]
    names = {name for line in lines for name in re.findall(r"`([\w.]+)`", line[2])}

    assert not sorted(names - names_in_the_code())


def names_in_the_code() -> set[str]:
    """Every name that the house gives: classes and their members, functions, fields, columns."""
    found: set[str] = set()
    for path in Path(ledger.__file__).parent.rglob("*.py"):
        found.add(path.stem)
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.ClassDef():
                    found.add(node.name)
                    found |= {f"{node.name}.{name}" for name in _assigned(node)}
                case ast.FunctionDef():
                    found.add(node.name)
                case ast.Name(id=name) | ast.Attribute(attr=name) | ast.Constant(value=str(name)):
                    found.add(name)
                case _:
                    pass
    return found


def _assigned(node: ast.ClassDef) -> Iterator[str]:
    for line in node.body:
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
            yield line.targets[0].id


def test_no_word_of_the_glossary_stands_twice() -> None:
    terms = [row[0] for row in rows("words.md")]

    assert not sorted({term for term in terms if terms.count(term) > 1})


def test_every_name_that_an_article_may_use_is_explained() -> None:
    page = {row[0] for row in rows("articles.md")}
    designs = {f"design: {cell}" for cell in page for cell in cell.split(", ")}
    sources = {row[0] for row in rows("sources.md")}

    unexplained = {*CITED, *NAMES} - page - designs - sources - {"design"}

    assert not sorted(unexplained)


# ── the record, to the byte ──────────────────────────────────────────────────────────────────

ORIGIN = "liangdi.example/guangxi"
UNION = UnionId("uni_" + "guangxi".ljust(26, "a"))
PERSON = PersonId("per_" + "weixiuying".ljust(26, "a"))
AT = "2026-03-22T01:30:00.000000Z"
SALT = bytes(range(32))


def example() -> dict[str, str]:
    """Three records of a journal and one leaf of a channel, as `record.md` shows them."""
    day = date(2026, 3, 22)
    system = Act(SYSTEM, UNION, Office.PROCEDURE, day, day)
    clerk = Act(PersonId("per_" + "clerk".ljust(26, "a")), UNION, Office.CLERK, day, day)
    opened = JournalOpened(UNION, Code("45"), Code(ORIGIN))
    founded = UnionFounded(
        UNION, "广西壮族自治区总工会", UnionKind.FEDERATION, None, division=Code("450000")
    )
    registered = PersonRegistered(
        PERSON, DocumentKind.NONE_YET, name="韦秀英", number_owed=NumberOwed.NOT_AT_HAND,
        number_due=date(2026, 6, 20),
    )  # fmt: skip
    first, begun = "ent_" + "first".ljust(26, "a"), "ent_" + "second".ljust(26, "a")
    one = _recorded(1, UNION, 1, opened, system, first, (1, 2))
    two = _recorded(2, UNION, 2, founded, system, first, (2, 2))
    three = _recorded(3, PERSON, 1, registered, clerk, begun, (1, 1))
    payload = canonical.encode({"name": "韦秀英"})
    nodes = merkle.node_hash(one.leaf, two.leaf)
    frontier = merkle.Frontier().extend([one.leaf, two.leaf, three.leaf])
    channel = channel_name(ORIGIN, "liangdi.example/guangdong")
    header = canonical.encode(
        {"channel": channel, "number": 1, "cause": 3, "under": "lnk_" + "link".ljust(26, "a")}
    )
    return {
        "payload": payload.decode(),
        "salt": SALT.hex(),
        "commitment": commitment(SALT, payload),
        "bound": f"{ORIGIN}\n{PERSON}\n1\n{PERSON}\nidentity",
        "header": three.header.decode(),
        "body": three.body.decode(),
        "length": str(len(three.bytes)),
        "leaf": three.leaf.hex(),
        "leaves": "\n".join(each.leaf.hex() for each in (one, two, three)),
        "node": nodes.hex(),
        "root": frontier.root().hex(),
        "frontier": frontier.to_bytes().hex(),
        "channel-header": header.decode(),
        "channel-leaf": leaf_of(header, three.bytes).hex(),
        "records": "\n\n".join(base64.b64encode(each.bytes).decode() for each in (one, two, three)),
    }


def _recorded(
    position: int, stream: str, version: int, event: Event, act: Act, entry: str,
    part: tuple[int, int],
) -> Record:  # fmt: skip
    made = codec.encode(event)
    if made.person is not None and made.groups:
        made.body["sealed"] = {
            made.person: {
                group: commitment(SALT, canonical.encode(texts))
                for group, texts in made.groups.items()
            }
        }
    body = canonical.encode(made.body)
    stored = StoredEvent(stream, version, type(event).__name__, body)
    return place(ORIGIN, position, AT, entry, part, stored, header_of(act))


def test_the_worked_example_of_the_record_is_what_the_code_makes() -> None:
    shown = {block.mark: block.text.rstrip("\n") for block in blocks(BOOK / "reference/record.md")}

    assert shown == example()


def test_the_worked_example_can_be_checked_with_a_hash_function_alone() -> None:
    shown = example()
    records = [base64.b64decode(text) for text in shown["records"].split("\n\n")]

    leaves = [sha256(b"\x00" + record).digest() for record in records]
    node = sha256(b"\x01" + leaves[0] + leaves[1]).digest()
    root = sha256(b"\x01" + node + leaves[2]).digest()
    told = sha256(b"pc1" + SALT + shown["payload"].encode()).hexdigest()
    sent = f"{shown['channel-header']}\n{shown['header']}\n{shown['body']}".encode()

    assert [leaf.hex() for leaf in leaves] == shown["leaves"].split("\n")
    assert root.hex() == shown["root"]
    assert f"{3:016x}" + node.hex() + leaves[2].hex() == shown["frontier"]
    assert told in shown["body"]
    assert sha256(b"\x00" + sent).hexdigest() == shown["channel-leaf"]


# ── examples run ─────────────────────────────────────────────────────────────────────────────

RUN_BLOCKS = """
import json, subprocess, sys

def run(page, blocks):
    for language, text, line in blocks:
        if language == "python":
            exec(compile("\\n" * line + text, page, "exec"), globals())
        elif subprocess.run(["/bin/sh", "-eu", "-c", text]).returncode:
            sys.exit(f"{page}:{line}: this block failed")

run(*json.load(sys.stdin))
"""
"""Runs the blocks of a page one after another, in a process of its own: what a page declares must
not be known to other tests."""


def clean(binaries: Path) -> dict[str, str]:
    """The environment without settings of ours; with our code, our Python, our command."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("LIANGDI_")}
    path = [str(binaries), str(Path(sys.executable).parent), env.get("PATH", "")]
    return {**env, "PATH": os.pathsep.join(path), "PYTHONPATH": str(ROOT), "TERM": "dumb"}


@pytest.fixture(scope="session")
def binaries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `liangdi` in it, as an installation has it."""
    folder = tmp_path_factory.mktemp("bin")
    script = f"#!{sys.executable}\nfrom ledger.cli import main\n\nmain()\n"
    (folder / "liangdi").write_text(script, "utf-8")
    (folder / "liangdi").chmod(0o755)
    return folder


@pytest.fixture(scope="session")
def warm_binaries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The same, in a tenth of the time: a how-to has dozens of commands."""
    folder = tmp_path_factory.mktemp("warm")
    with warm.commands(folder):
        yield folder


def finish(
    command: list[str], env: dict[str, str], folder: Path, told: str | None = None
) -> None:  # fmt: skip
    done = subprocess.run(
        command, input=told, env=env, cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def running(page: Path) -> list[tuple[str, str, int]]:
    """The blocks of a page that are run."""
    return [
        (each.language, each.text, each.line)
        for each in blocks(page)
        if each.language in {"python", "sh"} and each.mark != "example"
    ]


@pytest.mark.parametrize(
    "page", [p for p in PAGES if p.parent.name == "concepts" and running(p)], ids=lambda p: p.stem
)
def test_the_examples_of_a_concept_run(page: Path, tmp_path: Path, binaries: Path) -> None:
    told = [block for block in running(page) if block[0] == "python"]

    run(page, told, tmp_path, binaries)


@pytest.mark.parametrize(
    "page", [p for p in PAGES if p.parent.name == "how-to" and running(p)], ids=lambda p: p.stem
)
def test_the_examples_of_a_how_to_run(
    page: Path, request: pytest.FixtureRequest, tmp_path: Path, warm_binaries: Path
) -> None:
    told = running(page)
    if any(re.search(r"liangdi |var/|provinces\(\)", text) for _, text, _ in told):
        shutil.copytree(request.getfixturevalue("demo"), tmp_path / "var")
        shutil.copytree(ROOT / "tests/data", tmp_path / "rosters")

    run(page, told, tmp_path, warm_binaries)


def run(page: Path, told: list[tuple[str, str, int]], folder: Path, binaries: Path) -> None:
    finish(
        [sys.executable, "-c", RUN_BLOCKS], clean(binaries), folder, json.dumps((named(page), told))
    )


def test_the_tutorial_runs(tmp_path: Path, binaries: Path) -> None:
    shutil.copytree(ROOT / "tests/data", tmp_path / "tests/data")

    run(BOOK / "start.md", running(BOOK / "start.md"), tmp_path, binaries)


def test_the_evidence_of_the_reference_verifies_and_is_written_as_it_stands() -> None:
    page = {each.mark: each.text for each in blocks(BOOK / "reference" / "evidence.md")}
    record_page = {each.mark: each.text for each in blocks(BOOK / "reference" / "record.md")}
    records = [base64.b64decode(each) for each in record_page["records"].split()]
    log, witness = (
        notes.PublicKey.parse(page[f"{role}-key"].strip()) for role in ("log", "witness")
    )
    note = notes.Note.parse(page["checkpoint"].encode())
    tree = merkle.Frontier().extend([merkle.leaf_hash(each) for each in records])

    proof = notes.Proof.parse(page["proof"].encode())
    request = Request.parse(page["request"].encode())
    proven = proof.proves(merkle.leaf_hash(records[2]), [log, witness])
    checkpoint = proven.checkpoint
    before = merkle.Frontier().extend([merkle.leaf_hash(each) for each in records[:2]])

    assert (checkpoint.size, checkpoint.root) == (3, tree.root())
    assert [each.key for each in proven.by] == [log, witness]
    assert merkle.verify_consistency(
        2, before.root(), 3, checkpoint.root, request.proof
    )  # fmt: skip
    assert list(Policy.parse(page["policy"].encode()).judge(note).witnesses) == [witness.name]
    assert (note.to_bytes(), proof.to_bytes(), request.to_bytes()) == tuple(
        page[name].encode() for name in ("checkpoint", "proof", "request")
    )
    said = json.loads(page["signed"])
    assert merkle.Frontier.from_bytes(bytes.fromhex(said["frontier"])) == tree
