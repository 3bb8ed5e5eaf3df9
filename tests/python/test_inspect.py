"""Looks into a store: livekeeper.inspect, and python -m livekeeper inspect."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Union

import livekeeper
import pytest
from conftest import CANARY, UNB, WAIT_S
from livekeeper.testing import Simulator

HOSTILE = "在吗\x1b[2J\x07\n" + "长" * 300


@pytest.fixture
def store(simulator: Simulator, tmp_path: Path) -> Path:
    """A store with an account that has answered, whose manager is closed."""
    path = tmp_path / "shop.db"
    with livekeeper.CookieManager(path, simulator.config()) as manager:
        fill(simulator, manager)
    return path


def fill(simulator: Simulator, manager: livekeeper.CookieManager) -> None:
    rules: list[Union[livekeeper.Rule, tuple[str, str]]] = [livekeeper.Rule("在吗", "在的", picture=livekeeper.Picture("https://x/a.jpg", 8, 6)), ("包邮", "全场包邮")]
    manager.add_cookie("主店", simulator.cookie(UNB) + f"; x={CANARY}", keywords=rules, user_id=7)
    manager.set_remark("主店", "第一家")
    manager.pause_chat("主店", "41", 60)
    manager.wait_for("主店", connection="connected", timeout_s=WAIT_S)
    simulator.buyer_says(UNB, HOSTILE)
    # The store has the end of a send a moment after the service has taken it.
    simulator.wait_until(lambda _: any(trace.picture and trace.picture.outcome for trace in manager.messages("主店")), WAIT_S)


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "livekeeper", "inspect", *map(str, arguments)]
    env = {**os.environ, "PYTHONIOENCODING": "utf-8", **environment}
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=50, env=env)


def test_a_look_shows_accounts_rules_and_decisions_and_changes_nothing(store: Path) -> None:
    before = {path.name: path.read_bytes() for path in store.parent.iterdir()}
    seen = livekeeper.inspect(store)
    (account,) = seen.accounts
    assert (seen.is_sound, seen.damages, seen.problems, seen.schema) == (True, (), (), seen.newest_schema)
    assert seen.held_by is None
    assert (account.cookie_id, account.owner, account.enabled, account.remark) == ("主店", "7", True, "第一家")
    assert account.rules[1] == livekeeper.Rule("包邮", "全场包邮") and account.paused_chats[0].chat_id == "41"
    assert account.message_count >= 1 and account.last_message_at_ms is not None and not account.has_proxy
    assert any(one.message.decision == "reply" and one.message.reply is not None for one in seen.messages)
    assert CANARY not in repr(seen) and pickle.loads(pickle.dumps(seen)) == seen
    assert livekeeper.inspect(store, limit=0).messages == ()
    assert {path.name: path.read_bytes() for path in store.parent.iterdir()} == before


def test_the_command_shows_a_store_also_while_a_manager_runs(simulator: Simulator, tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with livekeeper.CookieManager(path, simulator.config()) as manager:
        fill(simulator, manager)
        shown = run(path)
        assert manager.status("主店").connection == "connected"
    assert shown.returncode == 0, shown.stderr
    for word in ("sound", f"open in process {os.getpid()}", "主店", "包邮", "在的", "reply (rule 1)", "delivered", "41"):
        assert word in shown.stdout, shown.stdout
    assert CANARY not in shown.stdout + shown.stderr and "\x1b" not in shown.stdout and "\x07" not in shown.stdout


@pytest.mark.parametrize("columns", ["60", "80", "200"])
def test_columns_of_plain_text_are_shown_where_there_is_no_rich(store: Path, columns: str, tmp_path: Path) -> None:
    (tmp_path / "rich").mkdir()
    (tmp_path / "rich" / "__init__.py").write_text("raise ImportError")
    shown = run(store, COLUMNS=columns, PYTHONPATH=str(tmp_path))
    assert shown.returncode == 0 and "主店" in shown.stdout, shown.stderr
    assert "\x1b" not in shown.stdout and CANARY not in shown.stdout


def test_json_is_one_object_without_secrets(store: Path) -> None:
    shown = run(store, "--json", "--limit", 1)
    seen = json.loads(shown.stdout)
    assert (seen["accounts"][0]["cookie_id"], len(seen["messages"]), seen["integrity"]["is_sound"]) == ("主店", 1, True)
    assert len(seen["accounts"][0]["rules"]) == 1 and seen["accounts"][0]["rule_count"] == 2
    assert CANARY not in shown.stdout


def test_what_is_no_store_is_told_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("x" * 10_000)
    for name, word in [("text.db", "no SQLite database"), ("missing.db", "missing.db"), ("", "no plain file")]:
        shown = run(tmp_path / name)
        assert (shown.returncode, shown.stdout) == (1, "") and word in shown.stderr, shown.stderr
        assert "Traceback" not in shown.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["text.db"]
    with pytest.raises(livekeeper.InvalidArgument, match="limit"):
        livekeeper.inspect(tmp_path / "text.db", limit=10_001)
    assert run(tmp_path / "text.db", "--limit", -1).returncode == 2
