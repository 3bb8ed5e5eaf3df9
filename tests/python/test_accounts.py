"""Accounts: added, replaced, switched, removed, and there again when the store is opened again."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import livekeeper
import pytest
from conftest import UNB, WAIT_S
from livekeeper.testing import Simulator


def test_an_account_that_is_added_is_listed_enabled_and_has_its_rules(
    simulator: Simulator, manager: livekeeper.CookieManager
) -> None:
    rules = [("包邮", "全场包邮"), ("在吗", "在的")]
    manager.add_cookie("shop", simulator.cookie(UNB), keywords=iter(rules), user_id=7)
    assert manager.list_cookies() == manager.get_enabled_cookies() == ["shop"]
    assert manager.get_cookie_status("shop") is True
    assert manager.get_keywords("shop") == rules
    assert [status.cookie_id for status in manager.statuses()] == ["shop"]


def test_new_rules_are_in_the_place_of_the_old_ones_from_the_next_message_on(
    simulator: Simulator, manager: livekeeper.CookieManager, shop: str
) -> None:
    manager.update_keywords("shop", (rule for rule in [("包邮", "不包邮")]))
    simulator.buyer_says(UNB, "包邮吗")
    assert simulator.wait_sends(UNB, 1, WAIT_S)[0].text == "不包邮"
    manager.update_keywords("shop", [])
    assert manager.get_keywords("shop") == []


def test_adding_an_account_that_exists_replaces_its_session_and_keeps_its_rules(
    simulator: Simulator, manager: livekeeper.CookieManager, shop: str
) -> None:
    manager.add_cookie("shop", simulator.cookie(UNB))
    manager.wait_for("shop", connection="connected", timeout_s=WAIT_S)
    assert manager.get_keywords("shop") == [("包邮", "全场包邮")]
    assert simulator.max_live_sessions(UNB) == 1
    assert [ending.by for ending in simulator.endings()] == ["client_with_frame"]


def test_a_new_cookie_of_another_user_is_refused_and_the_old_one_stays(
    simulator: Simulator, manager: livekeeper.CookieManager, shop: str
) -> None:
    with pytest.raises(livekeeper.WrongOwner, match=UNB) as refused:
        manager.update_cookie("shop", simulator.cookie("2200000000009"))
    assert refused.value.cookie_id == "shop"
    assert manager.status("shop").connection == "connected"


def test_an_account_that_is_switched_off_is_closed_and_comes_back_when_switched_on(
    simulator: Simulator, manager: livekeeper.CookieManager, shop: str
) -> None:
    manager.update_cookie_status("shop", False)
    status = manager.status("shop")
    assert (status.state, status.connection, status.enabled) == ("stopped", "closed", False)
    assert status.reason.code == livekeeper.ReasonCode.DISABLED
    assert manager.get_cookie_status("shop") is False
    assert (manager.list_cookies(), manager.get_enabled_cookies()) == (["shop"], [])
    manager.update_cookie_status("shop", True)
    manager.wait_for("shop", connection="connected", timeout_s=WAIT_S)


def test_an_account_that_is_removed_is_gone(simulator: Simulator, manager: livekeeper.CookieManager, shop: str) -> None:
    manager.remove_cookie("shop")
    assert manager.list_cookies() == []
    simulator.wait_until(lambda seen: seen.connections() == 0, WAIT_S)
    for call in (manager.status, manager.remove_cookie, manager.get_keywords, manager.get_cookie_status):
        with pytest.raises(livekeeper.AccountNotFound) as error:
            call("shop")
        assert error.value.cookie_id == "shop"
        assert str(error.value).startswith("no account has the cookie_id")
        assert isinstance(error.value, KeyError)


def test_opening_a_store_again_starts_what_was_enabled_and_keeps_the_rules(simulator: Simulator, tmp_path: Path) -> None:
    store = tmp_path / "shops.db"
    with livekeeper.CookieManager(store, simulator.config()) as manager:
        manager.add_cookie("on", simulator.cookie("2200000000001"), keywords=[("包邮", "全场包邮")])
        manager.add_cookie("off", simulator.cookie("2200000000002"))
        manager.update_cookie_status("off", False)
    assert stat.S_IMODE(os.stat(store).st_mode) == 0o600
    with livekeeper.CookieManager(str(store), simulator.config()) as manager:
        manager.wait_for("on", connection="connected", timeout_s=WAIT_S)
        assert manager.get_keywords("on") == [("包邮", "全场包邮")]
        assert manager.get_enabled_cookies() == ["on"]
        assert manager.status("off").state == "stopped"
        simulator.buyer_says("2200000000001", "包邮吗")
        simulator.wait_sends("2200000000001", 1, WAIT_S)


def test_a_wait_that_ends_says_how_things_stood(manager: livekeeper.CookieManager, shop: str) -> None:
    with pytest.raises(livekeeper.TimedOut, match="state=parked.*running, connected") as timed_out:
        manager.wait_for("shop", state="parked", timeout_s=0.01)
    assert isinstance(timed_out.value, TimeoutError)
    assert (timed_out.value.cookie_id, timed_out.value.code) == ("shop", 7)


def test_a_wait_for_both_states_takes_members_and_names(manager: livekeeper.CookieManager, shop: str) -> None:
    status = manager.wait_for(
        "shop", state=livekeeper.TaskState.RUNNING, connection=livekeeper.ConnectionState.CONNECTED, timeout_s=WAIT_S
    )
    assert status == manager.wait_for("shop", state="running", connection="connected", timeout_s=0)


def test_closing_ends_every_session_with_a_close_frame_and_says_so(simulator: Simulator) -> None:
    with livekeeper.CookieManager(":memory:", simulator.config()) as manager:
        for number in range(5):
            manager.add_cookie(f"shop {number}", simulator.cookie())
        for cookie_id in manager.list_cookies():
            manager.wait_for(cookie_id, connection="connected", timeout_s=WAIT_S)
        report = manager.close(timeout_s=5)
        assert report.is_clean
        assert [account.cookie_id for account in report.accounts] == [f"shop {number}" for number in range(5)]
        assert all(account.stages[0].outcome == "done" and not account.left for account in report.accounts)
        assert manager.close() == report
        with pytest.raises(livekeeper.ManagerClosed):
            manager.list_cookies()
    simulator.wait_until(lambda seen: len(seen.endings()) == 5, WAIT_S)
    assert {ending.by for ending in simulator.endings()} == {"client_with_frame"}


def test_leaving_the_with_block_closes_and_lets_the_exception_pass(simulator: Simulator) -> None:
    with pytest.raises(ZeroDivisionError):
        with livekeeper.CookieManager(":memory:", simulator.config()) as manager:
            raise ZeroDivisionError
    with pytest.raises(livekeeper.ManagerClosed):
        manager.statuses()


def test_sixteen_threads_may_call_at_once(simulator: Simulator, manager: livekeeper.CookieManager) -> None:
    def one_account(number: int) -> str:
        cookie_id, unb = f"shop {number:02}", str(2_200_000_000_100 + number)
        manager.add_cookie(cookie_id, simulator.cookie(unb), keywords=[("在吗", f"在的 {number}")])
        manager.wait_for(cookie_id, connection="connected", timeout_s=WAIT_S)
        for turn in range(20):
            assert manager.status(cookie_id).cookie_id == cookie_id
            manager.update_keywords(cookie_id, [("在吗", f"在的 {number}"), ("其他", str(turn))])
            assert cookie_id in manager.get_enabled_cookies()
        simulator.buyer_says(unb, "在吗")
        return simulator.wait_sends(unb, 1, WAIT_S)[0].text

    with ThreadPoolExecutor(16) as threads:
        assert list(threads.map(one_account, range(16))) == [f"在的 {number}" for number in range(16)]
    assert len(manager.statuses()) == 16
    assert simulator.violations() == []
