"""The demo, as a user runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import livekeeper
import pytest
import terminal

DEMO = [sys.executable, "-m", "livekeeper", "demo"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(arguments, capture_output=True, text=True, encoding="utf-8", timeout=55)


def test_with_json_it_prints_one_object_with_the_right_figures() -> None:
    done = run(*DEMO, "--accounts", "3", "--seconds", "2", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1
    figures = json.loads(done.stdout)
    assert figures["accounts"] == figures["accounts_connected"] == 3
    assert figures["messages"] == figures["replies"] == 2 * 12 + 3
    assert figures["messages_replayed"] == 1
    assert figures["duplicates"] == figures["replies_missing"] == figures["violations"] == 0
    assert 0 < figures["reply_latency_ms"]["p50"] <= figures["reply_latency_ms"]["p99"]
    assert 0 < figures["seconds_to_close"] < 10
    assert figures["clean"] is True


def test_without_a_terminal_it_prints_lines() -> None:
    done = run(*DEMO, "--accounts", "2", "--seconds", "2")
    assert (done.returncode, done.stderr) == (0, "")
    assert "2/2 connected" in done.stdout
    assert "closed 2 accounts in" in done.stdout
    assert "\x1b" not in done.stdout


def test_it_can_be_started_where_chinese_cannot_be_printed() -> None:
    done = subprocess.run(
        [*DEMO, "--accounts", "1", "--seconds", "1"],
        capture_output=True, text=True, timeout=55, env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("has_rich", [True, False])
def test_on_a_terminal_it_shows_a_table_or_says_how_to_get_one(has_rich: bool) -> None:
    if has_rich:
        pytest.importorskip("rich")
    block = "" if has_rich else "sys.modules['rich'] = sys.modules['rich.console'] = None; "
    program = f"import sys; {block}from livekeeper.__main__ import main; sys.exit(main(['demo', '--seconds', '1']))"
    with terminal.Terminal(sys.executable, "-c", program) as shown:
        assert shown.end() == 0, shown.shown
    output = shown.shown
    assert ("│ 小店 5" in output) is has_rich
    assert ("health" in output) is has_rich
    assert ("livekeeper[cli]" in output) is not has_rich


def test_ctrl_c_ends_it_cleanly() -> None:
    with subprocess.Popen(
        [*DEMO, "--seconds", "600"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    ) as child:
        assert child.stdout is not None
        assert "connected" in child.stdout.readline()
        child.send_signal(signal.SIGINT)
        _, errors = child.communicate(timeout=30)
    assert (child.returncode, errors) == (130, "stopped by Ctrl-C; everything is closed\n")


def test_the_help_teaches_and_bad_arguments_are_refused_by_name() -> None:
    text = run(sys.executable, "-m", "livekeeper", "--help")
    assert text.returncode == 0
    assert "python -m livekeeper demo" in text.stdout
    assert run(*DEMO, "--help").returncode == 0
    for arguments, sentence in [
        (("--accounts", "0"), "argument --accounts: 0 is out of range, allowed is 1 … 1000"),
        (("--accounts", "x"), "argument --accounts: 'x' is no number"),
        (("--seconds", "nan"), "argument --seconds: nan is out of range"),
    ]:
        refused = run(*DEMO, *arguments)
        assert refused.returncode == 2
        assert sentence in refused.stderr


def test_the_version_is_the_packages() -> None:
    assert run(sys.executable, "-m", "livekeeper", "--version").stdout == f"livekeeper {livekeeper.__version__}\n"
