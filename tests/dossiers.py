"""Dossiers for tests: a pair of provinces with a worker who moved, and ways to spoil a dossier."""

import io
import json
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from shutil import which
from typing import Any

from ledger import evidence
from ledger.book import Look
from ledger.domain.kernel import Office
from ledger.evidence.zipped import zipped
from tests.pair import Pair
from tests.world import World

VERIFIER = Path(evidence.__file__).with_name("verify.py")
NAME, PHONE = "古丽米热·艾比布力", "13877770001"


def taken(
    world: World, subject: evidence.Subject, sight: evidence.Sight | None = None,
    purpose: str = "dispute",
) -> evidence.Dossier:  # fmt: skip
    """A dossier as the root union's clerk takes it."""
    evidence.sign_first(world.ledger)
    look = Look(world.officer(world.root, Office.CLERK), world.root, "dossier", purpose)
    with world.ledger.looking(look) as reader:
        return evidence.take(reader, subject, sight or evidence.Sight())


def moved(pair: Pair) -> tuple[str, str, str]:
    """A member of the village who went over to the host: person, membership, transfer."""
    person, membership = pair.member(NAME, PHONE)
    pair.sync()
    offer = pair.offer(membership)
    pair.sync()
    pair.accept(membership, offer)
    pair.sync()
    pair.sync()
    return person, membership, offer


# ── reading and spoiling ─────────────────────────────────────────────────────────────────────

Files = dict[str, bytes]


def unpacked(data: bytes) -> Files:
    """The files of a dossier, as any unzip sees them."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(files: Mapping[str, bytes]) -> bytes:
    """The files as a dossier again; the manifest first."""
    rest = sorted((name, data) for name, data in files.items() if name != "manifest.json")
    return zipped([("manifest.json", files["manifest.json"]), *rest])


def listed(files: Files) -> Files:
    """The same, with a manifest that lists these very files: what a careful forger does."""
    said = manifest(files)
    said["files"] = {
        name: {"sha256": sha256(data).hexdigest(), "size": len(data)}
        for name, data in sorted(files.items())
        if name != "manifest.json"
    }
    return {**files, "manifest.json": json.dumps(said, ensure_ascii=False).encode()}


def manifest(files: Mapping[str, bytes]) -> Any:
    return json.loads(files["manifest.json"])


def changed(files: Files, name: str, change: Callable[[bytes], bytes]) -> Files:
    return {**files, name: change(files[name])}


def restated(files: Files, change: Callable[[Any], None]) -> Files:
    """With another manifest."""
    said = manifest(files)
    change(said)
    return {**files, "manifest.json": json.dumps(said, ensure_ascii=False).encode()}


def named(files: Mapping[str, bytes], ending: str, folder: str = "own") -> list[str]:
    return sorted(n for n in files if n.startswith(folder) and n.endswith(ending))


# ── verdicts ─────────────────────────────────────────────────────────────────────────────────


@cache
def pythons() -> list[str]:
    """Every Python from 3.9 on that is found here, one of each version."""
    found: dict[str, str] = {}
    roots = [Path.home() / ".pyenv/versions", Path("/opt/python")]
    places = [str(each) for root in roots for each in root.glob("*/bin/python3")]
    places += [path for minor in range(9, 20) if (path := which(f"python3.{minor}"))]
    for path in [*places, which("python3") or "python3"]:
        told = subprocess.run(
            [path, "-c", "import sys; print(*sys.version_info[:2])"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if told.returncode == 0 and tuple(map(int, told.stdout.split())) >= (3, 9):
            found.setdefault(told.stdout.strip(), path)
    return list(found.values())


def verdict(
    data: bytes, folder: Path, *words: str, python: str | None = None
) -> tuple[int, dict[str, Any]]:
    """What the single file says: its exit code, and its verdict."""
    file = folder / "dossier.zip"
    file.write_bytes(data)
    told = subprocess.run(
        [python or pythons()[0], "-I", str(VERIFIER), str(file), "--json", *words],
        capture_output=True, text=True, check=False, cwd=folder,
    )  # fmt: skip
    assert told.stderr == "", told.stderr
    return told.returncode, json.loads(told.stdout)
