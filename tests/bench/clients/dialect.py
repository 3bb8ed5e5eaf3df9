"""What the two Python clients say and hear, the same for both: they differ in their event loop, WebSocket and JSON libraries.

It is the least that keeps an account alive and answers: no store, no rules, no status, no way back after a fault. A client
whose figures are to be compared must not break off quietly, so whatever goes wrong ends it. Python 3.11 on.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import json
import os
import ssl
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import msgpack  # type: ignore[import-untyped]

ASKED, REPLY = "在吗", "在的"
HEARTBEAT_S = 15.0
# Accounts that sign in at the same time; all clients do the same.
SIGNING_IN = 64
# What the service may take to answer a step of signing in.
ANSWER_S = 30.0

ORIGIN = "https://www.goofish.com"
USER_AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.0.0 Safari/537.36"
)
IM_USER_AGENT = (
    f"{USER_AGENT} DingTalk(2.1.5) OS(Windows/10) Browser(Chrome/133.0.0.0) DingWeb/2.1.5 IMPaaS DingWeb/2.1.5"
)
IM_APP_KEY = "444e9908a51d1cb236a27862abc769c9"
API_APP_KEY = "34839810"
TOKEN_API = "mtop.taobao.idlemessage.pc.login.token"

Json = dict[str, Any]


@dataclass(slots=True)
class Account:
    """One account: who it is, and the ids that it gives to what it sends."""

    cookie: str
    unb: str
    signature_token: str
    device_id: str
    _mids: int = field(default=0)
    _last_uuid_ms: int = field(default=0)

    @classmethod
    def of(cls, cookie: str) -> Account:
        fields = dict(part.split("=", 1) for part in cookie.split("; "))
        unb = fields["unb"]
        return cls(cookie, unb, fields["_m_h5_tk"].split("_")[0], f"{str(uuid.uuid4()).upper()}-{unb}")

    def next_mid(self) -> str:
        self._mids = (self._mids + 1) % 1000
        return f"{self._mids}{now_ms()} 0"

    def next_uuid(self) -> str:
        self._last_uuid_ms = max(now_ms(), self._last_uuid_ms + 1)
        return f"-{self._last_uuid_ms}1"


@dataclass(frozen=True)
class Arguments:
    websocket_url: str
    api_url: str
    accounts: list[Account]
    tls: ssl.SSLContext | None


def parse_arguments(description: str | None) -> Arguments:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--websocket-url", required=True)
    parser.add_argument("--api-url", required=True)
    parser.add_argument("--accounts", required=True, help='a file with {"cookie_id": …, "cookie": …} in each line')
    parser.add_argument("--ca", help="the authority to trust, as PEM")
    given = parser.parse_args()
    with open(given.accounts, encoding="utf-8") as lines:
        accounts = [Account.of(json.loads(line)["cookie"]) for line in lines if line.strip()]
    tls = ssl.create_default_context(cafile=given.ca) if given.websocket_url.startswith("wss:") else None
    return Arguments(given.websocket_url, given.api_url, accounts, tls)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def handshake_headers(account: Account) -> dict[str, str]:
    return {"Cookie": account.cookie, "Origin": ORIGIN, "User-Agent": USER_AGENT}


def token_call(api_url: str, account: Account) -> tuple[str, str, dict[str, str]]:
    """The signed call for a token: its URL, form body and headers."""
    t = str(now_ms())
    data = json.dumps({"appKey": IM_APP_KEY, "deviceId": account.device_id}, separators=(",", ":"))
    signed = f"{account.signature_token}&{t}&{API_APP_KEY}&{data}"
    query = {
        "jsv": "2.7.2",
        "appKey": API_APP_KEY,
        "t": t,
        "sign": hashlib.md5(signed.encode()).hexdigest(),
        "v": "1.0",
        "type": "originaljson",
        "accountSite": "xianyu",
        "dataType": "json",
        "timeout": "20000",
        "api": TOKEN_API,
        "sessionOption": "AutoLoginOnly",
    }
    headers = handshake_headers(account) | {
        "Referer": f"{ORIGIN}/",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    return f"{api_url}/{TOKEN_API}/1.0/?{urlencode(query)}", urlencode({"data": data}), headers


def token_of(answer: Json) -> str:
    if not answer["ret"][0].startswith("SUCCESS"):
        raise RuntimeError(f"no token: {answer['ret'][0]}")
    return str(answer["data"]["accessToken"])


def register(account: Account, mid: str, token: str) -> Json:
    headers = {
        "cache-header": "app-key token ua wv",
        "app-key": IM_APP_KEY,
        "token": token,
        "ua": IM_USER_AGENT,
        "dt": "j",
        "wv": "im:3,au:3,sy:6",
        "sync": "0,0;0;0;",
        "did": account.device_id,
        "mid": mid,
    }
    return {"lwp": "/reg", "headers": headers}


def sync_from_now(mid: str) -> Json:
    now = now_ms()
    position = {
        "pipeline": "sync",
        "tooLong2Tag": "PNM,1",
        "channel": "sync",
        "topic": "sync",
        "highPts": 0,
        "pts": now * 1000,
        "seq": 0,
        "timestamp": now,
    }
    return {"lwp": "/r/SyncStatus/ackDiff", "headers": {"mid": mid}, "body": [position]}


def heartbeat(mid: str) -> Json:
    return {"lwp": "/!", "headers": {"mid": mid}}


def ack(push: Json) -> Json:
    headers = push["headers"]
    return {"code": 200, "headers": {name: headers[name] for name in ("mid", "sid", "app-key", "ua", "dt") if name in headers}}


def text_content(text: str) -> Json:
    return {"contentType": 1, "text": {"text": text}}


def send(account: Account, chat_id: str, peer_id: str, content: bytes) -> Json:
    """Sends content, which is the JSON of a `text_content`."""
    message = {
        "uuid": account.next_uuid(),
        "cid": f"{chat_id}@goofish",
        "conversationType": 1,
        "content": {"contentType": 101, "custom": {"type": 1, "data": base64.b64encode(content).decode()}},
        "redPointPolicy": 0,
        "extension": {"extJson": "{}"},
        "ctx": {"appVersion": "1.0", "platform": "web"},
        "mtags": {},
        "msgReadStatusSetting": 1,
    }
    receivers = {"actualReceivers": [f"{peer_id}@goofish", f"{account.unb}@goofish"]}
    headers = {"mid": account.next_mid()}
    return {"lwp": "/r/MessageSend/sendByReceiverScope", "headers": headers, "body": [message, receivers]}


def asked(account: Account, push: Json, loads: Callable[[bytes], Any]) -> Iterator[tuple[str, str]]:
    """The chat and the buyer of each message in a push that is to be answered."""
    package = push.get("body", {}).get("syncPushPackage", {})
    for entry in package.get("data", ()):
        message = _at(_unpacked(entry["data"], loads), 1)
        if not isinstance(message, dict):
            continue
        details = _at(message, 10)
        if isinstance(details, dict) and ASKED in details["reminderContent"] and details["senderUserId"] != account.unb:
            yield _at(message, 2).partition("@")[0], details["senderUserId"]


def _unpacked(data: str, loads: Callable[[bytes], Any]) -> Json:
    # What is too much of padding does no harm.
    packed = base64.b64decode(data + "==")
    value: Json = loads(packed) if packed.startswith(b"{") else msgpack.unpackb(packed, strict_map_key=False)
    return value


def _at(fields: dict[Any, Any], number: int) -> Any:
    """Keys are numbers, or the same digits as text."""
    value = fields.get(number)
    return fields.get(str(number)) if value is None else value


def end_of_input(loop: asyncio.AbstractEventLoop) -> asyncio.Future[None]:
    """Done when standard input ends: then the client is to end."""
    ended = loop.create_future()

    def read() -> None:
        while os.read(0, 4096):
            pass
        loop.call_soon_threadsafe(ended.set_result, None)

    threading.Thread(target=read, daemon=True).start()
    return ended
