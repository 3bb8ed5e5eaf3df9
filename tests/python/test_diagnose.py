"""``manager.diagnose``: a report that can be shown to strangers."""

from __future__ import annotations

import asyncio
import json
import stat
from pathlib import Path

import livekeeper
import pytest
from conftest import CANARY, UNB, WAIT_S
from livekeeper._seeing.aliases import Aliases
from livekeeper.testing import Simulator

SECRETS = (CANARY, "咱们的密语", "keyword8a", "answer8b", "default8c", "remark8d", "proxypass8e", "proxyuser8f", "helperpass8g")


@pytest.fixture
def told(simulator: Simulator) -> tuple[livekeeper.Diagnosis, livekeeper.Diagnosis]:
    """What is told, without and with the texts, of an account that has a secret in everything that it was given."""
    config = simulator.config(cookie_helper=["/opt/helper", "--password=helperpass8g"])
    with livekeeper.CookieManager(":memory:", config) as manager:
        cookie = f"{simulator.cookie(UNB)}; canary={CANARY}"
        manager.add_cookie("laowang", cookie, keywords=[("keyword8a", "answer8b"), livekeeper.Rule("x", matching="exact")])
        manager.set_default_reply("laowang", "default8c")
        manager.set_remark("laowang", "remark8d")
        manager.wait_for("laowang", connection="connected", timeout_s=WAIT_S)
        simulator.buyer_says(UNB, "咱们的密语 keyword8a", buyer_id="96872369", chat_id="4455667788")
        simulator.wait_until(lambda _: any(trace.reply and trace.reply.outcome for trace in manager.messages("laowang")), WAIT_S)
        manager.pause_chat("laowang", "4455667788", 60)
        manager.set_proxy("laowang", "http://proxyuser8f:proxypass8e@127.0.0.1:9/")
        manager.wait_for("laowang", connection="reconnecting", timeout_s=WAIT_S)
        return manager.diagnose("laowang"), manager.diagnose("laowang", texts=True)


def test_no_secret_no_text_and_no_id_is_told(told: tuple[livekeeper.Diagnosis, livekeeper.Diagnosis]) -> None:
    written = told[0].to_json() + repr(told[0]) + str(told[0]) + told[0]._repr_html_()
    for secret in (*SECRETS, "laowang", UNB, "96872369", "4455667788", "127.0.0.1:9", "/opt/helper"):
        assert secret not in written, secret


def test_what_a_report_needs_is_told(told: tuple[livekeeper.Diagnosis, livekeeper.Diagnosis]) -> None:
    data = json.loads(told[0].to_json())
    assert data == told[0].data
    assert data["versions"]["livekeeper"] == livekeeper.__version__
    assert data["config"]["max_connecting"] == 64
    assert data["config"]["cookie_helper"] == "2 parts"
    assert data["status"]["connection"] == "reconnecting"
    assert data["status"]["reason"]["code"] == "proxy_failed"
    assert data["explanation"][0].startswith(f"{data['account']} does not answer")
    assert data["rules"]["count"] == 2 and data["rules"]["matching"] == {"contains": 1, "exact": 1}
    assert data["default_reply"] == {"length": 9, "picture": False, "once_per_chat": False}
    assert data["manager"]["accounts"] == 1
    assert data["capacity"]["accounts"]["used"] == 1
    (message,) = [message for message in data["messages"] if message["kind"] == "chat"]
    assert (message["decision"], message["rule"], message["length"]) == ("reply", 1, len("咱们的密语 keyword8a"))
    assert message["reply"]["outcome"] == "delivered"
    # The same chat has the same name throughout.
    assert {message["chat"]} == {chat["chat"] for chat in data["paused_chats"]}


def test_the_texts_are_told_where_they_are_asked_for_and_nothing_else_is(
    told: tuple[livekeeper.Diagnosis, livekeeper.Diagnosis],
) -> None:
    written = told[1].to_json()
    assert "咱们的密语 keyword8a" in written and "answer8b" in written
    for secret in (CANARY, "remark8d", "default8c", "proxypass8e", "proxyuser8f", "helperpass8g", UNB, "laowang"):
        assert secret not in written, secret


def test_it_is_saved_for_nobody_else_to_read_also_over_a_file_that_others_could(
    told: tuple[livekeeper.Diagnosis, livekeeper.Diagnosis], tmp_path: Path
) -> None:
    path = tmp_path / "report.json"
    path.write_text("x" * 1_000_000)
    path.chmod(0o644)
    told[0].save(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text(encoding="utf-8")) == told[0].data


@pytest.mark.parametrize(
    ("text", "kept", "gone"),
    [
        ("wss://u:p@wss-goofish.dingtalk.com/x?t=1", "wss://wss-goofish.dingtalk.com/…", "u:p"),
        ("proxy socks5://me:pw@proxy.example:1080 refused", "socks5://host-", "proxy.example"),
        ("connect to 10.1.2.3:443: refused", "address-", "10.1.2.3"),
        ("user 2280551454090 is over", "number-", "2280551454090"),
        ("shop 12: code 403", "code 403", "shop 12"),
        ("https://evil.goofish.com.example/a", "https://host-", "evil"),
    ],
)
def test_a_sentence_loses_what_tells_who_it_was(text: str, kept: str, gone: str) -> None:
    told = Aliases("shop 12").text(text)
    assert kept in told and gone not in told


def test_names_are_the_same_within_a_report_and_other_ones_in_the_next() -> None:
    one, other = Aliases("shop"), Aliases("shop")
    assert one.of("chat", "41") == one.of("chat", "41") != one.of("chat", "42")
    assert one.of("chat", "41") != other.of("chat", "41")
    names = [one.of("chat", str(n)) for n in range(1_000)]
    assert [one.text(name) for name in names] == names


def test_it_is_awaited_with_the_other_face(manager: livekeeper.CookieManager, shop: str) -> None:
    async def work() -> livekeeper.Diagnosis:
        with pytest.raises(livekeeper.AccountNotFound, match="nobody"):
            await manager.aio.diagnose("nobody")
        return await manager.aio.diagnose(shop, messages=5)

    assert asyncio.run(work()).data["status"]["state"] == "running"
