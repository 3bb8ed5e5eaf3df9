"""Orders: their rows and events, and shipments that are confirmed once: orders, order, confirm_shipment, the setting; and remarks."""

from __future__ import annotations

from pathlib import Path

import livekeeper
import pytest
from conftest import UNB, WAIT_S
from livekeeper.testing import Entry, Simulator

CHAT = Simulator.chat_of("961")
ORDER = "6276084829544251257"


def push_card(simulator: Simulator, status: str, order_id: str = ORDER) -> str:
    (message_id,) = simulator.push(UNB, [Entry.order_card(CHAT, "961", order_id=order_id, status=status, item_id="920")])
    assert message_id is not None
    return message_id


def hear(events: livekeeper.Events, kind: str) -> livekeeper.Event:
    for event in events:
        if event.kind == kind:
            return event
    raise AssertionError(f"no {kind} came")


def test_cards_become_an_order_with_its_history_and_each_status_is_told(
    simulator: Simulator, manager: livekeeper.CookieManager, shop: str
) -> None:
    events = manager.events(WAIT_S)
    first = push_card(simulator, "awaiting_payment")
    told = hear(events, "order_changed")
    assert told.order is not None
    assert (told.cookie_id, told.order.order_id, told.order.status) == ("shop", ORDER, livekeeper.OrderStatus.AWAITING_PAYMENT)
    second = push_card(simulator, "awaiting_shipment")
    order = hear(events, "order_changed").order
    assert order is not None
    assert order == manager.order("shop", ORDER) == manager.orders("shop")[0]
    assert (order.chat_id, order.item_id, order.buyer_id, order.confirmation) == (CHAT, "920", "961", None)
    assert [(step.status, step.message_id) for step in order.history] == [("awaiting_payment", first), ("awaiting_shipment", second)]
    assert str(order) == f"order {ORDER}: awaiting_shipment"
    assert (manager.order("shop", "7"), manager.get_auto_confirm_setting("shop")) == (None, False)
    assert simulator.consigned_orders(UNB) == []


def test_a_paid_order_is_confirmed_once_also_over_a_replay_and_a_restart(simulator: Simulator, tmp_path: Path) -> None:
    with livekeeper.CookieManager(tmp_path / "shops.db", simulator.config()) as manager:
        manager.add_cookie("shop", simulator.cookie(UNB))
        manager.update_auto_confirm_setting("shop", True)
        manager.wait_for("shop", connection="connected", timeout_s=WAIT_S)
        events = manager.events(WAIT_S)
        paid = push_card(simulator, "awaiting_shipment")
        ended = hear(events, "confirmation_ended")
        assert ended.confirmation is not None
        assert (ended.order_id, ended.confirmation.state) == (ORDER, livekeeper.ConfirmationState.CONFIRMED)
        assert str(ended) == f"shop: confirmation of order {ORDER}: confirmed"
        assert simulator.replay(UNB, paid)
    with livekeeper.CookieManager(tmp_path / "shops.db", simulator.config()) as manager:
        events = manager.events(WAIT_S)
        manager.wait_for("shop", connection="connected", timeout_s=WAIT_S)
        assert manager.get_auto_confirm_setting("shop") is True
        simulator.replay(UNB, paid)
        push_card(simulator, "awaiting_shipment", "2")
        assert hear(events, "confirmation_ended").order_id == "2"
        assert manager.confirm_shipment("shop", ORDER).state == "confirmed"
    assert simulator.consigned_orders(UNB) == [ORDER, "2"]
    assert simulator.violations() == []


def test_a_refused_shipment_is_told_with_the_service_s_words_and_asked_again_for_a_person(
    simulator: Simulator, manager: livekeeper.CookieManager, shop: str
) -> None:
    events = manager.events(WAIT_S)
    push_card(simulator, "awaiting_shipment")
    hear(events, "order_changed")
    simulator.refuse_next_consign(UNB, "FAIL_BIZ_ORDER_STATUS::订单状态错误")
    refused = manager.confirm_shipment("shop", ORDER)
    assert (refused.state, refused.code, refused.text) == ("refused", "FAIL_BIZ_ORDER_STATUS", "订单状态错误")
    assert hear(events, "confirmation_ended").confirmation == refused
    order = manager.order("shop", ORDER)
    assert order is not None
    assert order.confirmation == refused
    assert manager.confirm_shipment("shop", ORDER).state is livekeeper.ConfirmationState.CONFIRMED
    with pytest.raises(livekeeper.InvalidArgument, match='order_id: no order "7"'):
        manager.confirm_shipment("shop", "7")
    with pytest.raises(livekeeper.InvalidArgument, match="limit: is 0"):
        manager.orders("shop", limit=0)


def test_a_remark_is_kept_with_its_account(manager: livekeeper.CookieManager, shop: str) -> None:
    assert manager.get_remark("shop") == ""
    manager.set_remark("shop", "老王的店")
    assert manager.get_remark("shop") == "老王的店"
    with pytest.raises(livekeeper.InvalidArgument, match="remark: must have at most 1000 bytes"):
        manager.set_remark("shop", "x" * 1_001)
    with pytest.raises(livekeeper.AccountNotFound):
        manager.get_remark("nobody")
