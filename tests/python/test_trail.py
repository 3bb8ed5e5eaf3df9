"""What came of each message, and chats that a person has: messages, pause_chat, resume_chat, paused_chats, set_pause_duration."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Optional

import livekeeper
import pytest
from conftest import UNB, WAIT_S
from livekeeper.testing import Simulator

CHAT = Simulator.chat_of("961")
MINUTE_MS = 60_000


def trail(
    simulator: Simulator, manager: livekeeper.CookieManager, message_id: str, *, chat_id: Optional[str] = None
) -> livekeeper.MessageTrace:
    """That message's trace when nothing of it is under way any more."""

    def is_over(trace: livekeeper.MessageTrace) -> bool:
        return trace.decision is not None and (trace.reply is None or trace.reply.outcome is not None)

    def found() -> list[livekeeper.MessageTrace]:
        traces = manager.messages("shop", chat_id)
        return [trace for trace in traces if trace.message_id == message_id and is_over(trace)]

    simulator.wait_until(lambda _: bool(found()), WAIT_S)
    (trace,) = found()
    return trace


def test_the_trail_tells_text_decision_rule_and_what_was_sent_and_how_it_ended(
    simulator: Simulator, manager: livekeeper.CookieManager
) -> None:
    before_ms = time.time() * 1_000
    manager.add_cookie("shop", simulator.cookie(UNB), keywords=[("发货", ""), ("包邮", "全场包邮")])
    manager.wait_for("shop", connection="connected", timeout_s=WAIT_S)
    asked = simulator.buyer_says(UNB, "老板，包邮吗", buyer_id="961")
    answered = trail(simulator, manager, asked)
    (send,) = simulator.sends(UNB)

    assert (answered.message_id, answered.chat_id, answered.kind, answered.sender_id) == (asked, CHAT, "chat", "961")
    assert (answered.text, answered.decision, answered.rule) == ("老板，包邮吗", "reply", 2)
    assert answered.decision is livekeeper.Decision.REPLY
    assert answered.reply is not None
    assert answered.reply.text == "全场包邮"
    assert answered.reply.outcome == livekeeper.SendOutcome("delivered", message_id=send.message_id)
    assert answered.reply.closed_at_ms is not None
    assert before_ms - 1 <= answered.received_at_ms <= answered.reply.created_at_ms <= answered.reply.closed_at_ms
    assert answered.received_at.timestamp() * 1_000 == pytest.approx(answered.received_at_ms, abs=1)
    assert str(answered).endswith('"老板，包邮吗": it is answered with "全场包邮" (delivered)')

    silenced = trail(simulator, manager, simulator.buyer_says(UNB, "发货了吗", buyer_id="962"))
    assert (silenced.decision, silenced.rule, silenced.reply) == ("rule_says_nothing", 1, None)
    unmatched = trail(simulator, manager, simulator.buyer_says(UNB, "在吗", buyer_id="963"))
    assert (unmatched.decision, unmatched.rule, unmatched.reply) == ("no_rule", None, None)
    assert unmatched.decision_text == "no rule matches"

    chats = [trace for trace in manager.messages("shop") if trace.kind == "chat"]
    assert [trace.text for trace in chats] == ["在吗", "发货了吗", "老板，包邮吗"]
    assert [trace.text for trace in manager.messages("shop", chat_id=CHAT) if trace.kind == "chat"] == ["老板，包邮吗"]
    assert [trace.text for trace in manager.messages("shop", limit=1)] == ["在吗"]
    assert manager.messages("shop", "无此会话") == []


def test_a_reply_of_text_and_picture_shows_both_with_how_each_ended(
    simulator: Simulator, manager: livekeeper.CookieManager, shop: str
) -> None:
    picture = livekeeper.Picture("https://img.alicdn.com/size.jpg", 800, 600)
    manager.update_keywords("shop", [livekeeper.Rule("尺码", "见图", picture=picture)])
    message_id = simulator.buyer_says(UNB, "尺码")
    text, sent = simulator.wait_sends(UNB, 2, WAIT_S)
    trail(simulator, manager, simulator.buyer_says(UNB, "尺码", buyer_id="962"))
    trace = next(trace for trace in manager.messages("shop") if trace.message_id == message_id)
    assert trace.reply is not None and trace.picture is not None
    assert (trace.reply.text, trace.reply.picture, trace.picture.picture) == ("见图", None, picture)
    assert trace.reply.outcome == livekeeper.SendOutcome("delivered", message_id=text.message_id)
    assert trace.picture.outcome == livekeeper.SendOutcome("delivered", message_id=sent.message_id)
    assert str(trace).endswith('with "见图" (delivered) and "[图片]" (delivered)')


def test_a_refused_send_shows_its_reason(simulator: Simulator, manager: livekeeper.CookieManager, shop: str) -> None:
    simulator.refuse_next_send(UNB, "CSI_FORBID", 403)
    refused = trail(simulator, manager, simulator.buyer_says(UNB, "包邮吗"))
    assert refused.decision is livekeeper.Decision.REPLY
    assert refused.reply is not None
    assert refused.reply.outcome == livekeeper.SendOutcome("rejected", reason="CSI_FORBID", code=403)
    assert str(refused.reply) == '"全场包邮" (rejected: CSI_FORBID)'


