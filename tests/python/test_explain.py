"""``manager.explain``: a cause each, what is said of it, and what it says to do."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Optional

import livekeeper
import pytest
from conftest import UNB, WAIT_S
from livekeeper._seeing.explain import explanation_of
from livekeeper._seeing.facts import Facts
from livekeeper.testing import Simulator

NOW_MS = int(time.time() * 1_000)
MINUTE_MS = 60_000
ONLINE = ("running", "connected", "online")
RULES = (("包邮", "全场包邮"),)


def status(
    state: str = "running", connection: str = "connected", code: str = "online", detail: str = "", **more: Any
) -> livekeeper.AccountStatus:
    reason = livekeeper.Reason(code, detail, NOW_MS - 3 * MINUTE_MS, more.pop("next_try_ms", None))
    enabled = more.pop("enabled", True)
    return livekeeper.AccountStatus("shop", enabled, state, connection, reason, NOW_MS - 3 * MINUTE_MS, **more)


def trace(decision: Optional[str], outcome: Optional[livekeeper.SendOutcome] = None, **more: Any) -> livekeeper.MessageTrace:
    reply = outcome and livekeeper.SendTrace("全场包邮", outcome, NOW_MS, NOW_MS)
    return livekeeper.MessageTrace(
        "m", "41", more.pop("kind", "chat"), "9687", text="在吗", received_at_ms=NOW_MS, decision=decision, reply=reply, **more
    )


def explained(
    status: livekeeper.AccountStatus, config: Optional[livekeeper.Config] = None, **more: Any
) -> livekeeper.Explanation:
    more = {"rules": RULES, **more}
    return explanation_of(Facts("shop", status, config or livekeeper.Config(), **more))


DELIVERED = livekeeper.SendOutcome("delivered")
REFUSED = livekeeper.SendOutcome("rejected", reason="CSI_FORBID", code=403)
PAUSED_CHAT = livekeeper.PausedChat("4196", NOW_MS + 10 * MINUTE_MS + 500)
NEAR = livekeeper.Capacity(0, [livekeeper.CapacityItem("file_descriptors", 900, 1024, "near")])
BUSY = livekeeper.Capacity(
    0, [livekeeper.CapacityItem("connecting", 8, 8, "full"), livekeeper.CapacityItem("waiting_to_connect", 90, 20_000, "ok")]
)

CAUSES: dict[str, tuple[livekeeper.Explanation, bool, list[str]]] = {
    "it is parked for a verification": (
        explained(status("parked", "failed", "person_must_verify", "https://passport.goofish.com/punish?a=b")),
        False,
        ["does not answer: it has been parked since", "(3 min ago)", "in a browser", "(https://passport.goofish.com/punish?a=b)"],
    ),
    "its login is over": (
        explained(status("parked", "failed", "session_expired")),
        False,
        ["parked since", "the login is over: give a new cookie with update_cookie"],
    ),
    "it failed too often": (
        explained(status("parked", "failed", "too_many_failures", "5 in 600 s")),
        False,
        ["parked since", "(5 in 600 s)", "Try again with restart('shop')."],
    ),
    "it is switched off": (
        explained(status("stopped", "closed", "disabled", enabled=False)),
        False,
        ["it has been switched off since", "update_cookie_status('shop', True)"],
    ),
    "it is paused": (
        explained(status("paused", "connected", "paused", paused=True)),
        False,
        ["you have paused it", "resume('shop')"],
    ),
    "it is paused and has no connection": (
        explained(status("running", "reconnecting", "connection_lost", paused=True)),
        False,
        ["has had no connection since", "It is paused too", "resume('shop')"],
    ),
    "a person has the chat": (
        explained(status(*ONLINE), paused_chats=(PAUSED_CHAT,), traces=(trace("chat_paused"),)),
        False,
        ["has not answered the last message of a buyer", "a person has the chat", "4196 until", "(in 10 min)", "resume_chat('shop'"],
    ),
    "no rule matches": (
        explained(status(*ONLINE), traces=(trace("no_rule"), trace("reply", DELIVERED), trace("echo", kind="own"))),
        True,
        ["Of the last 2 messages of buyers, 1 was answered (1 by rules), 1 not: no rule matches (1).", "set_default_reply"],
    ),
    "it has nothing to say": (
        explained(status(*ONLINE), rules=()),
        False,
        ["has nothing to answer with", "update_keywords, set_reply_handler or set_default_reply"],
    ),
    "messages were too old": (
        explained(status(*ONLINE), traces=(trace("stale"), trace("stale"))),
        False,
        ["answered none of the last 2 messages of buyers", "too old when it was looked at (2)", "stale_after_s (300 s)"],
    ),
    "the network is down": (
        explained(status("running", "reconnecting", "connect_failed", "timed out", next_try_ms=NOW_MS + 30_500)),
        False,
        ["has had no connection since", "could not be reached (timed out)", "The next try:", "(in 30 s)"],
    ),
    "it waits for its turn to connect": (
        explained(status("registered", "disconnected", "waiting_for_turn"), capacity=BUSY),
        False,
        ["does not answer yet", "8 of at most 8 accounts connect now, 90 wait, and 5 a second may begin; its priority is 0"],
    ),
    "nobody connects": (
        explained(status("registered", "disconnected", "waiting_for_turn"), livekeeper.Config(max_connecting=0)),
        False,
        ["does not answer yet", "Nobody connects: the manager was opened with max_connecting=0."],
    ),
    "it signs in": (
        explained(status("running", "connecting", "signing_in")),
        False,
        ["does not answer yet: it has been on its way to the service since", "signing in"],
    ),
    "it is being stopped": (
        explained(status("stopping", "closed", "restarted")),
        False,
        ["it has been stopping since", "being restarted by the host"],
    ),
    "its session panicked": (
        explained(status("failed", "failed", "panicked", next_try_ms=NOW_MS - 5)),
        False,
        ["it has failed", "by a fault of its own", "The next try: now."],
    ),
    "the handler failed": (
        explained(status(*ONLINE), rules=(), has_handler=True, traces=(trace("handler_failed"), trace("handler_reply", DELIVERED))),
        True,
        ["1 was answered (1 by the reply handler), 1 not", 'the logger "livekeeper"'],
    ),
    "a message waits": (explained(status(*ONLINE), traces=(trace(None),)), True, ["1 message is not decided yet"]),
    "the service refuses what is sent": (
        explained(status(*ONLINE), traces=(trace("reply", REFUSED), trace("default_reply", DELIVERED))),
        True,
        ["2 were answered (1 by rules, 1 by default).", "1 delivered, 1 rejected. The service refused with CSI_FORBID."],
    ),
    "its health is degraded and the process near a bound": (
        explained(
            status(*ONLINE, health="degraded", health_reasons=[livekeeper.HealthReason("silent", "for 45 s")]), capacity=NEAR
        ),
        True,
        ["Its health is degraded", "for 45 s", "near its bounds: file_descriptors: 900 of 1024 (near)"],
    ),
    "nothing is wrong": (explained(status(*ONLINE)), True, ["shop answers: it has been connected since", "No message of a buyer"]),
}


@pytest.mark.parametrize("cause", CAUSES)
def test_each_cause_is_told_with_what_to_do(cause: str) -> None:
    explanation, is_answering, parts = CAUSES[cause]
    text = "\n".join(explanation.sentences)
    assert explanation.is_answering is is_answering, text
    assert [part for part in parts if part not in text] == [], text
    assert all(sentence.endswith(".") for sentence in explanation.sentences)


def test_the_evidence_is_beneath_the_sentences_and_what_is_shown_is_escaped() -> None:
    explanation = explained(status("parked", "failed", "person_must_verify", "https://x/?a=<script>"))
    assert explanation.evidence["reason"] == "person_must_verify (61)"
    lines = str(explanation).splitlines()
    assert lines[: len(explanation.sentences)] == list(explanation.sentences)
    assert "  state = parked" in lines
    shown = explanation._repr_html_()
    assert "&lt;script&gt;" in shown and "<script" not in shown


def test_an_account_is_explained_by_what_has_become_of_its_messages(
    simulator: Simulator, manager: livekeeper.CookieManager, shop: str
) -> None:
    assert manager.explain(shop).is_answering
    simulator.buyer_says(UNB, "包邮吗", buyer_id="961")
    simulator.buyer_says(UNB, "在吗", buyer_id="962")
    simulator.wait_until(lambda _: manager.explain(shop).evidence.get("decision no_rule") == 1, WAIT_S)
    simulator.wait_until(lambda _: "1 was answered (1 by rules), 1 not" in str(manager.explain(shop)), WAIT_S)
    assert manager.explain(shop, messages=1).evidence["messages looked at"] == 1
    manager.update_keywords(shop, [])
    assert not manager.explain(shop).is_answering
    simulator.buyer_says(UNB, "在吗", buyer_id="963", item_id="920")
    simulator.wait_until(lambda _: any(trace.item_id == "920" for trace in manager.messages(shop)), WAIT_S)
    manager.set_default_reply(shop, "在的", item_id="920")
    assert manager.explain(shop).is_answering
    assert manager.explain(shop).evidence["items with a default reply"] == 1
    manager.set_reply_handler(lambda message: None)
    assert manager.explain(shop).evidence["reply handler"] is True


def test_an_account_whose_platform_wants_a_person_says_where(simulator: Simulator, manager: livekeeper.CookieManager) -> None:
    cookie = simulator.cookie(UNB)
    simulator.require_verification(UNB, "https://passport.goofish.com/punish?x=1")
    manager.add_cookie("shop", cookie)
    manager.wait_for("shop", state="parked", timeout_s=WAIT_S)
    explanation = manager.explain("shop")
    assert not explanation.is_answering
    assert "https://passport.goofish.com/punish?x=1" in explanation.sentences[0]


def test_it_is_awaited_with_the_other_face_and_an_unknown_account_is_not_found(manager: livekeeper.CookieManager, shop: str) -> None:
    async def work() -> livekeeper.Explanation:
        with pytest.raises(livekeeper.AccountNotFound, match="nobody"):
            await manager.aio.explain("nobody")
        with pytest.raises(TypeError, match="cookie_id"):
            manager.aio.explain(7)  # type: ignore[arg-type, unused-coroutine]
        return await manager.aio.explain(shop)

    assert asyncio.run(work()).sentences[1:] == manager.explain(shop).sentences[1:]
    with pytest.raises(livekeeper.AccountNotFound, match="nobody"):
        manager.explain("nobody")
    with pytest.raises(livekeeper.InvalidArgument, match="limit"):
        manager.explain(shop, messages=0)
    manager.close()
    with pytest.raises(livekeeper.ManagerClosed):
        manager.explain(shop)
