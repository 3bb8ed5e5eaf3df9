"""Nothing secret in anything that a host can see or keep: what is logged, raised, shown, counted and stored, in whatever way it is
written."""

from __future__ import annotations

import base64
import logging
import os
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import livekeeper
import pytest
from conftest import CANARY, UNB, WAIT_S, run_python
from livekeeper.testing import Simulator

TOKEN = "oauth_k1:"
"""What every token of the simulator begins with."""


def written(secret: str) -> set[str]:
    """The ways in which a secret may be written. Of Base64, what does not depend on what stands around it, for each place where it may
    begin."""
    raw = secret.encode()
    forms = {secret, quote_plus(secret), raw.hex(), raw.hex().upper(), "".join(f"%{byte:02X}" for byte in raw)}
    forms.add("".join(f"%{byte:02x}" for byte in raw))
    for lead, first in ((0, 0), (1, 2), (2, 3)):
        text = base64.b64encode(b" " * lead + raw).decode()
        forms.add(text[first : (lead + len(raw)) // 3 * 4])
    return forms


def leaks(text: str, secrets: set[str]) -> list[str]:
    return [f"{secret}: …{text[max(0, text.find(secret) - 80) :][:160]}…" for secret in secrets if secret in text]


def stored(directory: Path) -> dict[str, str]:
    """Every file but the key files, a character for each byte."""
    return {file.name: file.read_bytes().decode("latin-1") for file in directory.iterdir() if ".key" not in file.name}


@pytest.mark.parametrize("around", ["{}", "user:{}@host", "x{}", "xx{}", "xxx{}y"])
def test_a_leak_is_found_in_whatever_way_it_is_written(around: str) -> None:
    text = around.format(CANARY)
    raw = text.encode()
    ways = (text, quote_plus(text), raw.hex(), raw.hex().upper(), "".join(f"%{byte:02x}" for byte in raw), base64.b64encode(raw).decode())
    for way in ways:
        assert leaks(f"before {way} after", written(CANARY)), way
    assert not leaks(CANARY[:-1], written(CANARY))


def test_nothing_secret_is_seen_or_stored_from_sign_in_to_close(
    simulator: Simulator,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(1)
    logging.getLogger("livekeeper").setLevel(1)
    path, named = tmp_path / "shops.db", tmp_path / "named.key"
    key = (CANARY * 4)[:32].encode()
    monkeypatch.setenv("SHOPS_KEY", base64.b64encode(key).decode())
    monkeypatch.setenv("SHOPS_NO_KEY", CANARY)
    config = simulator.config(passphrase=f"{CANARY} as words")
    shown: list[Any] = [config, config.replace(passphrase=None, key=key), config.passphrase]

    def fails(call: Any, *arguments: Any, **more: Any) -> None:
        with pytest.raises((livekeeper.LivekeeperError, TypeError)) as failure:
            call(*arguments, **more)
        shown.append(failure.value)

    with livekeeper.CookieManager(path, config) as manager:
        events = manager.events()
        proxy = f"http://user:{CANARY}@127.0.0.1:9"
        manager.add_cookie("away", f"{simulator.cookie('1001')}; secret={CANARY}", proxy=proxy)
        manager.add_cookie("shop", f"{simulator.cookie(UNB)}; secret={CANARY}", keywords=[("包邮", "全场包邮")])
        shown.append(manager.wait_for("shop", connection="connected", timeout_s=WAIT_S))
        shown.append(manager.wait_for("away", connection="reconnecting", timeout_s=WAIT_S))

        simulator.set_cookie_on_next_answer(UNB, f"renewed={CANARY}; Path=/")
        simulator.expire_token(UNB)
        manager.restart("shop")
        shown.append(manager.wait_for("shop", connection="connected", timeout_s=WAIT_S))
        simulator.wait_until(lambda seen: bool(seen.is_online(UNB)), WAIT_S)
        assert simulator.cookie_last_sent(UNB, "secret") == CANARY, "the canary is what the service sees"

        simulator.buyer_says(UNB, "包邮吗")
        simulator.wait_sends(UNB, 1, WAIT_S)
        simulator.refuse_next_send(UNB, "CSI_FORBID", 403)
        shown.append(manager.send_text("shop", Simulator.chat_of("96"), "96", "你好"))

        def handler(message: livekeeper.ChatMessage) -> str:
            raise RuntimeError("as told")

        manager.set_reply_handler(handler)
        simulator.buyer_says(UNB, "几天发货")
        until = time.monotonic() + WAIT_S
        while manager.status("shop").counters.handler_failures == 0:
            assert time.monotonic() < until
        # Python's own word on it is the host's, and has what the host raised.
        for bad in (f"cookie2={CANARY}", f"unb=1; a={CANARY}", CANARY, f'[{{"name": "{CANARY}'):
            fails(manager.update_cookie, "shop", bad)
        for bad in (f"ftp://u:{CANARY}@x:1", f"http://u:{CANARY}@x", CANARY):
            fails(manager.set_proxy, "away", bad)
        for wrong in (
            {"key": CANARY.encode()},
            {"key_env": "SHOPS_NO_KEY"},
            {"key": key, "passphrase": CANARY},
            {"passphrase": CANARY * 200},
            {"key": CANARY},
        ):
            fails(manager.rekey, **wrong)
        for right in ({"key": key}, {"key_file": named}, {"key_file": named}, {"key_env": "SHOPS_KEY"}):
            manager.rekey(**right)
        fails(livekeeper.CookieManager, path, config)
        shown += [manager, manager.statuses(), manager.messages("shop"), manager.capacity(), manager.metrics()]
        shown += [manager.metrics_text(per_account=True), manager.get_keywords("shop")]
        secrets = written(CANARY) | written(TOKEN) | written(named.read_text().strip())
        found = stored(tmp_path)
        assert {"shops.db", "shops.db-wal", "shops.db-shm"} <= set(found)
        simulator.expire_session(UNB)
        simulator.drop_connection(UNB)
        simulator.expire_token(UNB)
        shown.append(manager.wait_for("shop", state="parked", timeout_s=WAIT_S))
        shown += [manager.close(), *events]
    # The words of the beginning are no key of it by now.
    fails(livekeeper.CookieManager, path, config)
    found.update((f"{name} at the end", text) for name, text in stored(tmp_path).items())
    found.update(capfd.readouterr()._asdict())
    found["logging"] = caplog.text + "".join(f"{vars(record)!r}" for record in caplog.records)
    for value in shown:
        html = getattr(value, "_repr_html_", lambda: "")()
        found[f"a {type(value).__name__}, shown"] = f"{value!r} {value} {html} {getattr(value, '__dict__', '')}"
    assert {place: leaks(text, secrets) for place, text in found.items() if leaks(text, secrets)} == {}


PANICS = """
import os, sys
import livekeeper
config = livekeeper.Config(passphrase=os.environ["CANARY"], websocket_url="ws://127.0.0.1:9/", api_url="http://127.0.0.1:9/h5")
manager = livekeeper.CookieManager(":memory:", config)
manager.add_cookie("shop", "unb=1; a=" + os.environ["CANARY"])
manager.rekey(passphrase=3)
"""


def test_a_traceback_shows_what_the_host_wrote_and_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY", CANARY)
    ended = run_python(PANICS)
    assert "passphrase: must be str or None, not int" in ended.stderr
    assert not leaks(ended.stdout + ended.stderr, written(CANARY))
    assert os.environ["CANARY"] == CANARY
