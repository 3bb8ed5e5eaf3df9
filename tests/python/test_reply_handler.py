"""The reply handler, a function of the host's that answers where no rule matches; and default replies, said where it does not."""

from __future__ import annotations

import asyncio
import gc
import logging
import logging.handlers
import pickle
import queue
import threading
import time
import weakref
from collections.abc import Awaitable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timezone
from pathlib import Path
from typing import Any, Callable, Optional, Union

import livekeeper
import pytest
from conftest import CANARY, UNB, WAIT_S, run_python
from livekeeper._host_functions import HostFunction
from livekeeper.testing import Send, Simulator

PICTURE = livekeeper.Picture("https://img.alicdn.com/size.jpg", 800, 600)
DEFAULT = "稍后回复"
Said = Union[str, livekeeper.Picture, livekeeper.ReplyContent, None]


@pytest.fixture
def manager(simulator: Simulator) -> Iterator[livekeeper.CookieManager]:
    with livekeeper.CookieManager(":memory:", simulator.config(stop_socket_s=0.5, stop_thread_s=0.5)) as manager:
        yield manager


def decision(manager: livekeeper.CookieManager, message_id: str) -> livekeeper.Decision:
    """What was decided about a message, once it is."""
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        for trace in manager.messages("shop", limit=1_000):
            if trace.message_id == message_id and trace.decision is not None:
                return trace.decision
    raise AssertionError(f"{message_id} was not decided")


def ask(simulator: Simulator, manager: livekeeper.CookieManager, text: str, **more: Any) -> livekeeper.Decision:
    return decision(manager, simulator.buyer_says(UNB, text, **more))


def texts(sends: list[Send]) -> list[str]:
    return [send.text for send in sends]


def failures(manager: livekeeper.CookieManager) -> int:
    return manager.status("shop").counters.handler_failures


def test_a_function_says_a_text_a_picture_both_nothing_or_leaves_it_to_the_default(
    simulator: Simulator, manager: livekeeper.CookieManager, shop: str
) -> None:
    answers: dict[str, Said] = {
        "几天发货": "三天，{item_id}",
        "图": PICTURE,
        "尺码": livekeeper.ReplyContent("见图", PICTURE),
        "骂人": "",
        "也不说": livekeeper.ReplyContent(),
        "你好": None,
    }
    asked: list[tuple[livekeeper.ChatMessage, str]] = []

    def handler(message: livekeeper.ChatMessage) -> Said:
        asked.append((message, threading.current_thread().name))
        return answers[message.text]

    manager.set_reply_handler(handler)
    manager.set_default_reply("shop", DEFAULT + " {send_user_name}")
    Decision = livekeeper.Decision
    expected = {
        "包邮": Decision.REPLY,
        "几天发货": Decision.HANDLER_REPLY,
        "图": Decision.HANDLER_REPLY,
        "尺码": Decision.HANDLER_REPLY,
        "骂人": Decision.HANDLER_SAYS_NOTHING,
        "也不说": Decision.HANDLER_SAYS_NOTHING,
        "你好": Decision.DEFAULT_REPLY,
    }
    assert {text: ask(simulator, manager, text, name="小王", item_id="920") for text in expected} == expected
    sends = simulator.wait_sends(UNB, 6, WAIT_S)
    # What the host wrote is no template.
    assert texts(sends) == ["全场包邮", "三天，{item_id}", PICTURE.url, "见图", PICTURE.url, DEFAULT + " 小王"]
    message, thread = asked[0]
    recorded = next(trace for trace in manager.messages("shop") if trace.text == "几天发货")
    assert message == livekeeper.ChatMessage(
        "shop", recorded.message_id, recorded.chat_id, recorded.sender_id, "小王", "几天发货", "920", recorded.created_at_ms
    )
    assert (message.created_at, pickle.loads(pickle.dumps(message))) == (recorded.created_at, message)
    assert message.created_at is not None and message.created_at.tzinfo is timezone.utc
    assert thread != threading.current_thread().name
    assert failures(manager) == 0
    manager.set_reply_handler(None)
    assert ask(simulator, manager, "图") == Decision.DEFAULT_REPLY
    assert len(asked) == 6
    assert manager.close().is_clean
    assert simulator.violations() == []


