"""The locks hold every dependency by version and hash, and say nothing of where it came from."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LOCKS = ["requirements.lock", "requirements-dev.lock"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUNNING: list[str] = PROJECT["project"]["dependencies"]
DEVELOPING: list[str] = PROJECT["dependency-groups"]["dev"]


def locked(lock: str) -> dict[str, str]:
    """Every package of a lock with its version."""
    lines = (ROOT / lock).read_text().splitlines()
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", "\n".join(lines), re.MULTILINE))


def named(requirements: list[str]) -> set[str]:
    """The packages that requirements ask for."""
    return {re.split(r"[\[<>=~!;@ ]", requirement)[0] for requirement in requirements}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()

    assert not re.search(r"://|@ |^-|index|find-links|file:", text, re.MULTILINE)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_a_hash(lock: str) -> None:
    entries = re.split(r"\n(?=\S)", (ROOT / lock).read_text().strip())

    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


def test_what_the_project_asks_for_is_locked() -> None:
    assert named(RUNNING) - locked("requirements.lock").keys() == set()
    assert named(RUNNING + DEVELOPING) - locked("requirements-dev.lock").keys() == set()


def test_developers_run_the_very_versions_that_are_served() -> None:
    developing = locked("requirements-dev.lock")

    assert {
        name: (version, developing.get(name))
        for name, version in locked("requirements.lock").items()
        if developing.get(name) != version
    } == {}
