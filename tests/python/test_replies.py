"""The main job from Python: a buyer writes, the account answers."""

from __future__ import annotations

import json
from pathlib import Path

import livekeeper
import pytest
from conftest import UNB, WAIT_S
from livekeeper.testing import Entry, Simulator


def test_a_buyers_message_with_a_keyword_is_answered_with_its_reply(
    simulator: Simulator, manager: livekeeper.CookieManager, shop: str
) -> None:
    message_id = simulator.buyer_says(UNB, "老板，请问包邮吗？")
    (send,) = simulator.wait_sends(UNB, 1, WAIT_S)
    assert (send.text, send.in_reply_to, send.outcome) == ("全场包邮", message_id, "accepted")
    assert simulator.violations() == []


def test_rules_for_an_item_and_patterns_and_pictures_answer_with_what_the_message_has(
    simulator: Simulator, manager: livekeeper.CookieManager, shop: str
) -> None:
    picture = livekeeper.Picture("https://img.alicdn.com/size.jpg", 800, 600)
    rules: list[tuple[str, str] | livekeeper.Rule] = [
        ("尺码", "请说是哪一件"),
        livekeeper.Rule(["尺码", "多大"], "{send_user_name}：{item_id} 的{{尺码}}见图", item_id="920001", picture=picture),
        livekeeper.Rule(r"\d+\s*元", "不议价：{send_message}", matching="regex"),
    ]
    manager.update_keywords("shop", rules)
    assert manager.get_keywords("shop") == rules
    simulator.buyer_says(UNB, "尺码？", buyer_id="961", item_id="920001", name="猫")
    simulator.wait_sends(UNB, 2, WAIT_S)
    simulator.buyer_says(UNB, "尺码？", buyer_id="962", item_id="920002")
    simulator.wait_sends(UNB, 3, WAIT_S)
    simulator.buyer_says(UNB, "９０ 元 {item_id}", buyer_id="963", item_id="920001")
    sends = simulator.wait_sends(UNB, 4, WAIT_S)
    assert [(send.peer_id, send.is_picture, send.text) for send in sends] == [
        ("961", False, "猫：920001 的{尺码}见图"),
        ("961", True, picture.url),
        ("962", False, "请说是哪一件"),
        ("963", False, "不议价：９０ 元 {item_id}"),
    ]
    assert simulator.violations() == []


def test_every_entry_of_a_push_is_answered_and_a_replay_is_not(
    simulator: Simulator, manager: livekeeper.CookieManager, shop: str
) -> None:
    entries = [simulator.message(f"包邮 {number}", buyer_id=f"96{number}") for number in range(3)]
    ids = simulator.push(UNB, [Entry.typing("961"), *entries, Entry.system_tip("提示"), Entry.broken()])
    simulator.wait_sends(UNB, 3, WAIT_S)
    assert ids[1] is not None
    assert simulator.replay(UNB, ids[1])
    # A later message of the same account is answered after the replay was looked at.
    simulator.buyer_says(UNB, "包邮", buyer_id="969")
    simulator.wait_sends(UNB, 4, WAIT_S)
    manager.close()
    assert [send.peer_id for send in simulator.sends(UNB)] == ["960", "961", "962", "969"]


def test_accounts_connect_over_tls_with_the_authority_of_ca_file() -> None:
    with Simulator(tls=True) as simulator, livekeeper.CookieManager(":memory:", simulator.config()) as manager:
        assert simulator.websocket_url.startswith("wss://")
        manager.add_cookie("shop", simulator.cookie(UNB))
        manager.wait_for("shop", connection="connected", timeout_s=WAIT_S)
        ca_file = simulator.ca_file
        assert ca_file is not None
        assert Path(ca_file).exists()
    assert not Path(ca_file).exists()


def test_a_certificate_of_an_unknown_authority_is_refused_and_the_reason_says_so() -> None:
    with Simulator(tls=True) as simulator:
        with livekeeper.CookieManager(":memory:", simulator.config(ca_file=None)) as manager:
            manager.add_cookie("shop", simulator.cookie(UNB))
            status = manager.wait_for("shop", connection="reconnecting", timeout_s=WAIT_S)
            assert status.reason.code == livekeeper.ReasonCode.TLS_FAILED
            assert status.state == "running"
        assert simulator.counters()["api_calls"] == 0


@pytest.mark.parametrize("form", ["header", "browser extension", "cookies.txt"])
def test_a_cookie_is_taken_in_each_of_its_pasted_forms(
    simulator: Simulator, manager: livekeeper.CookieManager, form: str
) -> None:
    pairs = [pair.split("=", 1) for pair in simulator.cookie(UNB).split("; ")]
    text = {
        "header": "; ".join(f"{name}={value}" for name, value in pairs),
        "browser extension": json.dumps(
            [{"domain": ".goofish.com", "name": name, "value": value, "path": "/"} for name, value in pairs]
        ),
        "cookies.txt": "# Netscape HTTP Cookie File\n"
        + "".join(f".goofish.com\tTRUE\t/\tTRUE\t0\t{name}\t{value}\n" for name, value in pairs),
    }[form]
    manager.add_cookie("shop", text)
    manager.wait_for("shop", connection="connected", timeout_s=WAIT_S)
    assert simulator.violations() == []


