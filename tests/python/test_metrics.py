"""What a manager shows of itself: its capacity and its figures, as values and as text."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

import livekeeper
import pytest
from conftest import UNB, WAIT_S
from livekeeper.testing import Simulator


def read_openmetrics(text: str) -> dict[str, float]:
    """The samples of a text by their names with labels; refused is what is not of the form."""
    *lines, end, nothing = text.split("\n")
    assert (end, nothing) == ("# EOF", "")
    types: dict[str, str] = {}
    samples: dict[str, float] = {}
    for line in lines:
        comment = re.fullmatch(r"# (HELP|TYPE|UNIT) ([a-z_]+) (.+)", line)
        if comment is not None:
            if comment[1] == "TYPE":
                assert comment[2] not in types, line
                types[comment[2]] = comment[3]
            continue
        sample = re.fullmatch(r'([a-z_]+)((?:\{(?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)+\})?) ([-+.0-9eE]+)', line)
        assert sample is not None, line
        name = sample[1][: -len("_total")] if sample[1].endswith("_total") else sample[1]
        assert types[name] == ("counter" if sample[1].endswith("_total") else "gauge"), line
        assert sample[1] + sample[2] not in samples, line
        samples[sample[1] + sample[2]] = float(sample[3])
    return samples


@pytest.fixture
def busy_shop(simulator: Simulator, manager: livekeeper.CookieManager, shop: str) -> str:
    """An account that has answered a message."""
    simulator.buyer_says(UNB, "包邮吗")
    # Counted when the service's answer has come, which is after the simulator heard the reply.
    simulator.wait_until(lambda _: manager.status("shop").counters.replied == 1, WAIT_S)
    return shop


def test_a_capacity_has_everything_that_has_a_bound_in_the_order_of_the_kinds(
    manager: livekeeper.CookieManager, busy_shop: str
) -> None:
    capacity = manager.capacity()
    assert [item.kind for item in capacity.items] == list(livekeeper.CapacityKind)
    assert abs(datetime.now(timezone.utc) - capacity.at) < timedelta(seconds=WAIT_S)
    used = {item.kind.value: item.used for item in capacity.items}
    bound = {item.kind.value: item.bound for item in capacity.items}
    assert (used["accounts"], used["connections"], used["connecting"], used["helpers"]) == (1, 1, 0, 0)
    # The queue's 10,000 places are rounded up to a power of two.
    assert (bound["accounts"], bound["connecting"], bound["helpers"], bound["event_queue"]) == (20_000, 64, 4, 16_384)
    assert used["threads"] >= 5
    assert used["file_descriptors"] >= 5
    assert 1_000_000 < used["memory_bytes"] < (bound["memory_bytes"] or 1 << 60)
    assert 0 <= used["runtime_busy_percent"] <= 100
    assert all((item in capacity.warnings) == (item.level != "ok") for item in capacity.items)


def test_metrics_count_accounts_and_what_they_have_done(manager: livekeeper.CookieManager, busy_shop: str) -> None:
    metrics = manager.metrics()
    assert metrics.accounts == 1
    assert metrics.states == {state.value: int(state == "running") for state in livekeeper.TaskState}
    assert metrics.connections == {state.value: int(state == "connected") for state in livekeeper.ConnectionState}
    assert metrics.health == {"ok": 1, "degraded": 0, "down": 0}
    assert metrics.states[livekeeper.TaskState.RUNNING] == 1
    assert (metrics.counters.received, metrics.counters.replied) == (1, 1)
    assert 0 < metrics.uptime_s < 60
    accounts = metrics.capacity.get("accounts")
    assert accounts is not None
    assert accounts.used == 1
    # What a removed account has done stays in the sum.
    manager.remove_cookie("shop")
    after = manager.metrics()
    assert (after.accounts, after.counters.received, after.uptime_s > metrics.uptime_s) == (0, 1, True)
    assert after != metrics


def test_the_text_is_openmetrics_and_has_accounts_only_when_asked(manager: livekeeper.CookieManager, busy_shop: str) -> None:
    manager.add_cookie('a "b\\c\n店', "unb=1; a=b")
    # Switched off, so that the figures stand still: the simulator takes any cookie.
    manager.update_cookie_status('a "b\\c\n店', False)
    plain = read_openmetrics(manager.metrics_text())
    assert plain['livekeeper_connections{state="connected"}'] == 1
    assert plain["livekeeper_received_total"] == 1
    assert plain['livekeeper_capacity_bound{kind="accounts"}'] == 20_000
    assert not any("cookie_id" in name for name in plain)
    detailed = read_openmetrics(manager.metrics_text(per_account=True))
    assert plain.keys() <= detailed.keys()
    assert detailed['livekeeper_account_replied_total{cookie_id="shop"}'] == 1
    assert detailed['livekeeper_account_received_total{cookie_id="a \\"b\\\\c\\n店"}'] == 0


def test_a_closed_manager_shows_nothing_more(manager: livekeeper.CookieManager) -> None:
    manager.close()
    for look in (manager.capacity, manager.metrics, manager.metrics_text):
        with pytest.raises(livekeeper.ManagerClosed):
            look()
