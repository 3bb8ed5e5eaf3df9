"""A client as most are written: asyncio, websockets, aiohttp, json."""

from __future__ import annotations

import asyncio
import json

import aiohttp
from websockets.asyncio.client import ClientConnection, connect

import dialect
from dialect import Account, Arguments, Json


class Session:
    def __init__(self, account: Account, connection: ClientConnection) -> None:
        self.account = account
        self.connection = connection

    async def write(self, frame: Json) -> None:
        await self.connection.send(json.dumps(frame, ensure_ascii=False, separators=(",", ":")))

    async def ask(self, request: Json) -> None:
        """Sends a request and waits for its answer; the first pushes may come before it."""
        await self.write(request)
        async with asyncio.timeout(dialect.ANSWER_S):
            while True:
                frame = json.loads(await self.connection.recv())
                if frame["headers"].get("mid") == request["headers"]["mid"]:
                    break
                await self.on_frame(frame)
        if frame["code"] != 200:
            raise RuntimeError(f"{request['lwp']} was refused: {frame['code']}")

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            beating = tasks.create_task(self.beat())
            async for text in self.connection:
                await self.on_frame(json.loads(text))
            beating.cancel()

    async def on_frame(self, frame: Json) -> None:
        if not frame.get("lwp", "").startswith("/s/"):
            return
        await self.write(dialect.ack(frame))
        for chat_id, peer_id in dialect.asked(self.account, frame, json.loads):
            content = json.dumps(dialect.text_content(dialect.REPLY), ensure_ascii=False).encode()
            await self.write(dialect.send(self.account, chat_id, peer_id, content))

    async def beat(self) -> None:
        while True:
            await asyncio.sleep(dialect.HEARTBEAT_S)
            await self.write(dialect.heartbeat(self.account.next_mid()))


async def sign_in(given: Arguments, http: aiohttp.ClientSession, account: Account) -> Session:
    url, body, headers = dialect.token_call(given.api_url, account)
    async with http.post(url, data=body, headers=headers) as answer:
        token = dialect.token_of(await answer.json(content_type=None))
    # The service has heartbeats of its own, and compresses nothing.
    connection = await connect(
        given.websocket_url,
        additional_headers=dialect.handshake_headers(account),
        user_agent_header=None,
        compression=None,
        ping_interval=None,
        proxy=None,
        ssl=given.tls,
    )
    session = Session(account, connection)
    await session.ask(dialect.register(account, account.next_mid(), token))
    await session.ask(dialect.sync_from_now(account.next_mid()))
    return session


async def main(given: Arguments) -> None:
    ended = dialect.end_of_input(asyncio.get_running_loop())
    places = asyncio.Semaphore(dialect.SIGNING_IN)
    connector = aiohttp.TCPConnector(ssl=given.tls or True, limit=dialect.SIGNING_IN)
    running: list[asyncio.Task[None]] = []

    async def begin(account: Account) -> None:
        async with places:
            session = await sign_in(given, http, account)
        sessions.append(session)
        running.append(asyncio.create_task(session.run()))

    sessions: list[Session] = []
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as http:
        await asyncio.gather(*map(begin, given.accounts))
    print("ready", flush=True)
    done, _ = await asyncio.wait([ended, *running], return_when=asyncio.FIRST_COMPLETED)
    if ended not in done:
        raise RuntimeError("a connection was lost")
    await asyncio.gather(*(session.connection.close() for session in sessions))
    await asyncio.gather(*running)


if __name__ == "__main__":
    asyncio.run(main(dialect.parse_arguments(__doc__)))