def test_a_function_whose_turn_comes_when_nobody_waits_any_more_is_not_called(caplog: pytest.LogCaptureFixture) -> None:
    class Late:
        """An answer for which nobody waits."""

        problem = ""

        def is_over(self) -> bool:
            return True

        def fail(self, sentence: str) -> None:
            self.problem = sentence

        def give(self, value: object) -> Optional[str]:
            raise AssertionError("it was called")

        def on_over(self, then: Callable[[], object]) -> None:
            raise AssertionError("it was called")

    answer = Late()
    HostFunction(lambda message: "在的", "reply_handler").call(answer, None)
    assert answer.problem == "it was not called any more"
    assert "took too long" in caplog.text


def test_a_coroutine_is_awaited_on_a_loop_of_the_librarys_own_where_none_ran(
    simulator: Simulator, manager: livekeeper.CookieManager, shop: str
) -> None:
    threads: list[str] = []

    async def handler(message: livekeeper.ChatMessage) -> str:
        await asyncio.sleep(0)
        threads.append(threading.current_thread().name)
        return f"re: {message.text}"

    manager.set_reply_handler(handler)
    for number in range(3):
        simulator.buyer_says(UNB, f"{number}", buyer_id=f"96{number}")
    assert sorted(texts(simulator.wait_sends(UNB, 3, WAIT_S))) == ["re: 0", "re: 1", "re: 2"]
    assert threads == ["livekeeper-async"] * 3


def test_a_coroutine_is_awaited_on_the_loop_that_ran_where_it_was_given(
    simulator: Simulator, manager: livekeeper.CookieManager, shop: str
) -> None:
    async def main() -> list[str]:
        loop = asyncio.get_running_loop()

        async def think(text: str) -> str:
            assert asyncio.get_running_loop() is loop
            # A verb that waits is handed to a thread, as in any async program.
            recorded = await loop.run_in_executor(None, manager.messages, "shop")
            return f"{text}: {len(recorded)}"

        def handler(message: livekeeper.ChatMessage) -> Awaitable[str]:
            # No coroutine function; what it returns is awaited all the same.
            return think(message.text)

        manager.set_reply_handler(handler)
        simulator.buyer_says(UNB, "几天发货")
        return texts(await loop.run_in_executor(None, simulator.wait_sends, UNB, 1, WAIT_S))

    assert asyncio.run(main()) == ["几天发货: 1"]


def raises(message: livekeeper.ChatMessage) -> str:
    return {"a": "b"}[CANARY]


async def raises_later(message: livekeeper.ChatMessage) -> str:
    await asyncio.sleep(0)
    raise livekeeper.InvalidArgument(CANARY)


def leaves(message: livekeeper.ChatMessage) -> str:
    raise SystemExit(CANARY)


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        (raises, "it raised KeyError at test_reply_handler.py:"),
        (raises_later, "it raised livekeeper.errors.InvalidArgument at test_reply_handler.py:"),
        (leaves, "it raised SystemExit at test_reply_handler.py:"),
        (lambda: None, "it raised TypeError; the error's text may hold a credential and is not shown"),
        (lambda message: ("text", PICTURE), "it returned tuple, must be str, Picture, ReplyContent or None"),
        (lambda message: 3, "it returned int, must be str, Picture, ReplyContent or None"),
        (lambda message: "\ud800", "it returned half of a surrogate pair, which is no text"),
    ],
)
def test_a_function_that_fails_is_counted_and_told_and_the_default_reply_is_said(
    simulator: Simulator,
    manager: livekeeper.CookieManager,
    shop: str,
    handler: Callable[[livekeeper.ChatMessage], Any],
    expected: str,
) -> None:
    told: queue.Queue[logging.LogRecord] = queue.Queue()
    watch = logging.handlers.QueueHandler(told)
    logging.getLogger("livekeeper").addHandler(watch)
    manager.set_default_reply("shop", DEFAULT)
    manager.set_reply_handler(handler)
    assert ask(simulator, manager, "在吗") == livekeeper.Decision.DEFAULT_REPLY
    assert failures(manager) == 1
    assert texts(simulator.wait_sends(UNB, 1, WAIT_S)) == [DEFAULT]
    sentence = told.get(timeout=WAIT_S).getMessage()
    logging.getLogger("livekeeper").removeHandler(watch)
    assert sentence.startswith("the reply handler gave no answer cookie_id=shop message_id=")
    assert f" problem={expected}" in sentence
    assert CANARY not in sentence
    assert manager.close().is_clean


