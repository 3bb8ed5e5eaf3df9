"""The interpreter's end: at any instant, with accounts running, handlers called late and threads still at it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import pytest
from conftest import run_python

EXIT = """
import asyncio, logging, sys, threading, time
began = time.monotonic()
import livekeeper
from livekeeper.testing import Simulator

simulator = Simulator()
manager = livekeeper.CookieManager(":memory:", simulator.config())

@manager.on_message
def answer(message):
    return f"re: {message.text}"

def work(number):
    cookie = simulator.cookie()
    try:
        manager.add_cookie(f"shop {number}", cookie, keywords=[("包邮", "全场包邮")])
        manager.wait_for(f"shop {number}", connection="connected", timeout_s=20)
        while True:
            simulator.buyer_says(cookie.unb, "在吗")
            manager.send_text(f"shop {number}", "1", "2", "3")
            asyncio.run(later(number))
    except (livekeeper.LivekeeperError, RuntimeError):
        pass

async def later(number):
    await manager.aio.set_remark(f"shop {number}", "x")

def read():
    for event in manager.events():
        pass

for number in range(3):
    threading.Thread(target=work, args=(number,), daemon=True).start()
threading.Thread(target=read, daemon=True).start()
# The instant at which the interpreter exits, drawn by the test.
time.sleep(float(sys.argv[1]))
sys.exit(0)
"""


LATE = """
import asyncio, atexit, sys, threading, time, livekeeper
from livekeeper.testing import Simulator

simulator = Simulator()
manager = livekeeper.CookieManager(":memory:", simulator.config())
unb = simulator.open_shop(manager, "shop")
buyer = simulator.buyer("小王", unb)

async def awaited(message):
    await asyncio.sleep(0)
    return f"re: {message.text}"

def called(message):
    return f"re: {message.text}"

manager.set_reply_handler(HANDLER)

def talk():
    threading.main_thread().join()
    for text in ("一", "二", "三"):
        buyer.says(text)
        print(buyer.hears(within_s=20).text, flush=True)
"""

LATE_ENDS = {
    "while another thread goes on": "threading.Thread(target=talk).start()",
    # Functions that are registered last are called first: before the library's.
    "while functions of atexit run": "atexit.register(talk)",
}


@pytest.mark.parametrize("end", LATE_ENDS)
@pytest.mark.parametrize("handler", ["called", "awaited"])
def test_a_handler_is_called_also_when_the_main_thread_is_at_its_end(handler: str, end: str) -> None:
    program = LATE.replace("HANDLER", handler) + LATE_ENDS[end]
    done = run_python(program if "atexit" not in end else program.replace("threading.main_thread().join()", "pass"))
    assert (done.stdout, done.stderr, done.returncode) == ("re: 一\nre: 二\nre: 三\n", "", 0)


def test_a_manager_can_be_opened_when_the_main_thread_is_at_its_end() -> None:
    done = run_python(
        """
import threading, livekeeper

def late():
    threading.main_thread().join()
    print(livekeeper.CookieManager(":memory:").close().is_clean)

threading.Thread(target=late).start()
"""
    )
    assert (done.stdout, done.stderr, done.returncode) == ("True\n", "", 0)


@pytest.mark.skipif(sys.version_info[:2] != (3, 12), reason="this Python begins threads whenever it matters")
def test_a_coroutine_function_takes_none_of_the_threads_that_are_spare() -> None:
    program = LATE.replace("HANDLER", "awaited") + """
from livekeeper import _threads

def late():
    threading.main_thread().join()
    buyer.says("在吗")
    buyer.hears(within_s=20)
    met = threading.Barrier(_threads.SPARE + 1)
    for _ in range(_threads.SPARE):
        _threads.spare().put((met.wait, ()))
    met.wait(timeout=20)
    print("all of them are there")

threading.Thread(target=late).start()
"""
    done = run_python(program)
    assert (done.stdout, done.stderr, done.returncode) == ("all of them are there\n", "", 0)


def test_coroutines_of_a_lambda_are_awaited_at_the_same_time_when_the_main_thread_is_at_its_end() -> None:
    program = LATE.replace("HANDLER", "lambda message: (met.wait(timeout=20), awaited(message))[1]") + """
met = threading.Barrier(4)
buyers = [simulator.buyer(name, unb) for name in ("甲", "乙", "丙", "丁")]

def late():
    threading.main_thread().join()
    for buyer in buyers:
        buyer.says("在吗")
    print(*(buyer.hears(within_s=20).text for buyer in buyers))

threading.Thread(target=late).start()
"""
    done = run_python(program)
    assert (done.stdout, done.stderr, done.returncode) == ("re: 在吗 re: 在吗 re: 在吗 re: 在吗\n", "", 0)


def test_a_coroutine_is_awaited_under_gevent_while_functions_of_atexit_run() -> None:
    pytest.importorskip("gevent")
    program = "from gevent import monkey; monkey.patch_all()" + LATE.replace("HANDLER", "lambda message: named(message)")
    program = program.replace("threading.main_thread().join()", "pass") + """
async def named(message):
    await asyncio.sleep(0)
    return threading.current_thread().name

""" + LATE_ENDS["while functions of atexit run"]
    done = run_python(program)
    assert (done.stdout, done.stderr, done.returncode) == ("livekeeper-async\n" * 3, "", 0)


def test_the_interpreter_exits_cleanly_at_any_instant() -> None:
    number = int(os.environ.get("LIVEKEEPER_EXITS", "40"))
    seed = int(os.environ.get("LIVEKEEPER_EXIT_SEED", str(random.randrange(1 << 30))))
    instants = random.Random(seed)
    pending: list[tuple[float, float, subprocess.Popen[str]]] = []
    for _ in range(number):
        # Most happens early.
        instant = instants.random() ** 2 * 0.4
        command = [sys.executable, "-c", EXIT, str(instant)]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8")
        pending.append((instant, time.monotonic(), child))
        if len(pending) == 4:
            judge(seed, *pending.pop(0))
    for one in pending:
        judge(seed, *one)


def judge(seed: int, instant: float, began: float, child: subprocess.Popen[str]) -> None:
    output, problem = child.communicate(timeout=50)
    took = time.monotonic() - began
    assert (child.returncode, output, problem) == (0, "", ""), f"at {instant} s, LIVEKEEPER_EXIT_SEED={seed}"
    # A stop's limits, and what a busy machine adds.
    assert took < 25, f"at {instant} s, LIVEKEEPER_EXIT_SEED={seed}"


def test_the_interpreter_exits_cleanly_while_a_thread_awaits_for_the_first_time() -> None:
    # Before Python 3.14, a thread that wants the GIL back while the interpreter exits is unwound: through Rust, that is an abort.
    done = run_python(
        """
import asyncio, sys, threading, time, livekeeper

manager = livekeeper.CookieManager(":memory:")
began = threading.Event()

class Endless:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.startswith("livekeeper."):
            began.set()
            while True:
                time.sleep(0)

async def first():
    await manager.aio.list_cookies()
    began.set()

sys.meta_path.insert(0, Endless)
threading.Thread(target=asyncio.run, args=(first(),), daemon=True).start()
began.wait(20)
sys.exit(0 if began.is_set() else 1)
"""
    )
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


@pytest.mark.parametrize("work", ["item.kind, item.level", "refused()"])
def test_the_interpreter_exits_cleanly_while_threads_look_at_states_and_errors(work: str) -> None:
    program = """
import sys, threading, time, livekeeper

manager = livekeeper.CookieManager(":memory:")
item = manager.capacity().items[0]

def refused():
    try:
        manager.status("none")
    except livekeeper.LivekeeperError:
        pass

def loop():
    while True:
        WORK

for _ in range(4):
    threading.Thread(target=loop, daemon=True).start()
# They take the GIL from each other meanwhile.
time.sleep(0.02)
sys.exit(0)
"""
    # Where the interpreter itself is on the heap, a daemon thread that waits for the GIL may read it after it was freed (seen with
    # 3.10.13, once in some 1,000 exits, in `take_gil` under Python's frames only): that is not an abort of Rust's.
    ends = [0] if sys.version_info >= (3, 11) else [0, -signal.SIGSEGV]
    for _ in range(10):
        done = run_python(program.replace("WORK", work))
        assert (done.stdout, done.stderr) == ("", "") and done.returncode in ends, done
