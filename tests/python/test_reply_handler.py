"""The reply handler, a function of the host's that answers where no rule matches; and default replies, said where it does not."""

from __future__ import annotations

import asyncio
import logging
import logging.handlers
import pickle
import queue
import threading
import time
from collections.abc import Awaitable, Iterator
from datetime import timezone
from pathlib import Path
from typing import Any, Callable, Optional, Union

import livekeeper
import pytest
from conftest import CANARY, UNB, WAIT_S
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