def test_a_send_tells_whether_it_was_delivered_or_rejected(
    simulator: Simulator, manager: livekeeper.CookieManager, shop: str
) -> None:
    delivered = manager.send_text("shop", "41", "9687", "发货了")
    (send,) = simulator.sends(UNB)
    assert delivered == livekeeper.SendOutcome("delivered", message_id=send.message_id)
    assert (send.chat_id, send.peer_id, send.text) == ("41", "9687", "发货了")

    simulator.refuse_next_send(UNB, "CSI_FORBID", 403, "CSI_FORBID||加微信")
    rejected = manager.send_text("shop", "41", "9687", "加微信")
    assert (rejected.outcome, rejected.reason, rejected.code) == ("rejected", "CSI_FORBID", 403)
    assert (rejected.message_id, rejected.more_info) == (None, "CSI_FORBID||加微信")
    assert [one.outcome for one in simulator.sends(UNB)] == ["accepted", "refused"]
    counters = manager.status("shop").counters
    assert (counters.delivered, counters.rejected, counters.replied) == (1, 1, 0)


def test_a_picture_is_sent_in_its_order_among_the_texts_and_what_is_none_is_refused(
    simulator: Simulator, manager: livekeeper.CookieManager, shop: str
) -> None:
    picture = livekeeper.Picture("https://img.alicdn.com/size.jpg", 800, 600)
    manager.send_text("shop", "41", "9687", "见图")
    delivered = manager.send_image("shop", "41", "9687", picture)
    sends = simulator.sends(UNB)
    assert [(send.is_picture, send.text) for send in sends] == [(False, "见图"), (True, picture.url)]
    assert delivered == livekeeper.SendOutcome("delivered", message_id=sends[1].message_id)
    with pytest.raises(TypeError, match="picture: must be Picture, not str"):
        manager.send_image("shop", "41", "9687", "https://img.alicdn.com/size.jpg")  # type: ignore[arg-type]
    assert simulator.violations() == []


def test_a_send_that_is_never_answered_is_unknown_and_not_sent_again(simulator: Simulator) -> None:
    with livekeeper.CookieManager(":memory:", simulator.config(answer_timeout_s=0.5)) as manager:
        manager.add_cookie("shop", simulator.cookie(UNB))
        manager.wait_for("shop", connection="connected", timeout_s=WAIT_S)
        simulator.swallow_next_send(UNB)
        assert manager.send_text("shop", "41", "9687", "在吗") == livekeeper.SendOutcome("unknown")
    assert [send.outcome for send in simulator.sends(UNB)] == ["swallowed"]


def test_a_send_without_a_connection_is_refused_and_nothing_is_sent(
    simulator: Simulator, manager: livekeeper.CookieManager, shop: str
) -> None:
    manager.update_cookie_status("shop", False)
    with pytest.raises(livekeeper.NotConnected, match="disabled by the host") as refused:
        manager.send_text("shop", "41", "9687", "在吗")
    assert (refused.value.cookie_id, refused.value.code) == ("shop", 8)
    assert simulator.sends() == []


def test_a_lost_connection_comes_back_and_what_was_said_meanwhile_is_answered(
    simulator: Simulator, manager: livekeeper.CookieManager, shop: str
) -> None:
    simulator.drop_connection(UNB)
    simulator.buyer_says(UNB, "包邮吗")
    assert simulator.wait_sends(UNB, 1, WAIT_S)[0].text == "全场包邮"
    counters = manager.status("shop").counters
    assert (counters.connects, counters.failures) == (2, 1)


def test_a_login_that_is_over_parks_the_account_until_a_new_cookie_comes(
    simulator: Simulator, manager: livekeeper.CookieManager
) -> None:
    cookie = simulator.cookie(UNB)
    simulator.expire_session(UNB)
    manager.add_cookie("shop", cookie)
    parked = manager.wait_for("shop", state=livekeeper.TaskState.PARKED, timeout_s=WAIT_S)
    assert parked.reason.code == livekeeper.ReasonCode.SESSION_EXPIRED
    assert parked.enabled
    manager.update_cookie("shop", simulator.cookie(UNB))
    manager.wait_for("shop", connection="connected", timeout_s=WAIT_S)


def test_a_person_who_must_verify_finds_the_address_in_the_reason(
    simulator: Simulator, manager: livekeeper.CookieManager
) -> None:
    simulator.require_verification(UNB, "https://example.com/verify")
    manager.add_cookie("shop", simulator.cookie(UNB))
    parked = manager.wait_for("shop", state="parked", timeout_s=WAIT_S)
    assert parked.reason.code == "person_must_verify"
    assert "https://example.com/verify" in str(parked.reason)


def test_what_was_missed_is_answered_by_the_first_connection_that_may_read_it(
    simulator: Simulator, manager: livekeeper.CookieManager, shop: str
) -> None:
    simulator.buyer_says(UNB, "包邮")
    simulator.wait_sends(UNB, 1, WAIT_S)
    simulator.lose_pushes(UNB)
    simulator.buyer_says(UNB, "包邮吗")
    simulator.lose_pushes(UNB, False)
    with pytest.raises(livekeeper.InvalidArgument, match='fault: is "x"; allowed are too_often, code, swallow, no_list'):
        simulator.fail_histories(UNB, "x")
    simulator.fail_histories(UNB, "too_often")
    simulator.drop_connection(UNB)
    simulator.wait_until(lambda seen: seen.counters(UNB)["requests"] == 1, WAIT_S)
    assert len(simulator.sends(UNB)) == 1
    simulator.drop_connection(UNB)
    assert [send.text for send in simulator.wait_sends(UNB, 2, WAIT_S)] == ["全场包邮"] * 2
    assert simulator.violations() == []
