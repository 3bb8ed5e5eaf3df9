"""What holds for whole processes: Ctrl-C, fork, exit, import, the example, types, doctests."""

from __future__ import annotations

import doctest
import importlib
import inspect
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import run_python
from livekeeper import _livekeeper

EXAMPLES = Path(__file__).parents[2] / "python" / "examples"

WAIT_FOREVER = """
import sys, time, livekeeper
from livekeeper.testing import Simulator
with Simulator() as simulator, livekeeper.CookieManager(":memory:", simulator.config()) as manager:
    manager.add_cookie("shop", simulator.cookie("2200000000001"))
    manager.wait_for("shop", connection="connected", timeout_s=20)
    try:
        print("waiting", flush=True)
        {wait}
    except KeyboardInterrupt:
        print("interrupted at", time.time(), flush=True)
    print("the manager still works:", manager.status("shop"))
"""


@pytest.mark.parametrize(
    "wait",
    [
        'manager.wait_for("shop", state="parked", timeout_s=3600)',
        'simulator.wait_sends("2200000000001", 1, timeout_s=3600)',
        "simulator.wait_until(lambda seen: False, timeout_s=3600)",
        "list(manager.events())",
        "manager.events().next(timeout_s=3600)",
    ],
)
def test_ctrl_c_ends_a_wait_at_once_and_the_manager_works_on(wait: str) -> None:
    program = WAIT_FOREVER.format(wait=wait)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, encoding="utf-8") as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "waiting\n"
        sent_at = time.time()
        child.send_signal(signal.SIGINT)
        output, _ = child.communicate(timeout=20)
    first, second = output.splitlines()
    # It takes a step of 50 ms at most; the rest is for a busy machine.
    assert float(first.rpartition(" ")[2]) - sent_at < 2.0
    assert second == "the manager still works: running, connected: connected and registered"
    assert child.returncode == 0


