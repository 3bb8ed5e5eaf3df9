"""python -m livekeeper top: a store's accounts, kept alive and shown."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import livekeeper
import pytest
import terminal
from conftest import CANARY, UNB, WAIT_S, run_python
from livekeeper.testing import Simulator

PARKED = "2280551454091"
TOP = [sys.executable, "-m", "livekeeper", "top"]


@pytest.fixture
def store(simulator: Simulator, tmp_path: Path) -> Path:
    """Two accounts: one that answers, one whose login is over. Their settings are beside it."""
    path = tmp_path / "shop.db"
    with livekeeper.CookieManager(path, simulator.config(max_connecting=0)) as manager:
        manager.add_cookie("小店", simulator.cookie(UNB) + f"; x={CANARY}", keywords=[("包邮", "全场包邮")])
        manager.add_cookie("旧店", simulator.cookie(PARKED))
    simulator.expire_session(PARKED)
    settings = {"websocket_url": simulator.websocket_url, "api_url": simulator.api_url, "debounce_s": 0, "connect_rate_per_s": 1000}
    (tmp_path / "settings.json").write_text(json.dumps(settings))
    return path


def arguments(store: Path, *more: object) -> list[str]:
    return [str(store), "--config", str(store.parent / "settings.json"), *map(str, more)]


def top(store: Path, *more: object) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    return subprocess.run([*TOP, *arguments(store, *more)], capture_output=True, text=True, encoding="utf-8", timeout=55, env=env)


def test_on_a_terminal_accounts_answer_and_are_shown_until_ctrl_c(simulator: Simulator, store: Path) -> None:
    with terminal.livekeeper("top", *arguments(store)) as shown:
        shown.wait_for("2 accounts: 1 connected, 1 parked")
        simulator.buyer("小王", UNB).says("包邮吗")
        simulator.wait_sends(UNB, 1, WAIT_S)
        shown.press(terminal.CTRL_C)
        assert shown.end() == 0, shown.shown
    assert "the login is over" in shown.shown
    assert shown.shown.rindex("旧店") < shown.shown.rindex("小店")
    assert "closing" in shown.shown and "2/2" in shown.shown
    assert shown.shown.rstrip().endswith("nothing is left")
    # What is typed is not shown: it would push the table out of its place.
    assert "^C" not in shown.shown and "Traceback" not in shown.shown and CANARY not in shown.shown


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_elsewhere_it_is_lines_until_it_is_told_to_end(simulator: Simulator, store: Path, ending: signal.Signals) -> None:
    with subprocess.Popen(
        [*TOP, *arguments(store, "旧店")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    ) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline()]
        while "parked" not in lines[-1]:
            lines.append(child.stdout.readline())
            assert lines[-1], lines
        # All of the store are kept alive.
        simulator.wait_online(UNB, WAIT_S)
        child.send_signal(ending)
        rest, errors = child.communicate(timeout=30)
    assert child.returncode == 0, errors
    assert lines[0].startswith("1 account: ") and lines[0].endswith("(of 2 in the store)\n")
    assert all("旧店: " in line for line in lines[1:])
    assert rest.splitlines()[-1].startswith("closed 2 accounts in ") and "\x1b" not in "".join(lines) + rest


def test_it_closes_its_accounts_when_its_terminal_is_closed(simulator: Simulator, store: Path) -> None:
    with terminal.livekeeper("top", *arguments(store)) as shown:
        shown.wait_for("2 accounts: 1 connected, 1 parked")
        assert shown.hang_up() == 0
    assert not simulator.is_online(UNB)
    with livekeeper.CookieManager(store, simulator.config(max_connecting=0)) as manager:
        assert manager.list_cookies() == ["小店", "旧店"]


def test_a_command_in_another_thread_than_the_main_one_leaves_signals_alone(simulator: Simulator, store: Path) -> None:
    program = """
