"""The cookie helper: a program of the host's that brings a new cookie when a login is over."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Optional

import livekeeper
import pytest
from conftest import CANARY, UNB, WAIT_S
from livekeeper.testing import Simulator

HELPER = """
import json, os, sys
seen_in, answer_in = sys.argv[1:]
# Wanted is what was asked, and what others on this machine can see of it.
seen = {"request": json.load(sys.stdin)}
for name in ("cmdline", "environ"):
    with open(f"/proc/self/{name}") as file:
        seen[name] = file.read()
with open(seen_in, "w") as file:
    json.dump(seen, file)
with open(answer_in) as file:
    print(file.read())
"""


def refusal_to_guard() -> Optional[str]:
    """What this machine does not let a program do that is needed to guard a helper (some sandboxes); tried each by itself, and
    not through the code under test."""
    if not hasattr(os, "pidfd_open") or not os.path.exists("/proc/self/fd"):
        return "open a pidfd"
    # Python has had `process_group` since 3.11; a session of its own is a group of its own.
    apart: Any = {"process_group": 0} if sys.version_info >= (3, 11) else {"start_new_session": True}
    try:
        child = subprocess.Popen(["sh", "-c", "exec sleep 60"], **apart)
    except (OSError, subprocess.SubprocessError) as problem:
        return f"start another in a group of its own ({problem})"
    with child:
        try:
            return try_to_guard(child.pid)
        finally:
            child.kill()


def try_to_guard(pid: int) -> Optional[str]:
    """Does to a child what a helper's guard does."""
    try:
        what = "read its child's environment"
        Path(f"/proc/{pid}/environ").read_bytes()
        what = "open a pidfd"
        pidfd = os.pidfd_open(pid)
        try:
            what = "look at its child"
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            what = "signal its child's group"
            os.killpg(pid, signal.SIGCONT)
            what = "signal through a pidfd"
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        finally:
            os.close(pidfd)
    except OSError as problem:
        return f"{what} ({problem})"
    return None


@pytest.fixture(scope="module", autouse=True)
def can_guard() -> None:
    refusal = refusal_to_guard()
    if refusal is not None:
        pytest.skip(f"left out: this machine does not let a process {refusal}")


def command(directory: Path, answer: dict[str, Any]) -> list[str]:
    """A helper that gives this answer."""
    (directory / "answer.json").write_text(json.dumps(answer))
    return [sys.executable, "-c", HELPER, str(directory / "seen.json"), str(directory / "answer.json")]


def test_a_helper_brings_a_new_cookie_when_the_login_is_over(simulator: Simulator, tmp_path: Path) -> None:
    old = simulator.cookie(UNB)
    new = simulator.renew_cookie(UNB)
    helper = command(tmp_path, {"cookie": new})
    with livekeeper.CookieManager(":memory:", simulator.config(cookie_helper=helper)) as manager:
        events = manager.events()
        manager.add_cookie("店", f"{old}; secret={CANARY}", keywords=[("包邮", "全场包邮")])
        manager.wait_for("店", connection="connected", timeout_s=WAIT_S)
        simulator.buyer_says(UNB, "包邮吗")
        assert simulator.wait_sends(UNB, 1, WAIT_S)[0].text == "全场包邮"
        assert manager.close().is_clean
    seen = json.loads((tmp_path / "seen.json").read_text())
    request = seen["request"]
    cookie = request.pop("cookie")
    assert request == {"version": 1, "cookie_id": "店", "unb": UNB, "reason": "session_expired"}
    # The service may have renewed parts of it meanwhile; the login is the old one.
    assert f"secret={CANARY}" in cookie
    assert f"unb={UNB}" in cookie
    # Its command line is the one of the Config, and its environment has nothing of the account.
    assert seen["cmdline"].split("\0")[:-1] == helper
    for credential in [CANARY, *(pair.partition("=")[2] for pair in cookie.split("; ") if not pair.startswith("unb="))]:
        assert credential not in seen["cmdline"] + seen["environ"]
    codes = [event.reason.code.value for event in events if event.reason is not None]
    assert codes[codes.index("renewing_cookie") :][:2] == ["renewing_cookie", "cookie_renewed"]
    assert "online" in codes


@pytest.mark.parametrize(
    ("answer", "code", "sentence"),
    [
        ({"error": "open the window and log in"}, "session_expired", "open the window and log in"),
        ({}, "session_expired", "it has neither a cookie nor an error"),
        ({"cookie": "unb=7; cookie2=x"}, "cookie_unusable", "another user's cookie"),
    ],
)
def test_a_helper_without_a_cookie_parks_the_account_with_what_it_said(
    simulator: Simulator, tmp_path: Path, answer: dict[str, Any], code: str, sentence: str
) -> None:
    old = simulator.cookie(UNB)
    simulator.expire_session(UNB)
    with livekeeper.CookieManager(":memory:", simulator.config(cookie_helper=command(tmp_path, answer))) as manager:
        manager.add_cookie("shop", old)
        parked = manager.wait_for("shop", state="parked", timeout_s=WAIT_S)
        assert parked.reason.code == code
        assert sentence in str(parked.reason)


def test_closing_stops_a_helper_that_runs_and_reports_its_stage(simulator: Simulator, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "answer.json")
    helper = [sys.executable, "-c", HELPER, str(tmp_path / "seen.json"), str(tmp_path / "answer.json")]
    old = simulator.cookie(UNB)
    simulator.expire_session(UNB)
    with livekeeper.CookieManager(":memory:", simulator.config(cookie_helper=helper, stop_process_s=5)) as manager:
        manager.add_cookie("shop", old)
        # Opened when the helper opens it, which then waits for an answer that does not come.
        with open(tmp_path / "answer.json", "w"):
            assert manager.capacity().get("helpers") == livekeeper.CapacityItem("helpers", 1, 4, "ok")
            report = manager.close(timeout_s=10)
    assert report.is_clean
    stages = {stage.stage: stage.outcome for stage in report.accounts[0].stages}
    assert stages["process"] == "done"
