"""A client of the fastest that Python has: picows, uvloop, orjson; aiohttp for the call that gets a token."""

from __future__ import annotations

import asyncio

import aiohttp
import orjson
import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

import dialect
from dialect import Account, Arguments, Json

# What a connection keeps to read into: real pushes have about 2 KB, and it grows where it must.
READ_BUFFER_BYTES = 4096


class Session(WSListener):
    transport: WSTransport
    beating: asyncio.TimerHandle

    def __init__(self, account: Account, loop: asyncio.AbstractEventLoop, lost: asyncio.Future[None]) -> None:
        self.account = account
        self.loop = loop
        self.lost = lost
        self.is_ending = False
        self.asked: dict[str, asyncio.Future[Json]] = {}

    def write(self, frame: Json) -> None:
        self.transport.send(WSMsgType.TEXT, orjson.dumps(frame))

    async def ask(self, request: Json) -> None:
        """Sends a request and waits for its answer."""
        answer = self.asked[request["headers"]["mid"]] = self.loop.create_future()
        self.write(request)
        async with asyncio.timeout(dialect.ANSWER_S):
            code = (await answer)["code"]
        if code != 200:
            raise RuntimeError(f"{request['lwp']} was refused: {code}")

    def beat(self) -> None:
        self.beating = self.loop.call_later(dialect.HEARTBEAT_S, self.beat)
        self.write(dialect.heartbeat(self.account.next_mid()))

    def end(self) -> None:
        self.is_ending = True
        self.beating.cancel()
        self.transport.send_close()

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type != WSMsgType.TEXT:
            if frame.msg_type == WSMsgType.CLOSE:
                transport.disconnect()
            return
        received = orjson.loads(frame.get_payload_as_memoryview())
        if received.get("lwp", "").startswith("/s/"):
            self.on_push(received)
        elif waiting := self.asked.pop(received["headers"].get("mid", ""), None):
            waiting.set_result(received)

    def on_push(self, push: Json) -> None:
        self.write(dialect.ack(push))
        for chat_id, peer_id in dialect.asked(self.account, push, orjson.loads):
            content = orjson.dumps(dialect.text_content(dialect.REPLY))
            self.write(dialect.send(self.account, chat_id, peer_id, content))

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        if not self.is_ending and not self.lost.done():
            self.lost.set_result(None)


async def sign_in(
    given: Arguments, http: aiohttp.ClientSession, account: Account, lost: asyncio.Future[None]
) -> Session:
    url, body, headers = dialect.token_call(given.api_url, account)
    async with http.post(url, data=body, headers=headers) as answer:
        token = dialect.token_of(orjson.loads(await answer.read()))
    session = Session(account, asyncio.get_running_loop(), lost)
    await ws_connect(
        lambda: session,
        given.websocket_url,
        ssl_context=given.tls,
        extra_headers=dialect.handshake_headers(account),
        read_buffer_init_size=READ_BUFFER_BYTES,
    )
    await session.ask(dialect.register(account, account.next_mid(), token))
    await session.ask(dialect.sync_from_now(account.next_mid()))
    session.beating = session.loop.call_later(dialect.HEARTBEAT_S, session.beat)
    return session


async def main(given: Arguments) -> None:
    loop = asyncio.get_running_loop()
    ended, lost = dialect.end_of_input(loop), loop.create_future()
    places = asyncio.Semaphore(dialect.SIGNING_IN)
    connector = aiohttp.TCPConnector(ssl=given.tls or True, limit=dialect.SIGNING_IN)

    async def begin(account: Account) -> Session:
        async with places:
            return await sign_in(given, http, account, lost)

    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as http:
        sessions = await asyncio.gather(*map(begin, given.accounts))
    print("ready", flush=True)
    done, _ = await asyncio.wait([ended, lost], return_when=asyncio.FIRST_COMPLETED)
    if ended not in done:
        raise RuntimeError("a connection was lost")
    for session in sessions:
        session.end()
    await asyncio.gather(*(session.transport.wait_disconnected() for session in sessions))


if __name__ == "__main__":
    uvloop.run(main(dialect.parse_arguments(__doc__)))
