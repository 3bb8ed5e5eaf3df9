"""The cookie provider: a function of the host's that brings a new cookie when a login is over."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import time
import weakref
from collections.abc import Awaitable, Iterator
from pathlib import Path
from typing import Any, Callable, Optional

import livekeeper
import pytest
from conftest import CANARY, UNB, WAIT_S, run_python
from livekeeper.testing import Simulator

Provider = Callable[[str, livekeeper.ReasonCode], Any]


@pytest.fixture
def manager(simulator: Simulator) -> Iterator[livekeeper.CookieManager]:
    with livekeeper.CookieManager(":memory:", simulator.config(stop_thread_s=0.5)) as manager:
        yield manager


def add_expired(simulator: Simulator, manager: livekeeper.CookieManager, cookie_id: str = "shop", unb: str = UNB) -> None:
    """An account whose login is over."""
    cookie = simulator.cookie(unb)
    simulator.expire_session(unb)
    manager.add_cookie(cookie_id, f"{cookie}; secret={CANARY}")


def why_parked(simulator: Simulator, manager: livekeeper.CookieManager, provider: Provider, timeout_s: float = 30) -> str:
    manager.set_cookie_provider(provider, timeout_s)
    add_expired(simulator, manager)
    parked = manager.wait_for("shop", state="parked", timeout_s=WAIT_S)
    assert CANARY not in f"{parked!r} {parked} {parked.reason!r}"
    return parked.reason.detail


def test_a_function_brings_the_new_cookie(simulator: Simulator, manager: livekeeper.CookieManager) -> None:
    asked: list[tuple[str, livekeeper.ReasonCode, str]] = []

    def provider(cookie_id: str, reason: livekeeper.ReasonCode) -> str:
        asked.append((cookie_id, reason, threading.current_thread().name))
        return simulator.renew_cookie(UNB)

    manager.set_cookie_provider(provider)
    add_expired(simulator, manager, "店")
    manager.wait_for("店", connection="connected", timeout_s=WAIT_S)
    [(cookie_id, reason, thread)] = asked
    assert (cookie_id, reason) == ("店", livekeeper.ReasonCode.SESSION_EXPIRED)
    assert isinstance(reason, livekeeper.ReasonCode)
    assert thread != threading.current_thread().name
    assert manager.close().is_clean


def test_a_coroutine_is_awaited_on_a_loop_of_the_librarys_own_where_none_ran(
    simulator: Simulator, manager: livekeeper.CookieManager
) -> None:
    loops: list[asyncio.AbstractEventLoop] = []

    async def provider(cookie_id: str, reason: livekeeper.ReasonCode) -> Optional[str]:
        await asyncio.sleep(0)
        loops.append(asyncio.get_running_loop())
        return simulator.renew_cookie({"a": UNB, "b": "1002"}[cookie_id])

    manager.set_cookie_provider(provider)
    add_expired(simulator, manager, "a")
    add_expired(simulator, manager, "b", "1002")
    for cookie_id in "ab":
        manager.wait_for(cookie_id, connection="connected", timeout_s=WAIT_S)
    assert len(loops) == 2 and loops[0] is loops[1]
    assert [thread.daemon for thread in threading.enumerate() if thread.name == "livekeeper-async"] == [True]


def test_a_coroutine_is_awaited_on_the_loop_that_ran_where_it_was_given(
    simulator: Simulator, manager: livekeeper.CookieManager
) -> None:
    async def main() -> None:
        client = asyncio.Event()  # Bound to the host's loop, as its clients are.
        loop = asyncio.get_running_loop()

        async def fetch() -> str:
            assert asyncio.get_running_loop() is loop
            await client.wait()
            return simulator.renew_cookie(UNB)

        def provider(cookie_id: str, reason: livekeeper.ReasonCode) -> Awaitable[str]:
            # No coroutine function; what it returns is awaited all the same.
            loop.call_soon_threadsafe(client.set)
            return fetch()

        manager.set_cookie_provider(provider)
        await loop.run_in_executor(None, add_expired, simulator, manager)
        wait = lambda: manager.wait_for("shop", connection="connected", timeout_s=WAIT_S)  # noqa: E731
        await loop.run_in_executor(None, wait)

    asyncio.run(main())


def test_a_provider_without_a_cookie_parks_the_account(simulator: Simulator, manager: livekeeper.CookieManager) -> None:
    assert why_parked(simulator, manager, lambda cookie_id, reason: None) == "the cookie provider brought none"


async def raises_later(cookie_id: str, reason: livekeeper.ReasonCode) -> str:
    await asyncio.sleep(0)
    raise livekeeper.InvalidArgument(CANARY)


def raises(cookie_id: str, reason: livekeeper.ReasonCode) -> str:
    return {"a": "b"}[CANARY]


def leaves(cookie_id: str, reason: livekeeper.ReasonCode) -> str:
    raise SystemExit(CANARY)


@pytest.mark.parametrize(
    ("provider", "expected"),
    [
        (raises, "it raised KeyError at test_cookie_provider.py:"),
        (raises_later, "it raised livekeeper.errors.InvalidArgument at test_cookie_provider.py:"),
        (leaves, "it raised SystemExit at test_cookie_provider.py:"),
        (lambda: None, "it raised TypeError; the error's text may hold a credential and is not shown"),
        (lambda cookie_id, reason: {"unb": CANARY}, "it returned dict, must be str or None"),
        (lambda cookie_id, reason: "\ud800", "it returned half of a surrogate pair, which is no text"),
    ],
)
def test_a_provider_that_fails_parks_the_account_and_its_errors_text_is_not_shown(
    simulator: Simulator, manager: livekeeper.CookieManager, provider: Provider, expected: str
) -> None:
    assert expected in why_parked(simulator, manager, provider)
    assert manager.close().is_clean


def test_a_coroutine_is_cancelled_when_its_time_is_over_or_its_account_stopped(
    simulator: Simulator, manager: livekeeper.CookieManager
) -> None:
    began, cancelled = threading.Semaphore(0), threading.Semaphore(0)

    async def provider(cookie_id: str, reason: livekeeper.ReasonCode) -> None:
        began.release()
        try:
            await asyncio.sleep(3600)
        finally:
            cancelled.release()

    assert "it did not answer within 100ms" in why_parked(simulator, manager, provider, 0.1)
    assert cancelled.acquire(timeout=WAIT_S) and began.acquire(timeout=WAIT_S)
    manager.set_cookie_provider(provider, 3600)
    manager.restart("shop")
    assert began.acquire(timeout=WAIT_S)
    assert manager.close().is_clean
    assert cancelled.acquire(timeout=WAIT_S)


def test_a_loop_that_does_not_run_or_is_closed_is_said_and_keeps_no_place(simulator: Simulator) -> None:
    async def provider(cookie_id: str, reason: livekeeper.ReasonCode) -> None:
        raise AssertionError("it runs nowhere")

    async def give(manager: livekeeper.CookieManager) -> None:
        manager.set_cookie_provider(provider, 0.1)

    loop = asyncio.new_event_loop()
    with livekeeper.CookieManager(":memory:", simulator.config(max_helpers=1)) as manager:
        loop.run_until_complete(give(manager))
        for cookie_id, unb in (("a", UNB), ("b", "1002")):
            add_expired(simulator, manager, cookie_id, unb)
        for cookie_id in "ab":
            assert "100ms" in manager.wait_for(cookie_id, state="parked", timeout_s=WAIT_S).reason.detail
        loop.close()
        manager.restart("a")
        parked = manager.wait_for("a", state="parked", timeout_s=WAIT_S)
        assert "its event loop is closed" in parked.reason.detail
        assert manager.close().is_clean


def test_a_provider_that_never_returns_holds_up_neither_the_others_nor_a_close(
    simulator: Simulator, manager: livekeeper.CookieManager
) -> None:
    called, let_go = threading.Event(), threading.Event()

    def provider(cookie_id: str, reason: livekeeper.ReasonCode) -> None:
        called.set()
        let_go.wait()

    manager.set_cookie_provider(provider)
    add_expired(simulator, manager)
    assert called.wait(WAIT_S)
    manager.add_cookie("other", simulator.cookie("1002"), keywords=[("包邮", "全场包邮")])
    manager.wait_for("other", connection="connected", timeout_s=WAIT_S)
    simulator.buyer_says("1002", "包邮吗")
    simulator.wait_sends("1002", 1, WAIT_S)
    began = time.monotonic()
    report = manager.close()
    assert time.monotonic() - began < 10
    assert {account.cookie_id: account.left for account in report.accounts}["shop"] == ('the work "the cookie provider"',)
    let_go.set()


Verb = Callable[[livekeeper.CookieManager, str], Any]

VERBS: dict[str, Verb] = {
    "status": lambda m, _: m.status("shop"),
    "statuses": lambda m, _: m.statuses(),
    "list_cookies": lambda m, _: m.list_cookies(),
    "get_enabled_cookies": lambda m, _: m.get_enabled_cookies(),
    "get_cookie_status": lambda m, _: m.get_cookie_status("shop"),
    "add_cookie": lambda m, cookie: m.add_cookie("new", cookie),
    "update_keywords": lambda m, _: m.update_keywords("shop", []),
    "get_keywords": lambda m, _: m.get_keywords("shop"),
    "pause": lambda m, _: m.pause("shop"),
    "resume": lambda m, _: m.resume("shop"),
    "set_priority": lambda m, _: m.set_priority("shop", 1),
    "messages": lambda m, _: m.messages("shop"),
    "pause_chat": lambda m, _: m.pause_chat("shop", "1", 1),
    "resume_chat": lambda m, _: m.resume_chat("shop", "1"),
    "paused_chats": lambda m, _: m.paused_chats("shop"),
    "set_pause_duration": lambda m, _: m.set_pause_duration("shop", 1),
    "capacity": lambda m, _: m.capacity(),
    "metrics": lambda m, _: m.metrics(),
    "metrics_text": lambda m, _: m.metrics_text(True),
    "events": lambda m, _: m.events().next(0.01),
    "set_cookie_provider": lambda m, _: m.set_cookie_provider(None),
    "wait_for": lambda m, _: pytest.raises(livekeeper.TimedOut, m.wait_for, "shop", state="stopped", timeout_s=0.05),
    "send_text": lambda m, _: pytest.raises(livekeeper.NotConnected, m.send_text, "shop", "1", "2", "3"),
    # Each of these stops the account, and so waits for the very call that it is made in.
    "update_cookie_status": lambda m, _: m.update_cookie_status("shop", False),
    "set_proxy": lambda m, _: m.set_proxy("shop", "socks5://127.0.0.1:9"),
    "remove_cookie": lambda m, _: m.remove_cookie("shop"),
    "close": lambda m, _: m.close(),
}


@pytest.mark.parametrize("is_awaited", [False, True])
@pytest.mark.parametrize("name", VERBS)
def test_every_verb_works_inside_a_provider(
    simulator: Simulator, manager: livekeeper.CookieManager, name: str, is_awaited: bool
) -> None:
    done = threading.Event()
    problems: list[BaseException] = []
    cookie = simulator.cookie("1002")

    def provider(cookie_id: str, reason: livekeeper.ReasonCode) -> None:
        try:
            VERBS[name](manager, cookie)
        except BaseException as problem:
            problems.append(problem)
        done.set()

    async def awaited(cookie_id: str, reason: livekeeper.ReasonCode) -> None:
        provider(cookie_id, reason)

    manager.set_cookie_provider(awaited if is_awaited else provider)
    add_expired(simulator, manager)
    assert done.wait(WAIT_S)
    assert problems == []


def test_what_is_no_function_and_a_limit_out_of_range_are_refused(manager: livekeeper.CookieManager) -> None:
    with pytest.raises(TypeError, match="provider: must be a function or None, not str"):
        manager.set_cookie_provider("x")  # type: ignore[arg-type]
    for timeout_s in (0, 3601, float("nan")):
        with pytest.raises(livekeeper.InvalidArgument) as refused:
            manager.set_cookie_provider(lambda cookie_id, reason: None, timeout_s)
        assert refused.value.field == "timeout_s"
    manager.close()
    with pytest.raises(livekeeper.ManagerClosed):
        manager.set_cookie_provider(None)


def test_a_provider_is_let_go_when_it_is_replaced_and_when_its_manager_is_closed(manager: livekeeper.CookieManager) -> None:
    class Provider:
        def __call__(self, cookie_id: str, reason: livekeeper.ReasonCode) -> None: ...

    def given() -> weakref.ref[Provider]:
        provider = Provider()
        manager.set_cookie_provider(provider)
        return weakref.ref(provider)

    first = given()
    second = given()
    gc.collect()
    assert first() is None and second() is not None
    manager.set_cookie_provider(None)
    gc.collect()
    assert second() is None
    third = given()
    manager.close()
    gc.collect()
    assert third() is None


def test_a_manager_and_a_provider_that_hold_each_other_are_collected(simulator: Simulator) -> None:
    manager = livekeeper.CookieManager(":memory:", simulator.config())
    held = manager
    manager.set_cookie_provider(lambda cookie_id, reason: str(held))
    gone = weakref.ref(manager)
    del manager, held
    gc.collect()
    assert gone() is None


EXITS = """
import asyncio, sys, threading, time, livekeeper
from livekeeper.testing import Simulator
simulator = Simulator()
manager = livekeeper.CookieManager(":memory:", simulator.config())
called = threading.Event()
def blocks(cookie_id, reason):
    called.set()
    time.sleep({nap})
    return manager.status("shop") and None