def test_a_function_that_is_too_slow_is_counted_and_a_coroutine_cancelled(
    simulator: Simulator, manager: livekeeper.CookieManager, shop: str
) -> None:
    manager.set_default_reply("shop", DEFAULT)
    cancelled, let_go = threading.Event(), threading.Event()

    async def sleeps(message: livekeeper.ChatMessage) -> str:
        try:
            await asyncio.sleep(3600)
        finally:
            cancelled.set()
        return "too late"

    def blocks(message: livekeeper.ChatMessage) -> str:
        let_go.wait()
        return "too late"

    manager.set_reply_handler(sleeps, 0.1)
    assert ask(simulator, manager, "在吗") == livekeeper.Decision.DEFAULT_REPLY
    assert cancelled.wait(WAIT_S)
    manager.set_reply_handler(blocks, 0.1)
    assert ask(simulator, manager, "在吗") == livekeeper.Decision.DEFAULT_REPLY
    assert failures(manager) == 2
    let_go.set()
    assert manager.close().is_clean
    assert texts(simulator.sends(UNB)) == [DEFAULT, DEFAULT]


def test_without_a_default_reply_a_failure_is_decided_as_one(
    simulator: Simulator, manager: livekeeper.CookieManager, shop: str
) -> None:
    manager.set_reply_handler(raises)
    assert ask(simulator, manager, "在吗") == livekeeper.Decision.HANDLER_FAILED
    manager.set_reply_handler(lambda message: None)
    assert ask(simulator, manager, "在吗") == livekeeper.Decision.NO_RULE


def test_a_function_is_given_by_decoration_with_and_without_a_limit_and_stays_what_it_is(
    simulator: Simulator, manager: livekeeper.CookieManager, shop: str
) -> None:
    @manager.on_message
    def first(message: livekeeper.ChatMessage) -> str:
        return "一"

    assert ask(simulator, manager, "在吗") == livekeeper.Decision.HANDLER_REPLY

    @manager.on_message(timeout_s=5)
    async def second(message: livekeeper.ChatMessage) -> str:
        return f"{first(message)}、二"

    assert ask(simulator, manager, "在吗") == livekeeper.Decision.HANDLER_REPLY
    assert texts(simulator.wait_sends(UNB, 2, WAIT_S)) == ["一", "一、二"]
    with pytest.raises(livekeeper.InvalidArgument, match="timeout_s"):
        manager.on_message(timeout_s=0)(first)
    with pytest.raises(TypeError, match="handler: .*a function"):
        manager.on_message("text")  # type: ignore[call-overload]


def test_a_function_that_never_returns_holds_up_neither_other_chats_nor_a_close(
    simulator: Simulator, manager: livekeeper.CookieManager, shop: str
) -> None:
    called, let_go = threading.Event(), threading.Event()

    def handler(message: livekeeper.ChatMessage) -> str:
        if message.text == "hang":
            called.set()
            let_go.wait()
        return "好的"

    manager.set_reply_handler(handler)
    simulator.buyer_says(UNB, "hang", buyer_id="961")
    assert called.wait(WAIT_S)
    assert ask(simulator, manager, "在吗", buyer_id="962") == livekeeper.Decision.HANDLER_REPLY
    began = time.monotonic()
    report = manager.close()
    assert time.monotonic() - began < 10
    assert [account.left for account in report.accounts] == [('the work "the reply handler"',)]
    let_go.set()


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
    "set_default_reply": lambda m, _: m.set_default_reply("shop", DEFAULT),
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