import signal, sys, threading
from livekeeper.__main__ import main
handlers = lambda: [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)]
before, codes = handlers(), []
thread = threading.Thread(target=lambda: codes.append(main(["top", *sys.argv[1:], "--once"])))
thread.start()
thread.join()
assert main(["top", *sys.argv[1:], "--once"]) == codes[0]
print(codes, handlers() == before)
"""
    done = run_python(program, *arguments(store, "小店"))
    assert done.stdout.splitlines()[-1] == "[0] True", done


def test_it_ends_when_nobody_reads_it_any_more(simulator: Simulator, store: Path) -> None:
    with subprocess.Popen(
        [*TOP, *arguments(store, "小店")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    ) as child:
        assert child.stdout is not None and child.stderr is not None
        assert any("connected: " in line for line in iter(child.stdout.readline, ""))
        child.stdout.close()
        simulator.wait_online(UNB, WAIT_S)
        simulator.drop_connection(UNB)
        assert (child.wait(30), child.stderr.read()) == (0, "")
    assert not simulator.is_online(UNB)


def test_once_waits_until_each_has_come_as_far_as_it_does(store: Path) -> None:
    done = top(store, "--once")
    header, parked, connected, summary = done.stdout.splitlines()
    assert header.split() == ["account", "state", "connection", "health", "received", "replied", "since", "reason"]
    assert parked.split()[:2] == ["旧店", "parked"] and connected.split()[:3] == ["小店", "running", "connected"]
    assert summary == "2 accounts: 1 connected, 1 parked"
    assert "give a new cookie with update_cookie (in Python: manager.update_cookie)" in parked
    # One of them needs somebody.
    assert done.returncode == 1 and "\x1b" not in done.stdout and CANARY not in done.stdout
    well = top(store, "小店", "--once", "--json")
    seen = json.loads(well.stdout)
    assert (well.returncode, well.stdout.count("\n"), well.stderr) == (0, 1, "")
    assert [(one["cookie_id"], one["connection"], one["received"]) for one in seen["accounts"]] == [("小店", "connected", 0)]
    assert seen["closed"]["is_clean"] is True


def test_once_waits_no_longer_than_it_is_told(simulator: Simulator, store: Path) -> None:
    simulator.silence(UNB, True)
    done = top(store, "小店", "--once", "--wait", "0.2")
    assert done.returncode == 1 and "connecting" in done.stdout, done


@pytest.mark.parametrize("columns", [60, 80, 160])
def test_a_terminal_of_any_width_shows_the_state_of_each(store: Path, columns: int) -> None:
    with terminal.livekeeper("top", *arguments(store, "--once"), columns=columns) as shown:
        assert shown.end() == 1
    for part in ("旧店", "小店", "parked", "running"):
        assert part in shown.shown, shown.shown


def test_a_store_that_is_open_says_where_and_what_to_do_instead(simulator: Simulator, store: Path) -> None:
    with livekeeper.CookieManager(store, simulator.config()):
        done = top(store)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"in process {os.getpid()}" in done.stderr and "livekeeper.top(manager)" in done.stderr
    assert f"python -m livekeeper inspect {store}" in done.stderr and "Traceback" not in done.stderr


def test_what_cannot_be_used_is_said_before_anything_runs(simulator: Simulator, store: Path) -> None:
    settings = store.parent / "bad.json"
    for text, sentence in [
        ('{"debounce": 2}', 'no setting "debounce"'),
        ('{"debounce_s": -1}', "debounce_s: is -1, allowed is 0 … 60"),
        ('{"passphrase": "x"}', "passphrase belongs into no file of settings: use --store-passphrase-env"),
        ("[]", "must be a JSON object"),
        ("{", "bad.json: "),
    ]:
        settings.write_text(text)
        done = subprocess.run([*TOP, store, "--config", settings], capture_output=True, text=True, encoding="utf-8", timeout=50)
        assert (done.returncode, done.stdout) == (2, "") and sentence in done.stderr, done.stderr
    for more, sentence in [
        (["--json"], "--json goes with --once"),
        (["another"], "there is no account 'another' in"),
        (["--config", "missing.json"], "--config: missing.json: No such file or directory: name a file of JSON"),
        (["--store-passphrase-env", "NOBODY"], "--store-passphrase-env: the environment variable NOBODY is not set"),
        (["--once", "--wait", "-1"], "argument --wait: -1 is out of range"),
    ]:
        done = top(store, *more)
        assert done.returncode == 2 and sentence in done.stderr, done.stderr
    livekeeper.CookieManager(store.parent / "empty.db").close()
    empty = top(store.parent / "empty.db")
    assert empty.returncode == 1 and "has no accounts yet" in empty.stderr
    missing = top(store.parent / "missing.db")
    assert missing.returncode == 1 and "there is no store" in missing.stderr
    assert f"python -m livekeeper import {store.parent / 'missing.db'} FILE makes one" in missing.stderr
    assert not (store.parent / "missing.db").exists()


def test_without_arguments_it_says_which_it_needs() -> None:
    done = subprocess.run(TOP, capture_output=True, text=True, encoding="utf-8", timeout=50)
    assert done.returncode == 2 and done.stderr.endswith("the following arguments are required: STORE\n")


def test_the_names_of_accounts_do_nothing_to_a_terminal(simulator: Simulator, store: Path) -> None:
    with livekeeper.CookieManager(store, simulator.config(max_connecting=0)) as manager:
        manager.add_cookie("\x1b[2J", simulator.cookie())
    done = top(store, "another")
    assert done.returncode == 2 and "there are \ufffd[2J" in done.stderr


def test_a_passphrase_is_asked_for_on_a_terminal_and_taken_from_the_environment_elsewhere(
    simulator: Simulator, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with livekeeper.CookieManager(store, simulator.config(max_connecting=0)) as manager:
        manager.rekey(passphrase="口令 7")
    done = top(store, "小店", "--once")
    assert done.returncode == 2 and "sealed with a passphrase: give it with --store-passphrase-env NAME" in done.stderr
    monkeypatch.setenv("WORDS", "口令 7")
    assert top(store, "小店", "--once", "--store-passphrase-env", "WORDS").returncode == 0
    monkeypatch.setenv("WORDS", "another")
    wrong = top(store, "小店", "--once", "--store-passphrase-env", "WORDS")
    assert wrong.returncode == 1 and "the passphrase is another one" in wrong.stderr and "another" not in wrong.stdout
    with terminal.livekeeper("top", *arguments(store, "小店", "--once")) as shown:
        shown.wait_for("passphrase of ")
        shown.press("口令 7\n")
        assert shown.end() == 0, shown.shown
    assert "connected" in shown.shown and "口令" not in shown.shown


def test_a_key_is_taken_from_its_file_or_the_environment(simulator: Simulator, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    beside = Path(f"{store}.key")
    key = beside.read_text().strip()
    elsewhere = beside.rename(store.parent / "elsewhere.key")
    monkeypatch.setenv("SHOP_KEY", key)
    assert top(store, "小店", "--once", "--key-file", elsewhere).returncode == 0
    assert top(store, "小店", "--once", "--key-env", "SHOP_KEY").returncode == 0
    without = top(store, "小店", "--once")
    assert without.returncode == 1 and "shop.db.key is not there" in without.stderr
    assert top(store, "--key-env", "A", "--key-file", "b").returncode == 2


def test_without_rich_a_terminal_shows_lines_and_what_to_install_and_a_pipe_needs_none(store: Path) -> None:
    program = "import sys; sys.modules['rich'] = None; from livekeeper.__main__ import main; sys.exit(main(['top', *sys.argv[1:]]))"
    with terminal.Terminal(sys.executable, "-c", program, *arguments(store)) as shown:
        shown.wait_for("parked")
        shown.press(terminal.CTRL_C)
        assert shown.end() == 0, shown.shown
    assert shown.shown.count("pip install 'livekeeper[cli]'") == 1 and "Traceback" not in shown.shown
    done = run_python(program, *arguments(store, "小店", "--once"))
    assert done.returncode == 0 and "connected" in done.stdout, done.stderr
