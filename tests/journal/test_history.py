"""Every body that was ever written is read for ever: `history.jsonl`, kept by `tools.history`."""

import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from ledger.domain.kernel import Event, NewerKind, Redacted
from ledger.journal import canonical, codec
from tools import history
from tools.docs import know_everything

ROOT = Path(__file__).parent.parent.parent
know_everything()
LINES = history.lines()
BY_KIND = {line["kind"]: line for line in LINES}  # of several shapes, the newest
each_line = pytest.mark.parametrize(
    "line", LINES, ids=[f"{line['kind']}-{number}" for number, line in enumerate(LINES, 1)]
)  # a kind has a line for each shape that it ever had


def test_every_kind_of_event_stands_in_the_history_in_the_shape_of_today() -> None:
    # `python -m tools.history --add` writes what is missing.
    assert [line["kind"] for line in history.missing()] == []


@each_line
def test_a_body_has_the_bytes_that_it_always_had(line: dict[str, Any]) -> None:
    assert sha256(canonical.encode(line["body"])).hexdigest() == line["sha256"]


@each_line
def test_a_body_is_read(line: dict[str, Any]) -> None:
    known = codec.decode(line["kind"], line["body"], line["texts"])
    closed = codec.decode(line["kind"], line["body"])

    assert type(known) is Event.kinds[line["kind"]]
    for group in line["texts"].values():
        for name, said in group.items():
            assert getattr(known, name) == said
            assert isinstance(getattr(closed, name), Redacted)


@pytest.mark.parametrize("kind", list(BY_KIND))
def test_what_is_read_is_written_again_to_the_byte(kind: str) -> None:
    line = BY_KIND[kind]

    parts = codec.encode(codec.decode(kind, line["body"], line["texts"]))

    sealed = {"sealed": line["body"]["sealed"]} if "sealed" in line["body"] else {}
    assert canonical.encode({**parts.body, **sealed}) == canonical.encode(line["body"])
    assert parts.groups == line["texts"]


@pytest.mark.parametrize("kind", list(BY_KIND))
def test_a_reader_who_does_not_know_the_kind_sees_whom_it_concerns(kind: str) -> None:
    line = BY_KIND[kind]
    persons = line["body"].get("sealed", {})

    assert all(each.startswith("per_") for each in persons)
    assert kind != NewerKind.__name__


def test_lines_are_added_and_never_changed() -> None:
    try:
        released = subprocess.run(
            ["git", "tag", "--list", "v*", "--sort=-v:refname"],
            cwd=ROOT, capture_output=True, check=True, text=True,
        ).stdout.split()  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs a clone")
    if not released:
        pytest.skip("nothing was released yet")
    path = history.HISTORY.relative_to(ROOT).as_posix()

    before = subprocess.run(
        ["git", "show", f"{released[0]}:{path}"], cwd=ROOT, capture_output=True, check=True
    ).stdout

    assert history.HISTORY.read_bytes().startswith(before)
