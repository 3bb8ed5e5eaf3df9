"""python -m livekeeper where its outputs are none of the usual ones."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import livekeeper
import pytest

COMMAND = f"{sys.executable} -m livekeeper"


@pytest.mark.parametrize("command", [["--help"], ["import", "--help"], ["demo", "--accounts", "1", "--seconds", "1"]])
def test_an_output_that_cannot_hold_chinese_gets_a_question_mark(command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "livekeeper", *command], capture_output=True, timeout=55, env={**os.environ, "PYTHONIOENCODING": "ascii"}
    )
    assert (done.returncode, done.stderr) == (0, b"") and done.stdout.isascii()


@pytest.mark.parametrize("command", ["--help", "inspect {store}", "export {store} {store}.lkx --without-secrets"])
def test_an_output_that_is_closed_is_no_error(command: str, tmp_path: Path) -> None:
    store = tmp_path / "shop.db"
    livekeeper.CookieManager(store).close()
    done = subprocess.run(f"{COMMAND} {command.format(store=store)} >&-", shell=True, capture_output=True, timeout=55)
    assert (done.returncode, done.stderr) == (0, b"")


def test_an_error_output_that_is_closed_leaves_the_exit_code(tmp_path: Path) -> None:
    done = subprocess.run(f"{COMMAND} inspect {tmp_path / 'none.db'} 2>&-", shell=True, capture_output=True, timeout=55)
    assert (done.returncode, done.stdout) == (1, b"")
