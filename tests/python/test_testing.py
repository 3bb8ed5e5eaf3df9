"""The kit for tests of programs that use livekeeper: pytest's fixtures, buyers, answers, faults by name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import livekeeper
import pytest
from livekeeper.testing import FAULTS, Simulator

from conftest import UNB, WAIT_S, run_python


def test_a_buyer_talks_and_hears_what_is_answered_to_nobody_else(
    simulator: Simulator, manager: livekeeper.CookieManager
) -> None:
    unb = simulator.open_shop(manager, "shop", keywords=[("包邮", "全场包邮"), ("在吗", "{send_user_name}，在的")])
    wang, li = simulator.buyer("小王"), simulator.buyer("老李", unb)
    wang.says("包邮吗")
    assert wang.hears("全场包邮", within_s=WAIT_S).peer_id == wang.buyer_id
    li.says("在吗")
    assert li.hears(within_s=WAIT_S).text == "老李，在的"
    wang.hears_nothing(for_s=0.05)
    assert (wang.texts(), li.texts()) == (["全场包邮"], ["老李，在的"])
    assert simulator.buyer("小王").buyer_id == wang.buyer_id != li.buyer_id


def test_a_buyer_that_hears_something_else_or_nothing_says_so(simulator: Simulator, manager: livekeeper.CookieManager) -> None:
    simulator.open_shop(manager, "shop", keywords=[("包邮", "全场包邮")])
    wang = simulator.buyer("小王")
    with pytest.raises(AssertionError, match="小王 heard nothing within 0.05 s"):
        wang.hears(within_s=0.05)
    wang.says("包邮吗")
    with pytest.raises(AssertionError, match="小王 heard '全场包邮', expected '不包邮'"):
        wang.hears("不包邮", within_s=WAIT_S)
    wang.says("包邮吗")
    with pytest.raises(AssertionError, match=r"was to hear nothing, and heard \['全场包邮'\]"):
        wang.hears_nothing(for_s=WAIT_S)
    simulator.cookie()
    with pytest.raises(ValueError, match="knows 2 accounts: say to which"):
        simulator.buyer("小张")


def test_what_was_answered_is_compared_and_shown_where_it_is_otherwise(
    simulator: Simulator, manager: livekeeper.CookieManager
) -> None:
    unb = simulator.open_shop(manager, "shop", keywords=[("包邮", "全场包邮"), ("在吗", "在的")])
    for name, text in [("小王", "包邮吗"), ("老李", "在吗"), ("小张", "早")]:
        simulator.buyer(name, unb).says(text)
    simulator.assert_answered(unb, {"包邮吗": "全场包邮", "在吗": "在的", "早": None}, within_s=WAIT_S)
    with pytest.raises(AssertionError) as shown:
        simulator.assert_answered(unb, {"包邮吗": "不包邮", "在吗": None, "早": "早"}, within_s=0.05)
    assert str(shown.value).splitlines() == [
        f"not as expected within 0.05 s at {unb}:",
        "  '包邮吗' was answered with '全场包邮', expected '不包邮'",
        "  '在吗' was answered with '在的', expected None",
        "  '早' was answered with None, expected '早'",
    ]
    with pytest.raises(AssertionError, match="nobody said"):
        simulator.assert_answered(unb, {"晚安": "晚安"})


@pytest.mark.parametrize("name", FAULTS)
def test_an_account_gets_over_each_fault_or_says_what_it_needs(
    simulator: Simulator, manager: livekeeper.CookieManager, name: str
) -> None:
    unb = simulator.open_shop(manager, "shop", keywords=[("包邮", "全场包邮")])
    with simulator.fault(name, unb) as fault:
        assert repr(fault) == f"<Fault {name} of {unb}: {FAULTS[name].partition(';')[0]}>"
        simulator.drop_connection(unb)
    if name in ("session_expired", "verification_required"):
        manager.update_cookie("shop", simulator.renew_cookie(unb))
    buyer = simulator.buyer("小王", unb)
    if name in ("send_refused", "send_swallowed"):
        # It is never sent again by itself.
        buyer.says("包邮吗")
        simulator.wait_sends(unb, 1, WAIT_S)
    buyer.says("包邮吗")
    buyer.hears("全场包邮", within_s=WAIT_S)


def test_an_unknown_fault_is_refused_with_those_that_there_are(simulator: Simulator) -> None:
    with pytest.raises(ValueError, match="there is no fault 'rain'; there are api_disconnects"):
        simulator.fault("rain", UNB)


def test_a_project_of_a_user_s_has_the_fixtures_without_setting_anything_up(tmp_path: Path) -> None:
    (tmp_path / "test_shop.py").write_text(
        """
import pytest

@pytest.fixture
def livekeeper_config(simulator):
    return simulator.config(max_accounts=1)

def test_the_answer_reaches_the_buyer(simulator, manager):
    unb = simulator.open_shop(manager, "shop 1")
    manager.set_reply_handler(lambda message: "最低 90 元")
    buyer = simulator.buyer("小王", unb)
    buyer.says("能便宜点吗")
    buyer.hears("最低 90 元")
    simulator.assert_answered(unb, {"能便宜点吗": "最低 90 元"})
    with pytest.raises(Exception, match="max_accounts"):
        manager.add_cookie("shop 2", simulator.cookie())

def test_a_login_that_is_over_is_seen(simulator, manager):
    unb = simulator.open_shop(manager, "shop 1")
    simulator.fault("session_expired", unb)
    simulator.fault("connection_dropped", unb)
    assert manager.wait_for("shop 1", state="parked", timeout_s=10).reason.code == "session_expired"
""",
        encoding="utf-8",
    )
    check = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(check, capture_output=True, text=True, encoding="utf-8", timeout=50, cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


def test_the_kit_does_not_need_pytest() -> None:
    done = run_python("import sys; sys.modules['pytest'] = None; import livekeeper.testing; print(livekeeper.testing.FAULTS['silence'])")
    assert done.stdout == "the connection is answered nothing, not even heartbeats\n"
