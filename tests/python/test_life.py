"""What the host may do with an account that runs: pause, resume, restart, and its place in the queue; and its health."""

from __future__ import annotations

from pathlib import Path

import livekeeper
import pytest
from conftest import UNB, WAIT_S
from livekeeper.testing import Simulator


def test_a_paused_account_records_and_answers_nothing_until_it_is_resumed(
    simulator: Simulator, manager: livekeeper.CookieManager, shop: str
) -> None:
    manager.pause("shop")
    paused = manager.wait_for("shop", state=livekeeper.TaskState.PAUSED, connection="connected", timeout_s=WAIT_S)
    assert (paused.paused, paused.enabled, paused.reason.code) == (True, True, "paused")
    simulator.buyer_says(UNB, "包邮吗", buyer_id="961")
    # It is acknowledged once it is recorded.
    simulator.wait_until(lambda seen: seen.counters(UNB)["acks"] >= seen.counters(UNB)["pushes"] > 0, WAIT_S)
    assert manager.send_text("shop", "41", "9687", "稍等").outcome == "delivered"
    manager.resume("shop")
    assert manager.wait_for("shop", state="running", timeout_s=WAIT_S).paused is False
    simulator.buyer_says(UNB, "包邮吗", buyer_id="962")
    simulator.wait_sends(UNB, 2, WAIT_S)
    assert manager.status("shop").counters.received == 2
    manager.close()
    assert [(send.peer_id, send.text) for send in simulator.sends(UNB)] == [("9687", "稍等"), ("962", "全场包邮")]
    assert simulator.violations() == []


def test_pause_and_priority_are_remembered_when_the_store_is_opened_again(simulator: Simulator, tmp_path: Path) -> None:
    with livekeeper.CookieManager(tmp_path / "shops.db", simulator.config()) as manager:
        manager.add_cookie("shop", simulator.cookie(UNB))
        manager.pause("shop")
        manager.set_priority("shop", -100)
    with livekeeper.CookieManager(tmp_path / "shops.db", simulator.config()) as manager:
        status = manager.wait_for("shop", state="paused", connection="connected", timeout_s=WAIT_S)
        assert (status.paused, status.priority) == (True, -100)


def test_an_account_that_is_parked_runs_again_after_a_restart(simulator: Simulator, manager: livekeeper.CookieManager) -> None:
    simulator.require_verification(UNB)
    manager.add_cookie("shop", simulator.cookie(UNB))
    parked = manager.wait_for("shop", state="parked", timeout_s=WAIT_S)
    assert (parked.health, [reason.code for reason in parked.health_reasons]) == ("down", ["parked"])
    simulator.clear_verification(UNB)
    manager.restart("shop")
    status = manager.wait_for("shop", connection="connected", timeout_s=WAIT_S)
    assert (status.state, status.health, status.health_reasons) == ("running", livekeeper.Health.OK, ())


def test_an_account_goes_through_its_proxy_or_nowhere(
    simulator: Simulator, manager: livekeeper.CookieManager, shop: str
) -> None:
    manager.set_proxy("shop", "socks5://user:CANARY@127.0.0.1:9")
    with manager.events(timeout_s=WAIT_S) as events:
        reason = next(event.reason for event in events if event.reason and event.reason.code == "proxy_failed")
    assert (reason.number, "the proxy socks5://127.0.0.1:9 cannot be reached" in reason.detail) == (51, True)
    status = manager.status("shop")
    assert status.state == "running" and "CANARY" not in f"{status!r} {reason!r}"
    assert status.counters.connects == 1
    manager.set_proxy("shop", None)
    manager.wait_for("shop", connection="connected", timeout_s=WAIT_S)


def test_a_session_gets_a_new_token_now_and_then_and_that_is_no_failure(simulator: Simulator) -> None:
    config = simulator.config().replace(token_refresh_s=0.2)
    with livekeeper.CookieManager(":memory:", config) as manager, manager.events(timeout_s=WAIT_S) as events:
        manager.add_cookie("shop", simulator.cookie(UNB))
        assert any(event.reason and event.reason.code == livekeeper.ReasonCode.TOKEN_RENEWED for event in events)
        assert manager.status("shop").counters.failures == 0


def test_a_restart_ends_the_session_with_a_close_frame_and_opens_another(
    simulator: Simulator, manager: livekeeper.CookieManager, shop: str
) -> None:
    manager.restart("shop")
    manager.wait_for("shop", connection="connected", timeout_s=WAIT_S)
    assert manager.status("shop").counters.connects == 2
    assert simulator.max_live_sessions(UNB) == 1
    assert [ending.by for ending in simulator.endings()] == ["client_with_frame"]


def test_a_restart_of_an_account_that_is_switched_off_is_refused(manager: livekeeper.CookieManager, shop: str) -> None:
    manager.update_cookie_status("shop", False)
    with pytest.raises(livekeeper.AccountDisabled, match="update_cookie_status") as refused:
        manager.restart("shop")
    assert (refused.value.cookie_id, refused.value.code) == ("shop", 15)


def test_the_verbs_name_an_account_that_is_not_there(manager: livekeeper.CookieManager) -> None:
    ranked, proxied = (lambda cookie_id: manager.set_priority(cookie_id, 1)), (lambda cookie_id: manager.set_proxy(cookie_id, None))
    for verb in (manager.pause, manager.resume, manager.restart, ranked, proxied):
        with pytest.raises(livekeeper.AccountNotFound) as error:
            verb("无此店")
        assert error.value.cookie_id == "无此店"


def test_an_account_that_is_added_with_a_proxy_never_goes_past_it(
    simulator: Simulator, manager: livekeeper.CookieManager
) -> None:
    with manager.events(timeout_s=WAIT_S) as events:
        manager.add_cookie("shop", simulator.cookie(UNB), proxy="socks5://user:CANARY@127.0.0.1:9")
        reason = next(event.reason for event in events if event.reason and event.reason.code == "proxy_failed")
    assert "CANARY" not in f"{manager.status('shop')!r} {reason!r}"
    assert (simulator.counters(UNB)["api_calls"], simulator.counters(UNB)["connects"]) == (0, 0)
    # Where nothing is said of it, it stays.
    manager.add_cookie("shop", simulator.cookie(UNB))
    assert manager.status("shop").counters.connects == 0
    with pytest.raises(livekeeper.InvalidArgument, match="proxy: "):
        manager.add_cookie("other", simulator.cookie(UNB), proxy="ftp://127.0.0.1:9")
    manager.set_proxy("shop", None)
    manager.wait_for("shop", connection="connected", timeout_s=WAIT_S)