def test_a_default_reply_is_the_items_else_the_accounts_and_said_once_in_a_chat_also_over_a_restart(
    simulator: Simulator, tmp_path: Path
) -> None:
    Decision = livekeeper.Decision
    with livekeeper.CookieManager(tmp_path / "shop.db", simulator.config()) as manager:
        manager.add_cookie("shop", simulator.cookie(UNB))
        manager.wait_for("shop", connection="connected", timeout_s=WAIT_S)
        assert ask(simulator, manager, "你好") == Decision.NO_RULE
        manager.set_default_reply("shop", DEFAULT, once_per_chat=True)
        manager.set_default_reply("shop", livekeeper.ReplyContent("这件有货", PICTURE), item_id=920)
        assert ask(simulator, manager, "你好") == Decision.DEFAULT_REPLY
        assert ask(simulator, manager, "你好？") == Decision.DEFAULT_SAID_BEFORE
        assert ask(simulator, manager, "你好", buyer_id="962", item_id="920") == Decision.DEFAULT_REPLY
        assert texts(simulator.wait_sends(UNB, 3, WAIT_S)) == [DEFAULT, "这件有货", PICTURE.url]
    with livekeeper.CookieManager(tmp_path / "shop.db", simulator.config()) as manager:
        manager.wait_for("shop", connection="connected", timeout_s=WAIT_S)
        assert manager.get_default_reply("shop") == livekeeper.DefaultReply(DEFAULT, once_per_chat=True)
        assert manager.get_default_reply("shop", "920") == livekeeper.DefaultReply(livekeeper.ReplyContent("这件有货", PICTURE))
        assert manager.get_default_reply("shop", 7) is None
        assert ask(simulator, manager, "你好！") == Decision.DEFAULT_SAID_BEFORE
        manager.set_default_reply("shop", None)
        assert manager.get_default_reply("shop") is None
        assert ask(simulator, manager, "你好", buyer_id="963") == Decision.NO_RULE
        manager.set_default_reply("shop", "", item_id="920")
        assert ask(simulator, manager, "你好", buyer_id="964", item_id="920") != Decision.DEFAULT_REPLY
    assert len(simulator.sends(UNB)) == 3


def test_what_is_wrong_is_refused_by_name(manager: livekeeper.CookieManager, shop: str) -> None:
    with pytest.raises(TypeError, match="handler: must be a function or None, not str"):
        manager.set_reply_handler("x")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="reply: must be str, Picture, ReplyContent or None, not int"):
        manager.set_default_reply("shop", 3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="once_per_chat: must be bool, not int"):
        manager.set_default_reply("shop", "x", once_per_chat=1)  # type: ignore[arg-type]
    for timeout_s in (0, 3601, float("nan")):
        with pytest.raises(livekeeper.InvalidArgument) as refused:
            manager.set_reply_handler(lambda message: None, timeout_s)
        assert refused.value.field == "timeout_s"
    with pytest.raises(livekeeper.InvalidArgument, match="reply: its reply has 20001 bytes"):
        manager.set_default_reply("shop", "x" * 20_001)
    with pytest.raises(livekeeper.InvalidArgument, match="item_id: "):
        manager.get_default_reply("shop", "")
    with pytest.raises(livekeeper.AccountNotFound):
        manager.set_default_reply("nobody", "x")
    manager.close()
    with pytest.raises(livekeeper.ManagerClosed):
        manager.set_reply_handler(None)


def test_a_handler_is_let_go_when_it_is_replaced_and_when_its_manager_is_closed(manager: livekeeper.CookieManager) -> None:
    class Handler:
        def __call__(self, message: livekeeper.ChatMessage) -> Optional[str]: ...

    def given() -> weakref.ref[Handler]:
        handler = Handler()
        manager.set_reply_handler(handler)
        return weakref.ref(handler)

    first = given()
    second = given()
    gc.collect()
    assert first() is None and second() is not None
    manager.close()
    gc.collect()
    assert second() is None


def test_a_manager_and_a_handler_that_hold_each_other_are_collected(simulator: Simulator) -> None:
    manager = livekeeper.CookieManager(":memory:", simulator.config())
    held = manager
    manager.set_reply_handler(lambda message: str(held))
    gone = weakref.ref(manager)
    del manager, held
    gc.collect()
    assert gone() is None


EXITS = """
import asyncio, threading, time, livekeeper
from livekeeper.testing import Simulator
simulator = Simulator()
manager = livekeeper.CookieManager(":memory:", simulator.config())
called = threading.Event()
def blocks(message):
    called.set()
    time.sleep({nap})
    return manager.status("shop") and None
async def awaits(message):
    called.set()
    while True:
        await asyncio.sleep({nap})
manager.set_reply_handler({handler})
manager.add_cookie("shop", simulator.cookie("1001"))
manager.wait_for("shop", connection="connected", timeout_s=20)
simulator.buyer_says("1001", "在吗")
assert called.wait(20)
{end}
"""


@pytest.mark.parametrize("end", ["", "time.sleep(0.005)", "del manager"])
@pytest.mark.parametrize("handler", ["blocks", "awaits"])
def test_a_process_ends_while_a_handler_runs(handler: str, end: str) -> None:
    began = time.monotonic()
    done = run_python(EXITS.format(handler=handler, nap=3600, end=end))
    assert (done.returncode, done.stderr) == (0, "")
    assert time.monotonic() - began < 20