def test_a_wait_leaves_other_threads_running() -> None:
    done = run_python(
        """
import threading, livekeeper
nowhere = livekeeper.Config(websocket_url="ws://127.0.0.1:9/", api_url="http://127.0.0.1:9/h5")
with livekeeper.CookieManager(":memory:", nowhere) as manager:
    manager.add_cookie("shop", "unb=1; a=b")
    manager.update_cookie_status("shop", False)
    waiter = threading.Thread(target=manager.wait_for, args=("shop",), kwargs={"state": "running", "timeout_s": 40})
    waiter.start()
    manager.update_cookie_status("shop", True)
    waiter.join(20)
    print(waiter.is_alive())
"""
    )
    assert (done.stdout, done.stderr) == ("False\n", "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_managers_fork_is_told_at_once_and_ends() -> None:
    done = run_python(
        """
import os, sys, warnings, livekeeper
from livekeeper.testing import Simulator
# Python 3.12 and up warn of every fork with threads.
warnings.simplefilter("ignore", DeprecationWarning)
simulator = Simulator()
nowhere = livekeeper.Config(websocket_url="ws://127.0.0.1:9/", api_url="http://127.0.0.1:9/h5")
manager = livekeeper.CookieManager(":memory:", nowhere)
manager.add_cookie("shop", "unb=1; a=b")
events = manager.events()
child = os.fork()
if child == 0:
    verbs = [
        lambda: manager.status("shop"), manager.list_cookies, manager.close, lambda: manager.remove_cookie("shop"),
        lambda: manager.add_cookie("new", "unb=2"), lambda: manager.get_keywords("shop"),
        lambda: manager.wait_for("shop", state="parked", timeout_s=30), lambda: manager.send_text("shop", "1", "2", "3"),
        lambda: manager.pause("shop"), lambda: manager.resume("shop"), lambda: manager.restart("shop"),
        lambda: manager.set_priority("shop", 1), lambda: manager.set_proxy("shop", None), manager.events, manager.capacity, manager.metrics, manager.metrics_text,
        lambda: manager.explain("shop"), lambda: manager.diagnose("shop"), manager.watch, manager.record, lambda: livekeeper.top(manager, 1),
        lambda: list(events), lambda: events.next(timeout_s=30),
    ]
    for verb in verbs:
        try:
            verb()
            os._exit(1)
        except livekeeper.Forked as error:
            assert str(os.getppid()) in str(error) and error.code == 11
    assert "fork" in repr(manager)
    with livekeeper.CookieManager(":memory:", nowhere) as own:
        own.add_cookie("shop", "unb=1; a=b")
    del manager, simulator, events
    sys.exit(7)
_, status = os.waitpid(child, 0)
print(os.WEXITSTATUS(status), manager.list_cookies(), manager.close().is_clean)
"""
    )
    assert (done.stdout, done.stderr) == ("7 ['shop'] True\n", "")


@pytest.mark.parametrize("end", ["pass", "sys.exit(0)", "del manager", "manager = None; import gc; gc.collect()"])
def test_a_process_ends_without_a_close(end: str) -> None:
    done = run_python(
        f"""
import sys, livekeeper
from livekeeper.testing import Simulator
simulator = Simulator(tls=True)
manager = livekeeper.CookieManager(":memory:", simulator.config())
manager.add_cookie("shop", simulator.cookie("2200000000001"))
manager.wait_for("shop", connection="connected", timeout_s=20)
simulator.stop()
{end}
"""
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_importing_it_loads_nothing_that_is_not_needed() -> None:
    heavy = ["rich", "asyncio", "dataclasses", "inspect", "ssl", "json", "livekeeper.testing", "livekeeper.demo"]
    done = run_python(f"import sys, livekeeper; print([name for name in {heavy} if name in sys.modules])")
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_the_example_of_the_readme_runs() -> None:
    done = subprocess.run(
        [sys.executable, EXAMPLES / "first_steps.py"], capture_output=True, text=True, encoding="utf-8", timeout=50
    )
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[:2] == ["running, connected: connected and registered", "the buyer got: 全场包邮"]
    assert lines[2].startswith("closed 1 accounts in")


SEEING = [f"livekeeper._seeing.{name}" for name in ("diagnose", "explain", "record", "rows", "watch")]


@pytest.mark.parametrize(
    "name", ["livekeeper", "livekeeper.errors", "livekeeper.states", "livekeeper.testing", "livekeeper._simulator_records", *SEEING]
)
def test_the_examples_in_the_docstrings_hold(name: str) -> None:
    assert run_doctests(doctest.DocTestFinder(exclude_empty=True).find(importlib.import_module(name), name)) > 0


def test_the_examples_in_the_native_docstrings_hold() -> None:
    # The finder looks at Python modules only.
    parser = doctest.DocTestParser()
    things = {name: thing for name, thing in vars(_livekeeper).items() if inspect.isclass(thing)}
    methods = {f"{owner}.{name}": value for owner, thing in things.items() for name, value in vars(thing).items()}
    docs = {name: inspect.getdoc(thing) or "" for name, thing in {**things, **methods}.items()}
    assert run_doctests([parser.get_doctest(doc, {}, name, None, None) for name, doc in docs.items()]) > 5


def run_doctests(tests: list[doctest.DocTest]) -> int:
    """Runs them and returns how many examples there were."""
    runner = doctest.DocTestRunner()
    for test in tests:
        runner.run(test)
    assert runner.failures == 0
    return runner.tries


USER_SCRIPT = """
from pathlib import Path
from typing import List, Tuple
import livekeeper
from livekeeper.testing import Simulator

rules: List[Tuple[str, str]] = [("a", "b")]
with Simulator() as simulator, livekeeper.CookieManager(Path(":memory:"), simulator.config()) as manager:
    manager.add_cookie("shop", simulator.cookie(), keywords=rules, user_id=3)
    status: livekeeper.AccountStatus = manager.wait_for("shop", state=livekeeper.TaskState.RUNNING, timeout_s=1.0)
    number: int = status.reason.number + status.counters.received
    text: str = status.state.upper()
    try:
        manager.send_text("shop", "1", "2", "3").outcome == "delivered"
    except livekeeper.LivekeeperError as error:
        code: int = error.code
    manager.set_priority("shop", 3)
    manager.pause_chat("shop", "1", 5)
    chats: List[str] = [chat.chat_id for chat in manager.paused_chats("shop")]
    for trace in manager.messages("shop", limit=5):
        if trace.decision is livekeeper.Decision.REPLY and trace.reply and trace.reply.outcome:
            text = trace.reply.outcome.outcome + trace.received_at.isoformat()
    manager.set_proxy("shop", "socks5://user:password@127.0.0.1:9")
    manager.set_proxy("shop", None)
    full: List[str] = [item.kind for item in manager.capacity().warnings]
    parked: int = manager.metrics().states["parked"]
    with manager.events(timeout_s=1) as events:
        manager.pause("shop")
        for event in events:
            if event.kind == "state_changed" and isinstance(event.new, livekeeper.Standing):
                number = event.new.state.count("r") + (event.reason.number if event.reason else 0)
            elif event.new is livekeeper.Health.DOWN:
                text = event.reasons[0].text
    connected: List[str] = [status.cookie_id for status in manager.statuses() if status.enabled]
    reasons: Tuple[str, ...] = manager.explain("shop").sentences
    manager.diagnose("shop").save("report.json")
    is_clean: bool = manager.close().is_clean
    latencies: List[float] = simulator.latencies_ms()
"""


def test_a_users_script_passes_strict_type_checks_and_a_wrong_one_does_not(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    good, bad = tmp_path / "good.py", tmp_path / "bad.py"
    good.write_text(USER_SCRIPT)
    bad.write_text('import livekeeper\nlivekeeper.CookieManager("x").add_cookie(1, 2)\nlivekeeper.Config(debounce=1)\n')
    check = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache")]
    done = subprocess.run([*check, str(good)], capture_output=True, text=True, timeout=55, cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    done = subprocess.run([*check, str(bad)], capture_output=True, text=True, timeout=55, cwd=tmp_path)
    assert done.stdout.count("error:") == 3, done.stdout


@pytest.mark.timeout(200)
def test_the_stubs_are_those_of_the_module(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    done = subprocess.run(
        [sys.executable, "-m", "mypy.stubtest", "livekeeper._livekeeper"],
        capture_output=True, text=True, timeout=180, cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout
