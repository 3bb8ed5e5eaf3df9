"""The stream of events: what is told, to how many readers, and what a slow one hears."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone
from typing import Callable

import livekeeper
import pytest
from conftest import UNB, WAIT_S
from livekeeper import Event, Health, Standing
from livekeeper.testing import Simulator


def changes(events: list[Event], cookie_id: str) -> list[tuple[Standing, Standing]]:
    """An account's changes of state."""
    found = [(event.old, event.new) for event in events if event.kind == "state_changed" and event.cookie_id == cookie_id]
    return [(old, new) for old, new in found if isinstance(old, Standing) and isinstance(new, Standing)]


def test_every_transition_of_an_account_is_told_in_order_with_its_reason(simulator: Simulator) -> None:
    began = datetime.now(timezone.utc)
    with livekeeper.CookieManager(":memory:", simulator.config()) as manager:
        events = manager.events()
        manager.add_cookie("shop", simulator.cookie(UNB))
        manager.wait_for("shop", connection="connected", timeout_s=WAIT_S)
        manager.pause("shop")
        manager.resume("shop")
        manager.update_cookie_status("shop", False)
        manager.update_cookie_status("shop", True)
        manager.wait_for("shop", connection="connected", timeout_s=WAIT_S)
        report = manager.close()
    told = list(events)
    shop = changes(told, "shop")
    # Each begins where the one before ended: none is missing.
    assert [old for old, _ in shop[1:]] == [new for _, new in shop[:-1]]
    connects = [
        "registered, disconnected, waiting_for_turn",
        "running, connecting, signing_in",
        "running, connecting, opening",
        "running, connected, online",
    ]
    assert [str(shop[0][0]), *(str(new) for _, new in shop)] == [
        "created, disconnected, starting",
        *connects,
        "paused, connected, paused",
        "running, connected, online",
        "stopping, connected, disabled",
        "stopped, closed, disabled",
        "created, disconnected, starting",
        *connects,
        "stopping, connected, manager_closed",
        "stopped, closed, manager_closed",
    ]
    for event in told:
        assert event.cookie_id == "shop"
        assert began - timedelta(seconds=1) <= event.at <= datetime.now(timezone.utc) + timedelta(seconds=1)
        assert event.at.tzinfo is timezone.utc
        if event.kind == "state_changed":
            assert isinstance(event.new, Standing)
            assert event.reason is not None
            assert event.reason.code is event.new.reason
    stops = [event.report for event in told if event.kind == "stopped"]
    assert [stop.cookie_id for stop in stops if stop is not None] == ["shop", "shop"]
    assert stops[-1] == report.accounts[0]
    assert list(events) == []
    with pytest.raises(livekeeper.ManagerClosed, match="every event was read"):
        events.next(timeout_s=0)
    with pytest.raises(livekeeper.ManagerClosed):
        manager.events()


def test_health_and_capacity_are_told_on_their_edges(simulator: Simulator) -> None:
    with livekeeper.CookieManager(":memory:", simulator.config(max_accounts=5, health_interval_s=0.05)) as manager:
        events = manager.events()
        simulator.require_verification(UNB, "https://example.com/verify")
        manager.add_cookie("shop", simulator.cookie(UNB))
        down = wait_for(events, lambda event: event.kind == "health_changed")
        assert (down.cookie_id, down.old, down.new) == ("shop", Health.OK, Health.DOWN)
        assert [reason.code for reason in down.reasons] == [livekeeper.HealthCode.PARKED]
        for number in range(3):
            manager.add_cookie(f"shop {number}", simulator.cookie())
        # Whatever else this machine is short of.
        near = wait_for(events, lambda event: event.item is not None and event.item.kind == "accounts")
        assert (near.kind, near.cookie_id) == ("capacity_changed", None)
        assert near.item == livekeeper.CapacityItem("accounts", 4, 5, "near")
        simulator.clear_verification(UNB)
        manager.restart("shop")
        well = wait_for(events, lambda event: event.kind == "health_changed")
        assert (well.old, well.new, well.reasons) == ("down", "ok", ())


def test_a_slow_reader_hears_how_much_it_missed_and_goes_on_with_what_is_kept(simulator: Simulator) -> None:
    with livekeeper.CookieManager(":memory:", simulator.config(event_queue=16)) as manager:
        manager.add_cookie("shop", simulator.cookie(UNB))
        manager.wait_for("shop", connection="connected", timeout_s=WAIT_S)
        slow = manager.events()
        for _ in range(20):
            manager.pause("shop")
            manager.resume("shop")
        lagged = slow.next(timeout_s=WAIT_S)
        assert lagged is not None
        assert (lagged.kind, lagged.missed, lagged.cookie_id) == ("lagged", 24, None)
        assert abs(datetime.now(timezone.utc) - lagged.at) < timedelta(seconds=WAIT_S)
        kept = [slow.next(timeout_s=WAIT_S) for _ in range(16)]
        codes = [event.reason.code for event in kept if event is not None and event.reason is not None]
        assert codes == [livekeeper.ReasonCode.PAUSED, livekeeper.ReasonCode.ONLINE] * 8
        assert slow.next(timeout_s=0) is None


def test_several_readers_hear_the_same_each_in_a_thread_of_its_own(simulator: Simulator) -> None:
    heard: dict[int, list[Event]] = {}
    with livekeeper.CookieManager(":memory:", simulator.config()) as manager:

        def read(number: int, events: livekeeper.Events) -> None:
            heard[number] = list(events)

        readers = [threading.Thread(target=read, args=(number, manager.events())) for number in range(4)]
        for reader in readers:
            reader.start()
        for number in range(8):
            manager.add_cookie(f"shop {number}", simulator.cookie())
        for number in range(8):
            manager.wait_for(f"shop {number}", connection="connected", timeout_s=WAIT_S)
    for reader in readers:
        reader.join(WAIT_S)
    assert heard[0] == heard[1] == heard[2] == heard[3]
    for number in range(8):
        assert changes(heard[0], f"shop {number}")[-1][1].state == "stopped"


def test_threads_that_share_a_reader_share_its_events_out(manager: livekeeper.CookieManager, shop: str) -> None:
    events, heard = manager.events(), list[Event]()
    threads = [threading.Thread(target=lambda: heard.extend(events)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(10):
        manager.pause("shop")
        manager.resume("shop")
    manager.close()
    for thread in threads:
        thread.join(WAIT_S)
    codes = [event.reason.code for event in heard if event.kind == "state_changed" and event.reason is not None]
    assert (codes.count(livekeeper.ReasonCode.PAUSED), codes.count(livekeeper.ReasonCode.ONLINE)) == (10, 10)


def test_a_reader_hears_only_what_happens_after_it_was_asked_for(manager: livekeeper.CookieManager, shop: str) -> None:
    manager.pause("shop")
    events = manager.events(timeout_s=0)
    assert list(events) == []
    manager.resume("shop")
    assert [str(event) for event in events] == ["shop: running, connected: connected and registered"]


def test_a_reader_that_is_closed_ends(manager: livekeeper.CookieManager, shop: str) -> None:
    with manager.events() as events:
        manager.pause("shop")
        assert next(events).kind == "state_changed"
        manager.resume("shop")
    assert list(events) == []
    with pytest.raises(livekeeper.ManagerClosed, match="this reader is closed"):
        events.next(timeout_s=WAIT_S)
    assert manager.capacity().get("event_queue") == livekeeper.CapacityItem("event_queue", 0, 16_384, "ok")


def wait_for(events: livekeeper.Events, is_wanted: Callable[[Event], bool]) -> Event:
    """The next event that is wanted."""
    while (event := events.next(timeout_s=WAIT_S)) is not None:
        if is_wanted(event):
            return event
    raise AssertionError("it did not come")