def waits(cookie_id, reason):
    called.set()
    manager.wait_for("shop", state="stopped", timeout_s=3600)
async def awaits(cookie_id, reason):
    called.set()
    while True:
        await asyncio.sleep({nap})
def spins(cookie_id, reason):
    called.set()
    while True:
        pass
manager.set_cookie_provider({provider})
cookie = simulator.cookie("1001")
simulator.expire_session("1001")
manager.add_cookie("shop", cookie)
assert called.wait(20)
{end}
"""


@pytest.mark.parametrize("end", ["", "manager.close(1)", "time.sleep(0.005)", "del manager"])
@pytest.mark.parametrize("nap", [3600, 0.001])
@pytest.mark.parametrize("provider", ["blocks", "waits", "awaits", "spins"])
def test_a_process_ends_while_a_provider_runs(provider: str, nap: float, end: str) -> None:
    began = time.monotonic()
    done = run_python(EXITS.format(provider=provider, nap=nap, end=end))
    assert (done.returncode, done.stderr) == (0, "")
    assert time.monotonic() - began < 20


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_has_a_loop_of_its_own(tmp_path: Path) -> None:
    done = run_python(
        """
import os, sys, threading, warnings, livekeeper
from livekeeper.testing import Simulator
warnings.simplefilter("ignore", DeprecationWarning)
def bring_one():
    with Simulator() as simulator, livekeeper.CookieManager(":memory:", simulator.config()) as manager:
        async def provider(cookie_id, reason):
            return simulator.renew_cookie("1001")
        manager.set_cookie_provider(provider)
        cookie = simulator.cookie("1001")
        simulator.expire_session("1001")
        manager.add_cookie("shop", cookie)
        manager.wait_for("shop", connection="connected", timeout_s=20)
bring_one()
child = os.fork()
if child == 0:
    bring_one()
    os._exit(7)
_, status = os.waitpid(child, 0)
print(os.WEXITSTATUS(status))
"""
    )
    assert (done.stdout, done.stderr) == ("7\n", "")
