"""How long a reply handler is kept, and a process that ends while one runs."""

from __future__ import annotations

import gc
import time
import weakref
from typing import Optional

import livekeeper
import pytest
from conftest import run_python
from livekeeper.testing import Simulator


def test_a_handler_is_let_go_when_it_is_replaced_and_when_its_manager_is_closed(manager: livekeeper.CookieManager) -> None:
    class Handler:
        def __call__(self, message: livekeeper.ChatMessage) -> Optional[str]: ...

    def given() -> weakref.ref[Handler]:
        handler = Handler()
        manager.set_reply_handler(handler)
        return weakref.ref(handler)

    first = given()
    second = given()
    gc.collect()
    assert first() is None and second() is not None
    manager.close()
    gc.collect()
    assert second() is None


def test_a_manager_and_a_handler_that_hold_each_other_are_collected(simulator: Simulator) -> None:
    manager = livekeeper.CookieManager(":memory:", simulator.config())
    held = manager
    manager.set_reply_handler(lambda message: str(held))
    gone = weakref.ref(manager)
    del manager, held
    gc.collect()
    assert gone() is None


EXITS = """
import asyncio, threading, time, livekeeper
from livekeeper.testing import Simulator
simulator = Simulator()
manager = livekeeper.CookieManager(":memory:", simulator.config())
called = threading.Event()
def blocks(message):
    called.set()
    time.sleep({nap})
    return manager.status("shop") and None
async def awaits(message):
    called.set()
    while True:
        await asyncio.sleep({nap})
manager.set_reply_handler({handler})
manager.add_cookie("shop", simulator.cookie("1001"))
manager.wait_for("shop", connection="connected", timeout_s=20)
simulator.buyer_says("1001", "在吗")
assert called.wait(20)
{end}
"""


@pytest.mark.parametrize("end", ["", "time.sleep(0.005)", "del manager"])
@pytest.mark.parametrize("handler", ["blocks", "awaits"])
def test_a_process_ends_while_a_handler_runs(handler: str, end: str) -> None:
    began = time.monotonic()
    done = run_python(EXITS.format(handler=handler, nap=3600, end=end))
    assert (done.returncode, done.stderr) == (0, "")
    assert time.monotonic() - began < 20
