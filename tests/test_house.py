"""The house rules as tests: what a reader may count on in every room.

Types, floors and form are checked by `make check`. Here stands what no such tool knows: that a
rule is a sentence which some test breaks, that an event is written down everywhere it has to be,
that the clock is read in one place, and that the tree speaks of nothing but itself.
"""

import ast
import json
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path

import pytest

from ledger.domain.auditing import Finding
from ledger.domain.kernel import Event, Refused
from ledger.domain.rights.clocks import CLOCKS
from ledger.exchange.signals import Signal
from ledger.journal import codec
from ledger.replay.articles import CITED, NAMES, in_words
from ledger.replay.examples import EXAMPLES
from ledger.replay.refusals import FACTS, OF_A_RULE, UNSAID
from tools import docs

ROOT = Path(__file__).parent.parent
CODE = ("ledger", "api", "tests", "tools", "bench")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


# ── what there is ────────────────────────────────────────────────────────────────────────────


def modules(*folders: str) -> list[Path]:
    return sorted(chain.from_iterable((ROOT / folder).rglob("*.py") for folder in folders))


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), path.name)


def nodes(*folders: str) -> Iterator[tuple[Path, ast.AST]]:
    for path in modules(*folders):
        for node in ast.walk(tree(path)):
            yield path, node


@cache
def tracked() -> list[Path]:
    """The files of the project: what git has, or would take in."""
    try:
        listed = subprocess.run(
            ["git", "-c", "core.quotePath=false", "ls-files", "-z", "-co", "--exclude-standard"],
            cwd=ROOT, capture_output=True, check=True, text=True,
        ).stdout.split("\0")  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs a clone")
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


def texts() -> Iterator[tuple[Path, str]]:
    """Every tracked file that is text, but for this one, which names what it forbids."""
    for path in tracked():
        if path == Path(__file__):
            continue
        try:
            yield path, path.read_text("utf-8")
        except UnicodeDecodeError:
            continue


docs.know_everything()
RULES = sorted(
    (rule for rule in Refused.rules.values() if rule.__module__.startswith("ledger.")),
    key=lambda rule: rule.__name__,
)
EVENTS = sorted(
    kind for kind, cls in Event.kinds.items() if cls.__module__.startswith("ledger.domain.")
)


# ── modules ──────────────────────────────────────────────────────────────────────────────────


def test_every_module_opens_with_its_purpose() -> None:
    silent = [named(path) for path in modules(*CODE) if not ast.get_docstring(tree(path))]

    assert not silent


def test_every_room_says_in_its_first_sentence_what_it_is_called_in_chinese() -> None:
    rooms = [path for path in modules("ledger/domain") if path.name != "__init__.py"]

    foreign = [named(path) for path in rooms if not _has_chinese(path)]

    assert not foreign


def _has_chinese(path: Path) -> bool:
    opening = (ast.get_docstring(tree(path)) or "").split("\n\n")[0]
    return CHINESE.search(opening) is not None


def test_no_class_is_called_by_a_word_that_says_nothing() -> None:
    forbidden = {"Manager", "Handler", "Utils", "Util", "Helper", "Helpers", "Base"}
    classes = ((path, node) for path, node in nodes(*CODE) if isinstance(node, ast.ClassDef))

    found = [
        f"{named(path)}: {node.name}"
        for path, node in classes
        if forbidden & set(re.findall(r"[A-Z][a-z]*", node.name))
    ]

    assert not found


# ── rules ────────────────────────────────────────────────────────────────────────────────────


def test_a_rule_is_one_sentence_in_each_language_and_names_its_article() -> None:
    lacking = {rule.__name__: faults for rule in RULES if (faults := list(_unlike_a_rule(rule)))}

    assert not lacking


def _unlike_a_rule(rule: type[Refused]) -> Iterator[str]:
    sentence = rule.sentence()
    if not sentence.endswith(".") or re.search(r"[.!?] [A-Z]", sentence):
        yield "the first paragraph of its docstring is not one sentence"
    if not CHINESE.search(rule.zh) or not rule.zh.endswith("。") or rule.zh.count("。") != 1:
        yield "`zh` is not one Chinese sentence"
    if not rule.article.strip():
        yield "it names no article"


