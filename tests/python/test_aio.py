"""``manager.aio``: the same verbs in any running event loop. Each test runs in one of asyncio's and in one of uvloop's."""

from __future__ import annotations

import ast
import asyncio
import gc
import re
import sys
import threading
import weakref
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Callable, TypeVar

import livekeeper
import pytest
from livekeeper import _awaiting
from livekeeper.testing import Simulator

from conftest import UNB, WAIT_S, run_python

T = TypeVar("T")

run_in_loop: Callable[..., Any] = asyncio.run


@pytest.fixture(autouse=True, params=["asyncio", "uvloop"])
def of_this_kind_of_loop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "run_in_loop", pytest.importorskip(request.param).run)


def run(work: Coroutine[Any, Any, T]) -> T:
    async def bounded() -> T:
        return await asyncio.wait_for(work, WAIT_S * 2)

    result: T = run_in_loop(bounded())
    return result


def test_an_account_is_added_watched_and_written_to_without_blocking_the_loop(simulator: Simulator) -> None:
    async def work() -> list[str]:
        async with livekeeper.CookieManager(":memory:", simulator.config()) as manager:
            aio = manager.aio
            await aio.add_cookie("shop", simulator.cookie(UNB), keywords=[("包邮", "全场包邮")])
            status = await aio.wait_for("shop", connection="connected", timeout_s=WAIT_S)
            assert status.cookie_id == "shop"
            assert await aio.list_cookies() == ["shop"]
            assert (await aio.get_keywords("shop")) == [("包邮", "全场包邮")]
            simulator.buyer_says(UNB, "包邮吗")
            outcome = await aio.send_text("shop", "chat", "9687236998962", "发货了")
            assert outcome.outcome == "delivered"
            await asyncio.get_running_loop().run_in_executor(None, lambda: simulator.wait_sends(UNB, 2, timeout_s=WAIT_S))
        with pytest.raises(livekeeper.ManagerClosed):
            await aio.list_cookies()
        return sorted(send.text for send in simulator.sends(UNB) if send.text)

    assert run(work()) == ["全场包邮", "发货了"]


def test_many_calls_at_the_same_time_are_each_answered(simulator: Simulator) -> None:
    async def work() -> list[str]:
        async with livekeeper.CookieManager(":memory:", simulator.config()) as manager:
            cookies = {f"shop {n}": simulator.cookie() for n in range(50)}
            await asyncio.gather(*(manager.aio.add_cookie(name, cookie) for name, cookie in cookies.items()))
            remarks = await asyncio.gather(*(manager.aio.get_remark(name) for name in cookies))
            assert remarks == [""] * 50
            return await manager.aio.list_cookies()

    assert len(run(work())) == 50


def test_a_wait_that_is_cancelled_ends_at_once_and_the_work_goes_on(manager: livekeeper.CookieManager, shop: str) -> None:
    async def work() -> None:
        waiting = asyncio.create_task(manager.aio.wait_for(shop, state="parked", timeout_s=3600))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        setting = asyncio.create_task(manager.aio.set_remark(shop, "老王的店"))
        setting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await setting
        # Changes of one account are carried out in their order.
        await manager.aio.set_priority(shop, 1)
        assert await manager.aio.get_remark(shop) == "老王的店"

    run(work())


def test_an_error_of_the_call_is_raised_where_it_is_awaited_and_a_wrong_type_at_the_call(manager: livekeeper.CookieManager) -> None:
    async def work() -> None:
        with pytest.raises(livekeeper.AccountNotFound, match="nobody"):
            await manager.aio.status("nobody")
        with pytest.raises(livekeeper.InvalidArgument, match="cookie_value"):
            await manager.aio.add_cookie("shop", "a=b")
        with pytest.raises(TypeError, match="cookie_id"):
            await manager.aio.status(7)  # type: ignore[arg-type]

    run(work())


