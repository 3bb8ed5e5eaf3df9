"""What the library logs comes to Python's `logging`, from one thread, filtered where it is logged."""

from __future__ import annotations

import logging
import logging.handlers
import queue
import time
from collections.abc import Iterator

import livekeeper
import pytest
from livekeeper import _logs
from livekeeper.testing import Simulator

from conftest import CANARY, UNB, WAIT_S, run_python



@pytest.fixture
def told() -> Iterator[queue.Queue[logging.LogRecord]]:
    """What the logger `livekeeper` and its children hand over."""
    records: queue.Queue[logging.LogRecord] = queue.Queue()
    watch = logging.handlers.QueueHandler(records)
    logger = logging.getLogger("livekeeper")
    logger.addHandler(watch)
    yield records
    logger.removeHandler(watch)
    logger.setLevel(logging.NOTSET)


def test_a_refused_message_is_logged_by_a_child_logger_with_its_account_and_place(
    simulator: Simulator, manager: livekeeper.CookieManager, shop: str, told: queue.Queue[logging.LogRecord]
) -> None:
    simulator.refuse_next_send(UNB)
    manager.send_text("shop", "41", "9687", "在")
    record = told.get(timeout=WAIT_S)
    assert (record.name, record.levelname, record.threadName) == ("livekeeper.live.outbox", "WARNING", "livekeeper")
    assert record.getMessage().startswith("the service refused a message cookie_id=shop reason=CSI_FORBID")
    assert getattr(record, "cookie_id") == "shop"
    assert record.filename == "outbox.rs" and record.lineno > 1
    assert abs(record.created - time.time()) < WAIT_S


def test_a_level_that_is_set_on_the_logger_or_on_a_child_of_it_holds_soon(
    simulator: Simulator, manager: livekeeper.CookieManager, shop: str, told: queue.Queue[logging.LogRecord]
) -> None:
    child = logging.getLogger("livekeeper.account")
    try:
        child.setLevel(logging.DEBUG)
        assert _logs.wanted_level() == logging.DEBUG
        # The thread looks at the level now and then.
        with manager.events(timeout_s=WAIT_S) as events:
            while told.empty():
                manager.restart("shop")
                assert events.next(timeout_s=WAIT_S) is not None
        record = told.get(timeout=WAIT_S)
        assert (record.name, record.levelno) == ("livekeeper.account", logging.DEBUG)
    finally:
        child.setLevel(logging.NOTSET)
    logging.getLogger("livekeeper").setLevel(logging.CRITICAL)
    assert _logs.wanted_level() == logging.CRITICAL


def test_nothing_below_the_level_is_made_into_a_record(shop: str, told: queue.Queue[logging.LogRecord]) -> None:
    assert _logs._current is not None
    assert _logs._current.level >= logging.WARNING
    assert told.empty()


def test_a_handler_that_fails_costs_its_record_only() -> None:
    done = run_python(
        """
import logging, livekeeper
from livekeeper.testing import Simulator

class Fails(logging.Filter):
    seen = 0
    def filter(self, record):
        Fails.seen += 1
        if Fails.seen == 1:
            raise RuntimeError("the filter's own fault")
        print(record.getMessage().partition(" code=")[0])
        return False

logging.getLogger("livekeeper.live.outbox").addFilter(Fails())
simulator = Simulator()
manager = livekeeper.CookieManager(":memory:", simulator.config())
unb = simulator.open_shop(manager, "shop")
for _ in range(2):
    simulator.fault("send_refused", unb)
    manager.send_text("shop", "1", "2", "3")
"""
    )
    # The last record is handed over at the interpreter's exit, where it is not before.
    assert (done.returncode, done.stdout) == (0, "the service refused a message cookie_id=shop reason=CSI_FORBID\n")
    assert "RuntimeError: the filter's own fault" in done.stderr


def test_records_that_nobody_took_in_time_are_counted_and_told() -> None:
    done = run_python(
        """
import logging, threading, livekeeper
from livekeeper.testing import Simulator

is_held, go_on = threading.Event(), threading.Event()
class Holds(logging.Handler):
    def emit(self, record):
        is_held.set()
        go_on.wait(40)
        if "were lost" in record.getMessage():
            print(record.getMessage())

logging.getLogger("livekeeper").addHandler(Holds())
simulator = Simulator()
with livekeeper.CookieManager(":memory:", simulator.config()) as manager:
    unb = simulator.open_shop(manager, "shop")
    for n in range(10_000 + 300):
        simulator.fault("send_refused", unb)
        manager.send_text("shop", "1", "2", "3")
        if n == 0:
            is_held.wait(20)
    go_on.set()
"""
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(" records of the log were lost: the handlers of the logger were too slow for them\n")


def test_at_the_lowest_level_no_credential_is_logged(
    simulator: Simulator, told: queue.Queue[logging.LogRecord], capfd: pytest.CaptureFixture[str]
) -> None:
    logging.getLogger("livekeeper").setLevel(1)
    # The next manager begins it anew, at this level.
    _logs.stop()
    cookie = f"{simulator.cookie(UNB)}; secret={CANARY}"
    with livekeeper.CookieManager(":memory:", simulator.config()) as manager:
        manager.add_cookie("shop", cookie, keywords=[("包邮", "全场包邮")], proxy=None)
        manager.wait_for("shop", connection="connected", timeout_s=WAIT_S)
        simulator.refuse_next_send(UNB)
        manager.send_text("shop", "41", "9687", "在")
        simulator.fault("session_expired", UNB)
        simulator.fault("connection_dropped", UNB)
        manager.wait_for("shop", state="parked", timeout_s=WAIT_S)
        manager.set_proxy("shop", f"socks5://user:{CANARY}@127.0.0.1:9")
        simulator.cookie(UNB)
        manager.restart("shop")
        with manager.events(timeout_s=WAIT_S) as events:
            assert any(event.reason and event.reason.code == "proxy_failed" for event in events)
    # Hands over what is left.
    _logs.stop()
    seen = []
    while not told.empty():
        seen.append(told.get())
    assert {record.levelno for record in seen} >= {logging.DEBUG, logging.WARNING}
    shown = repr([vars(record) for record in seen]) + repr(capfd.readouterr())
    assert CANARY not in shown and "cookie2=" not in shown