def test_what_to_do_instead_is_said_in_a_whole_chinese_sentence() -> None:
    said = [rule for rule in RULES if rule.instead]

    cut = [r.__name__ for r in said if not CHINESE.search(r.instead) or r.instead[-1] != "。"]

    assert not cut


def said_in_tests() -> set[str]:
    files = [path for path in (ROOT / "tests").rglob("*") if path.suffix in {".py", ".json"}]
    beside = {"test_house.py", "test_docs.py"}
    spoken = (path.read_text("utf-8") for path in files if path.name not in beside)
    return {word for text in spoken for word in re.findall(r"[A-Za-z]\w+", text)}


def test_some_test_breaks_every_rule() -> None:
    families = {rule.__name__ for rule in RULES if rule.__subclasses__()}

    unbroken = {rule.__name__ for rule in RULES} - families - said_in_tests()

    assert not unbroken


def test_no_article_names_a_page_that_is_not_in_the_book() -> None:
    pages = {path.name for path in (ROOT / "docs").rglob("*.md")}

    strange = [
        f"{rule.__name__}: {rule.article}"
        for rule in RULES
        if set(re.findall(r"[\w-]+\.md", rule.article)) - pages
        or re.search(r"\b(features|pitfalls|console|house|product)\b", rule.article)
    ]

    assert not strange


def test_every_article_is_said_in_words_and_no_word_is_idle() -> None:
    cited = {each.article for each in (*RULES, *Finding.kinds.values(), *CLOCKS.values())}

    said = {text for article in cited for text in in_words(article)}
    titles = {title for title in CITED.values() if any(t.startswith(title) for t in said)}

    assert titles == set(CITED.values())
    assert {text for text in said if not text.startswith(tuple(titles))} == set(NAMES.values())


def test_every_rule_has_one_example_of_its_own() -> None:
    assert {rule.__name__ for rule in RULES} == set(EXAMPLES)
    assert len(set(EXAMPLES.values())) == len(EXAMPLES)
    assert not [name for name, said in EXAMPLES.items() if said[-1] != "。" or "：" not in said]


def raised() -> set[tuple[str, str]]:
    """(rule, fact) for each keyword with which a rule is raised somewhere."""
    calls = (
        (node.func.id, keyword.arg)
        for _, node in nodes("ledger", "api")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        for keyword in node.keywords
        if node.func.id in Refused.rules and keyword.arg
    )
    held = (("NumberTaken", key) for key in ("held_by", "position"))  # by the book, for any claim
    return {*calls, *held}


def test_every_fact_of_a_refusal_is_told_or_left_out_on_purpose() -> None:
    facts = raised()
    keys = {key for _, key in facts}

    assert keys == set(FACTS) | UNSAID
    assert not set(FACTS) & UNSAID
    assert set(OF_A_RULE) <= facts


# ── signals ──────────────────────────────────────────────────────────────────────────────────


def test_a_signal_is_one_sentence_in_each_language_with_what_to_do() -> None:
    for kind in Signal.kinds.values():
        assert re.fullmatch(r"[^.]+\.", kind.sentence()), kind
        assert CHINESE.search(kind.zh), kind
        assert kind.zh.count("。") == 1, kind
        assert CHINESE.search(kind.instead), kind
        assert kind.instead.endswith("。"), kind


def test_some_test_meets_every_signal_and_the_book_says_what_to_do() -> None:
    page = (ROOT / "docs/how-to/signals.md").read_text("utf-8")

    assert not set(Signal.kinds) - said_in_tests()
    assert not set(Signal.kinds) - set(re.findall(r"^## (\w+)$", page, re.MULTILINE))


# ── events ───────────────────────────────────────────────────────────────────────────────────


