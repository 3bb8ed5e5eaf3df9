"""Plots of messages, replies and connections."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import livekeeper
import pytest
from conftest import UNB, WAIT_S, run_python
from livekeeper._seeing.plots import latencies, quantile, spells
from livekeeper.testing import Simulator

AT_MS = 1_700_000_000_000
AT = datetime.fromtimestamp(AT_MS / 1_000, tz=timezone.utc)


def trace(outcome: livekeeper.SendOutcome, took_ms: int) -> livekeeper.MessageTrace:
    reply = livekeeper.SendTrace("好", outcome, AT_MS, AT_MS + took_ms)
    return livekeeper.MessageTrace("m", "41", "chat", "9", received_at_ms=AT_MS, decision="reply", reply=reply)


def test_a_latency_is_from_the_messages_arrival_to_the_replys_delivery() -> None:
    delivered, refused = livekeeper.SendOutcome("delivered"), livekeeper.SendOutcome("rejected", reason="x")
    silent = livekeeper.MessageTrace("m", "41", "chat", "9", received_at_ms=AT_MS, decision="no_rule")
    assert latencies([trace(delivered, 250), trace(refused, 9), silent, trace(delivered, 0)]) == [(AT, 0.0005), (AT, 0.25)]
    assert (quantile([3.0, 1.0, 2.0], 0.5), quantile([1.0], 0.99)) == (2.0, 1.0)


def test_a_connection_stands_from_one_event_to_the_next() -> None:
    online = livekeeper.Standing("running", "connected", "online")
    lost = livekeeper.Standing("running", "reconnecting", "connection_lost")
    events = [
        livekeeper.Event("state_changed", AT_MS, "店", old=lost, new=online, reason=livekeeper.Reason("online")),
        livekeeper.Event("state_changed", AT_MS + 1_000, "店", old=online, new=lost, reason=livekeeper.Reason("connection_lost")),
    ]
    second = timedelta(seconds=1)
    assert spells(events, AT + 3 * second) == [(AT, AT + second, "connected"), (AT + second, AT + 3 * second, "reconnecting")]


def test_the_plots_show_messages_replies_and_the_connection(simulator: Simulator, manager: livekeeper.CookieManager) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    log = manager.record()
    manager.add_cookie("shop", simulator.cookie(UNB), keywords=[("包邮", "全场包邮")])
    manager.wait_for("shop", connection="connected", timeout_s=WAIT_S)
    for buyer, text in (("961", "包邮吗"), ("962", "在吗"), ("961", "包邮吗")):
        simulator.buyer_says(UNB, text, buyer_id=buyer)
    simulator.wait_until(lambda _: len(latencies(manager.messages("shop"))) == 2, WAIT_S)
    simulator.wait_until(lambda _: manager.explain("shop").evidence.get("decision no_rule") == 1, WAIT_S)
    ax = manager.plot_timeline("shop", log=log)
    assert sorted(label.get_text() for label in ax.get_yticklabels()) == ["chat 4961", "chat 4962", "connection"]
    assert {text.get_text() for text in ax.get_legend().get_texts()} >= {"answered", "not answered", "connected"}
    other = manager.plot_latency("shop")
    assert "2 replies" in other.get_title()
    into = manager.plot_timeline("shop", ax=other)
    assert into is other
    for figure in (ax.figure, other.figure):
        figure.canvas.draw()
    with pytest.raises(livekeeper.AccountNotFound):
        manager.plot_latency("nobody")


def test_plots_of_nothing_say_so(manager: livekeeper.CookieManager, shop: str) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    assert manager.plot_timeline(shop).get_title() == "shop: no messages"
    assert manager.plot_latency(shop).get_title() == "shop: no replies"


def test_a_plot_without_matplotlib_says_what_to_install() -> None:
    program = """
import sys
sys.modules["matplotlib"] = sys.modules["matplotlib.pyplot"] = None
import livekeeper
from livekeeper.testing import Simulator
with Simulator() as simulator, livekeeper.CookieManager(":memory:", simulator.config()) as manager:
    manager.add_cookie("shop", simulator.cookie())
    try:
        manager.plot_timeline("shop")
    except ImportError as error:
        print(error)
"""
    assert run_python(program).stdout == "a plot needs matplotlib: pip install 'livekeeper[plot]'\n"