def test_messages_of_a_chat_that_was_not_quiet_point_to_the_one_that_is_answered(simulator: Simulator) -> None:
    with livekeeper.CookieManager(":memory:", simulator.config(debounce_s=0.5)) as manager:
        manager.add_cookie("shop", simulator.cookie(UNB), keywords=[("包邮", "全场包邮")])
        manager.wait_for("shop", connection="connected", timeout_s=WAIT_S)
        entries = [simulator.message(text, buyer_id="961") for text in ("在吗", "包邮吗")]
        first, last = simulator.push(UNB, entries)
        assert first is not None
        folded = trail(simulator, manager, first)
        assert (folded.decision, folded.folded_into, folded.reply) == (livekeeper.Decision.FOLDED, last, None)


def test_a_chat_in_which_the_seller_writes_by_hand_is_left_to_them_until_it_is_resumed(
    simulator: Simulator, manager: livekeeper.CookieManager, shop: str
) -> None:
    by_hand = trail(simulator, manager, simulator.seller_says(UNB, "我来看看", buyer_id="961"))
    assert (by_hand.kind, by_hand.text, by_hand.decision) == ("own", "我来看看", livekeeper.Decision.BY_HAND)
    (chat,) = manager.paused_chats("shop")
    assert chat.chat_id == CHAT
    # Ten minutes at first.
    assert 9 * MINUTE_MS < chat.paused_until_ms - time.time() * 1_000 <= 10 * MINUTE_MS
    assert chat.paused_until.timestamp() * 1_000 == pytest.approx(chat.paused_until_ms, abs=1)

    left = trail(simulator, manager, simulator.buyer_says(UNB, "包邮吗", buyer_id="961"))
    assert (left.decision, left.reply) == (livekeeper.Decision.CHAT_PAUSED, None)
    other = trail(simulator, manager, simulator.buyer_says(UNB, "包邮吗", buyer_id="962"))
    assert other.decision is livekeeper.Decision.REPLY

    manager.resume_chat("shop", CHAT)
    assert manager.paused_chats("shop") == []
    answered = trail(simulator, manager, simulator.buyer_says(UNB, "那包邮吗", buyer_id="961"))
    assert (answered.decision, answered.reply is not None) == (livekeeper.Decision.REPLY, True)
    assert [send.peer_id for send in simulator.sends(UNB)] == ["962", "961"]
    assert simulator.violations() == []


def test_what_the_account_sends_itself_pauses_no_chat(
    simulator: Simulator, manager: livekeeper.CookieManager, shop: str
) -> None:
    assert manager.send_text("shop", CHAT, "961", "稍等").outcome == "delivered"
    assert trail(simulator, manager, simulator.buyer_says(UNB, "包邮吗", buyer_id="961")).decision == "reply"
    assert trail(simulator, manager, simulator.buyer_says(UNB, "包邮？", buyer_id="961")).decision == "reply"
    assert manager.paused_chats("shop") == []


def test_with_a_pause_of_no_minutes_a_chat_is_answered_all_the_same(
    simulator: Simulator, manager: livekeeper.CookieManager, shop: str
) -> None:
    manager.set_pause_duration("shop", 0)
    by_hand = trail(simulator, manager, simulator.seller_says(UNB, "我来看看", buyer_id="961"))
    assert by_hand.decision is livekeeper.Decision.BY_HAND
    assert manager.paused_chats("shop") == []
    assert trail(simulator, manager, simulator.buyer_says(UNB, "包邮吗", buyer_id="961")).decision == "reply"


def test_the_trail_and_the_pauses_are_there_when_the_store_is_opened_again(simulator: Simulator, tmp_path: Path) -> None:
    with livekeeper.CookieManager(tmp_path / "shops.db", simulator.config()) as manager:
        manager.add_cookie("shop", simulator.cookie(UNB), keywords=[("包邮", "全场包邮")])
        manager.wait_for("shop", connection="connected", timeout_s=WAIT_S)
        trail(simulator, manager, simulator.buyer_says(UNB, "包邮吗", buyer_id="962"))
        manager.pause_chat("shop", CHAT, 60)
        manager.pause_chat("shop", "0", 525_600)
        manager.set_pause_duration("shop", 30)
        messages, paused = manager.messages("shop"), manager.paused_chats("shop")
        assert [chat.chat_id for chat in paused] == ["0", CHAT]
    with livekeeper.CookieManager(tmp_path / "shops.db", simulator.config()) as manager:
        manager.wait_for("shop", connection="connected", timeout_s=WAIT_S)
        assert manager.messages("shop") == messages
        assert manager.paused_chats("shop") == paused
        left = trail(simulator, manager, simulator.buyer_says(UNB, "包邮吗", buyer_id="961"))
        assert left.decision is livekeeper.Decision.CHAT_PAUSED
        trail(simulator, manager, simulator.seller_says(UNB, "我来看看", buyer_id="962"))
        left_ms = manager.paused_chats("shop")[-1].paused_until_ms - time.time() * 1_000
        assert 29 * MINUTE_MS < left_ms <= 30 * MINUTE_MS


def test_a_removed_account_leaves_no_trail(simulator: Simulator, manager: livekeeper.CookieManager, shop: str) -> None:
    trail(simulator, manager, simulator.buyer_says(UNB, "包邮吗"))
    manager.pause_chat("shop", CHAT, 1)
    manager.remove_cookie("shop")
    with pytest.raises(livekeeper.AccountNotFound):
        manager.messages("shop")
    manager.add_cookie("shop", simulator.cookie(UNB))
    assert (manager.messages("shop"), manager.paused_chats("shop")) == ([], [])