def test_every_event_says_what_it_is() -> None:
    docs = {kind: Event.kinds[kind].__doc__ or "" for kind in EVENTS}

    mute = [
        kind for kind, doc in docs.items() if not re.match(r"[^:]*[\u4e00-\u9fff][^:]*: \S", doc)
    ]

    assert not mute


def test_every_text_of_an_event_says_who_may_read_it() -> None:
    for kind in EVENTS:
        codec.plan_of(kind)  # TypeError for a text that is neither public nor sealed


def test_events_are_declared_in_the_law_and_nowhere_else() -> None:
    stray = [
        f"{named(path)}: {node.name}"
        for path, node in nodes("ledger", "api", "tools", "bench")
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id == "Event" for base in node.bases)
        and not named(path).startswith("ledger/domain/")
    ]

    assert not stray


def test_every_event_stands_in_the_history() -> None:
    lines = (ROOT / "tests/journal/history.jsonl").read_text("utf-8").splitlines()

    known = {json.loads(line)["kind"] for line in lines if line.strip()}

    assert not set(EVENTS) - known


def test_every_event_stands_in_the_reference() -> None:
    page = (ROOT / "docs/reference/events.md").read_text("utf-8")

    assert not set(EVENTS) - set(re.findall(r"^### (\w+)$", page, re.MULTILINE))


def heeded() -> set[str]:
    """The classes that a fold matches on, a view names, or replay has a sentence for."""
    matched = {
        node.cls.id
        for _, node in nodes("ledger/domain")
        if isinstance(node, ast.MatchClass) and isinstance(node.cls, ast.Name)
    }
    viewed = {node.id for _, node in nodes("ledger/projections") if isinstance(node, ast.Name)}
    told = {
        key.value
        for _, node in nodes("ledger/replay")
        if isinstance(node, ast.Dict)
        for key in node.keys
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
    }
    return matched | viewed | told


def test_every_event_is_read_by_something() -> None:
    assert not set(EVENTS) - heeded()


# ── numbers and clocks ───────────────────────────────────────────────────────────────────────


def test_nothing_of_the_law_is_measured_in_floats() -> None:
    found = [
        f"{named(path)}:{node.lineno}"
        for path, node in nodes("ledger/domain")
        if isinstance(node, ast.Name) and node.id in {"float", "Decimal"}
    ]

    assert not found


READS_THE_CLOCK = {("datetime", "now"), ("datetime", "utcnow"), ("date", "today"), ("time", "time")}
MEASURES_TIME = {  # how long something took is no matter of dates
    "api/app.py", "api/limits.py", "api/routes/health.py", "ledger/cli/serving.py",
}  # fmt: skip


def test_the_clock_is_read_in_one_place() -> None:
    calls = [
        (named(path), node.lineno, node.value.id, node.attr)
        for path, node in nodes("ledger", "api")
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    ]

    wall = [
        f"{path}:{line} {thing}.{word}"
        for path, line, thing, word in calls
        if (thing, word) in READS_THE_CLOCK and path != "ledger/clock.py"
    ]
    measured = {path for path, _, thing, word in calls if (thing, word) == ("time", "monotonic")}

    assert not wall
    assert measured <= MEASURES_TIME | {"ledger/clock.py"}


# ── the tree speaks of itself alone ──────────────────────────────────────────────────────────

ELSEWHERE = {
    "a path of some machine": r"(?<![\w.])/(work|root|Users|home/\w+|mnt|opt/\w+)/",
    "the address of a registry": r"files\.pythonhosted|//pypi\.org|index-url|registry\.npmjs",
    "how it was made": (
        r"\b[Ii]ssues? [#\d]|\b(this|the (last|next|previous)|an?other) session\b"
        r"|\bsubagents?\b|\bthe (brief|lead) (says|asks|wants)\b|\.\./shared"
    ),
}


@pytest.mark.parametrize("what", ELSEWHERE)
def test_no_file_names(what: str) -> None:
    pattern = re.compile(ELSEWHERE[what])

    found = [
        f"{named(path)}:{number}: {line.strip()[:100]}"
        for path, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]

    assert not found