def test_several_loops_in_several_threads_wait_with_one_manager(manager: livekeeper.CookieManager, shop: str) -> None:
    seen: list[str] = []

    async def work(name: str) -> None:
        for _ in range(50):
            assert (await manager.aio.get_remark(shop)) == ""
        seen.append(name)

    threads = [threading.Thread(target=run, args=(work(str(n)),)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    assert sorted(seen) == ["0", "1", "2", "3"]


def test_of_many_waits_those_that_are_cancelled_end_and_the_others_are_answered(manager: livekeeper.CookieManager, shop: str) -> None:
    async def work() -> None:
        waits = [asyncio.ensure_future(manager.aio.wait_for(shop, state="paused", timeout_s=3600)) for _ in range(30)]
        calls = [asyncio.ensure_future(manager.aio.get_remark(shop)) for _ in range(300)]
        cancelled = waits[::2] + calls[::3]
        for place, one in enumerate(cancelled):
            one.cancel()
            if place % 10 == 0:
                # Some are under way by then, some have not begun.
                await asyncio.sleep(0)
        await manager.aio.pause(shop)
        statuses = await asyncio.gather(*waits, return_exceptions=True)
        remarks = await asyncio.gather(*calls, return_exceptions=True)
        assert [isinstance(status, asyncio.CancelledError) for status in statuses] == [True, False] * 15
        assert all(isinstance(status, livekeeper.AccountStatus) and status.paused for status in statuses[1::2])
        assert [remark for place, remark in enumerate(remarks) if place % 3] == [""] * 200
        # Nothing of them is kept.
        assert _awaiting._watch(asyncio.get_running_loop()).waiting == {}

    run(work())


def test_a_loop_that_ends_under_its_waits_disturbs_no_other(manager: livekeeper.CookieManager, shop: str) -> None:
    is_waiting, has_ended = threading.Event(), threading.Event()

    async def ends() -> None:
        for _ in range(10):
            asyncio.ensure_future(manager.aio.wait_for(shop, state="paused", timeout_s=3600))
        await asyncio.sleep(0)
        is_waiting.set()

    async def goes_on() -> bool:
        waiting = asyncio.ensure_future(manager.aio.wait_for(shop, state="paused", timeout_s=WAIT_S))
        await asyncio.get_running_loop().run_in_executor(None, has_ended.wait, WAIT_S)
        await manager.aio.pause(shop)
        return (await waiting).paused

    def end() -> None:
        run(ends())
        has_ended.set()

    other = threading.Thread(target=end)
    other.start()
    assert run(goes_on())
    other.join(WAIT_S)
    assert is_waiting.is_set()


def test_a_restart_that_is_awaited_no_longer_is_carried_out(simulator: Simulator, manager: livekeeper.CookieManager, shop: str) -> None:
    async def work() -> None:
        for limit_s in (0.0, 0.0005, 0.001, 0.005):
            try:
                await asyncio.wait_for(manager.aio.restart(shop), limit_s)
            except asyncio.TimeoutError:
                pass
        # Changes of one account are carried out in their order.
        await manager.aio.set_remark(shop, "x")
        await manager.aio.wait_for(shop, connection="connected", timeout_s=WAIT_S)

    run(work())
    assert simulator.max_live_sessions(UNB) == 1
    assert manager.close().is_clean


def test_a_handler_is_awaited_on_the_loop_that_it_was_given_in(simulator: Simulator) -> None:
    async def work() -> bool:
        async with livekeeper.CookieManager(":memory:", simulator.config()) as manager:
            loops: list[asyncio.AbstractEventLoop] = []
            called = asyncio.Event()

            async def handler(message: livekeeper.ChatMessage) -> str:
                loops.append(asyncio.get_running_loop())
                called.set()
                return "在的"

            await manager.aio.set_reply_handler(handler)
            await manager.aio.add_cookie("shop", simulator.cookie(UNB))
            await manager.aio.wait_for("shop", connection="connected", timeout_s=WAIT_S)
            simulator.buyer_says(UNB, "在吗")
            await called.wait()
            return loops == [asyncio.get_running_loop()]

    assert run(work())


def test_events_come_by_async_for_of_one_account_and_one_kind_and_end_with_the_manager(simulator: Simulator) -> None:
    async def work() -> list[livekeeper.Event]:
        manager = livekeeper.CookieManager(":memory:", simulator.config())
        events = manager.aio.events(cookie_id="b", kinds=["state_changed"])
        await manager.aio.add_cookie("a", simulator.cookie())
        await manager.aio.add_cookie("b", simulator.cookie())
        await manager.aio.wait_for("b", connection="connected", timeout_s=WAIT_S)
        await manager.aio.close()
        return [event async for event in events]

    events = run(work())
    assert events
    assert {(event.cookie_id, event.kind) for event in events} == {("b", "state_changed")}


def test_a_wait_for_an_event_that_is_cancelled_loses_none(manager: livekeeper.CookieManager, shop: str) -> None:
    async def work() -> livekeeper.Event:
        events = manager.aio.events(kinds=["stopped"])
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(events.__anext__(), 0.05)
        first = asyncio.ensure_future(events.__anext__())
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="another task waits"):
            events.__anext__()
        await manager.aio.update_cookie_status(shop, False)
        return await first

    assert run(work()).kind == "stopped"


def test_a_reader_with_a_limit_ends_when_nothing_comes(manager: livekeeper.CookieManager) -> None:
    async def work() -> list[livekeeper.Event]:
        async with manager.aio.events(timeout_s=0.05) as events:
            return [event async for event in events]

    assert run(work()) == []


def test_an_unknown_kind_of_event_is_refused_with_those_that_there_are(manager: livekeeper.CookieManager) -> None:
    with pytest.raises(livekeeper.InvalidArgument, match="order_changed") as refused:
        manager.events(kinds=["message"])
    assert refused.value.field == "kinds"


def test_a_manager_that_only_its_own_function_holds_is_collected_though_the_function_holds_its_face(simulator: Simulator) -> None:
    manager = livekeeper.CookieManager(":memory:", simulator.config())
    aio = manager.aio
    manager.set_cookie_provider(lambda cookie_id, reason: str(aio))
    gone = weakref.ref(manager)
    del manager, aio
    gc.collect()
    assert gone() is None


def test_a_script_that_ends_without_closing_says_goodbye_to_the_service() -> None:
    program = """
import atexit

@atexit.register
def look():  # Registered first, so it runs last.
    print([(ending.by, ending.code) for ending in simulator.endings()])

import livekeeper
from livekeeper.testing import Simulator

simulator = Simulator()
cookie = simulator.cookie()
manager = livekeeper.CookieManager(":memory:", simulator.config())
manager.add_cookie("shop", cookie)
manager.wait_for("shop", connection="connected", timeout_s=20)
"""
    done = run_python(program)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[('client_with_frame', 1000)]\n", "")


def test_every_verb_has_a_blocking_form_an_awaitable_form_a_docstring_and_a_stub() -> None:
    # A view and a plot are a notebook cell's; what they keep up to date is read on a thread of their own.
    of_notebooks = {"watch", "record", "plot_timeline", "plot_latency"}
    blocking = {name for name in dir(livekeeper.CookieManager) if not name.startswith("_")} - {"aio"} - of_notebooks
    awaitable = {name for name in dir(livekeeper.AsyncCookieManager) if not name.startswith("_")}
    assert blocking == awaitable
    stubs = ast.parse((Path(livekeeper.__file__).parent / "_livekeeper.pyi").read_text(encoding="utf-8"))
    for owner in (livekeeper.CookieManager, livekeeper.AsyncCookieManager):
        assert [name for name in blocking if not getattr(owner, name).__doc__] == []
    assert [name for name in of_notebooks if not getattr(livekeeper.CookieManager, name).__doc__] == []
    for owner in (livekeeper.CookieManager, livekeeper.AsyncCookieManager):
        assert blocking - methods(stubs, owner.__name__) == set()


def methods(stubs: ast.Module, owner: str) -> set[str]:
    classes = (node for node in stubs.body if isinstance(node, ast.ClassDef) and node.name == owner)
    return {node.name for one in classes for node in one.body if isinstance(node, ast.FunctionDef)}


def test_every_verb_has_its_place_in_the_table_of_names() -> None:
    house = Path(__file__).parents[2] / "ARCHITECTURE.md"
    names = set(re.findall(r"[a-z_]+", house.read_text(encoding="utf-8").partition("## Names")[2]))
    blocking = {name for name in dir(livekeeper.CookieManager) if not name.startswith("_")}
    assert blocking - names == set()
