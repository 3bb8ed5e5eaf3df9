"""Verbs called from inside a reply handler, each by itself and from many threads at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any, Callable

import livekeeper
import pytest
from conftest import UNB, WAIT_S, run_python
from livekeeper.testing import Simulator

PICTURE = livekeeper.Picture("https://img.alicdn.com/size.jpg", 800, 600)


@pytest.fixture
def manager(simulator: Simulator) -> Iterator[livekeeper.CookieManager]:
    with livekeeper.CookieManager(":memory:", simulator.config(stop_socket_s=0.5, stop_thread_s=0.5)) as manager:
        yield manager


Verb = Callable[[livekeeper.CookieManager, Simulator], Any]

VERBS: dict[str, Verb] = {
    "status": lambda m, _: m.status("shop"),
    "statuses": lambda m, _: m.statuses(),
    "list_cookies": lambda m, _: m.list_cookies(),
    "get_enabled_cookies": lambda m, _: m.get_enabled_cookies(),
    "get_cookie_status": lambda m, _: m.get_cookie_status("shop"),
    "add_cookie": lambda m, s: m.add_cookie("new", s.cookie("1002")),
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
    "orders": lambda m, _: m.orders("shop"),
    "order": lambda m, _: m.order("shop", "1"),
    "confirm_shipment": lambda m, _: pytest.raises(livekeeper.InvalidArgument, m.confirm_shipment, "shop", "1"),
    "update_auto_confirm_setting": lambda m, _: m.update_auto_confirm_setting("shop", False),
    "get_auto_confirm_setting": lambda m, _: m.get_auto_confirm_setting("shop"),
    "set_remark": lambda m, _: m.set_remark("shop", "x"),
    "get_remark": lambda m, _: m.get_remark("shop"),
    "capacity": lambda m, _: m.capacity(),
    "metrics": lambda m, _: m.metrics(),
    "metrics_text": lambda m, _: m.metrics_text(True),
    "events": lambda m, _: m.events().next(0.01),
    "set_cookie_provider": lambda m, _: m.set_cookie_provider(None),
    "set_reply_handler": lambda m, _: m.set_reply_handler(None),
    "on_message": lambda m, _: m.on_message(lambda message: None),
    "set_default_reply": lambda m, _: m.set_default_reply("shop", "稍后回复"),
    "get_default_reply": lambda m, _: m.get_default_reply("shop"),
    "wait_for": lambda m, _: pytest.raises(livekeeper.TimedOut, m.wait_for, "shop", state="stopped", timeout_s=0.05),
    "send_text": lambda m, _: m.send_text("shop", "1", "2", "3"),
    "send_image": lambda m, _: m.send_image("shop", "1", "2", PICTURE),
    "import_xianyu_db": lambda m, _: pytest.raises(livekeeper.StoreUnavailable, m.import_xianyu_db, "/nowhere/x.db"),
    "export_accounts": lambda m, _: pytest.raises(livekeeper.InvalidArgument, m.export_accounts, "/nowhere/x.json"),
    "import_accounts": lambda m, _: pytest.raises(livekeeper.InvalidArgument, m.import_accounts, "/nowhere/x.json"),
    "snapshot": lambda m, _: pytest.raises(livekeeper.InvalidArgument, m.snapshot, "/nowhere/x.db"),
    "explain": lambda m, _: m.explain("shop"),
    "diagnose": lambda m, _: m.diagnose("shop"),
    "watch": lambda m, _: m.watch(),
    "record": lambda m, _: m.record().stop(),
    # Each of these stops the account, and so waits for the very call that it is made in.
    "update_cookie": lambda m, s: m.update_cookie("shop", s.renew_cookie(UNB)),
    "update_cookie_status": lambda m, _: m.update_cookie_status("shop", False),
    "restart": lambda m, _: m.restart("shop"),
    "set_proxy": lambda m, _: m.set_proxy("shop", "socks5://127.0.0.1:9"),
    "rekey": lambda m, _: m.rekey(key=bytes(32)),
    "remove_cookie": lambda m, _: m.remove_cookie("shop"),
    "close": lambda m, _: m.close(),
}


def test_the_verbs_are_all_of_the_managers() -> None:
    # A plot is made of messages, with a library that is not always there.
    names = {name for name in dir(livekeeper.CookieManager) if not name.startswith("_") and not name.startswith("plot_")}
    assert set(VERBS) == names - {"aio"}


@pytest.mark.parametrize("is_awaited", [False, True])
@pytest.mark.parametrize("name", VERBS)
def test_every_verb_works_inside_a_handler(
    simulator: Simulator, manager: livekeeper.CookieManager, shop: str, name: str, is_awaited: bool
) -> None:
    done = threading.Event()
    problems: list[BaseException] = []

    def handler(message: livekeeper.ChatMessage) -> None:
        if done.is_set():
            return
        try:
            VERBS[name](manager, simulator)
        except BaseException as problem:
            problems.append(problem)
        done.set()

    async def awaited(message: livekeeper.ChatMessage) -> None:
        handler(message)

    manager.set_reply_handler(awaited if is_awaited else handler)
    simulator.buyer_says(UNB, "在吗")
    assert done.wait(WAIT_S)
    assert problems == []


STORM = """
import asyncio, itertools, sys, threading, livekeeper
from livekeeper.testing import Simulator
ACCOUNTS, ROUNDS, THREADS = [f"shop {number}" for number in range(4)], 25, 16
with Simulator() as simulator, livekeeper.CookieManager(":memory:", simulator.config(max_handler_calls=8)) as manager:
    unbs = {cookie_id: f"100{number}" for number, cookie_id in enumerate(ACCOUNTS)}
    for cookie_id, unb in unbs.items():
        manager.add_cookie(cookie_id, simulator.cookie(unb))
        manager.set_default_reply(cookie_id, "稍后回复")
        manager.wait_for(cookie_id, connection="connected", timeout_s=30)
    VERBS = [
        lambda cookie_id: manager.status(cookie_id),
        lambda cookie_id: manager.messages(cookie_id, limit=5),
        lambda cookie_id: manager.get_keywords(cookie_id),
        lambda cookie_id: manager.update_keywords(cookie_id, [("包邮", "全场包邮")]),
        lambda cookie_id: manager.set_priority(cookie_id, 1),
        lambda cookie_id: manager.set_default_reply(cookie_id, "稍后回复", item_id=7),
        lambda cookie_id: manager.get_default_reply(cookie_id),
        lambda cookie_id: manager.metrics_text(True),
        lambda cookie_id: manager.send_text(cookie_id, "41", "42", "在的"),
        lambda cookie_id: manager.events().next(0.001),
    ]
    calls = itertools.count()
    def think(message):
        VERBS[next(calls) % len(VERBS)](message.cookie_id)
        return f"re: {message.text}"
    async def think_later(message):
        await asyncio.sleep(0)
        return f"re: {message.text}"
    manager.set_reply_handler(think)
    problems = []
    def work(number):
        try:
            for round in range(ROUNDS):
                cookie_id = ACCOUNTS[(number + round) % len(ACCOUNTS)]
                simulator.buyer_says(unbs[cookie_id], "在吗", buyer_id=f"9{number}{round}")
                VERBS[(number * 7 + round) % len(VERBS)](cookie_id)
                if round % 5 == 0:
                    manager.set_reply_handler(think_later if (number + round) % 2 else think)
        except BaseException as problem:
            problems.append(problem)
    threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == [], problems
    answered = lambda seen: sum(send.text == "re: 在吗" for send in seen.sends()) == THREADS * ROUNDS
    simulator.wait_until(answered, timeout_s=40)
    assert sum(status.counters.handler_failures for status in manager.statuses()) == 0
    assert manager.close().is_clean
    assert simulator.violations() == []
print("finished")
"""


def test_sixteen_threads_many_verbs_and_callbacks_that_call_back_never_hang() -> None:
    done = run_python(STORM, timeout_s=100.0)
    assert (done.stdout, done.stderr, done.returncode) == ("finished\n", "", 0)
