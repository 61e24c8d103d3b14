"""`make demo-two` in its short form: two nodes, one killed on the way, and the story told to its end."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_story_passes_between_two_nodes_to_its_end() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.demo_two", "--short"], cwd=ROOT, text=True, timeout=240,
        capture_output=True, check=False, env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    for said in (
        "被强行终止", "任何时刻只有一方", "两边都只算一笔", "一分不差", "fsck 无误",
        "两个节点都已停止",
    ):  # fmt: skip
        assert said in done.stdout
