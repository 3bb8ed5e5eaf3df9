"""What hosts do to a library: a GIL that is held, forks, Ctrl-C in every verb, gevent, sub-interpreters."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import livekeeper
import pytest

from calls import CALLS
from conftest import run_python


def test_there_is_a_call_of_every_verb() -> None:
    # A plot is made of messages, with a library that is not always there.
    names = {name for name in dir(livekeeper.CookieManager) if not name.startswith(("_", "plot_"))}
    assert set(CALLS) == names - {"aio"}


def test_heartbeats_go_on_while_python_code_holds_the_gil() -> None:
    # `PyDLL` calls with the GIL held, for five seconds here: what a long regular expression or a C extension does.
    done = run_python(
        """
import ctypes, time, livekeeper
from livekeeper.testing import Simulator

with Simulator() as simulator:
    config = simulator.config(heartbeat_interval_s=0.2, heartbeat_timeout_s=0.5)
    with livekeeper.CookieManager(":memory:", config) as manager:
        unb = simulator.open_shop(manager, "shop", keywords=[("包邮", "全场包邮")])
        simulator.wait_until(lambda seen: seen.counters(unb)["heartbeats"] > 0, timeout_s=20)
        simulator.buyer_says(unb, "包邮吗")
        began = time.time() * 1000
        ctypes.PyDLL(None).usleep(5_000_000)
        ended = time.time() * 1000
        simulator.wait_sends(unb, 1, timeout_s=0.1)
        beats = [line.at_ms for line in simulator.log(unb) if line.kind == "heartbeat" and began - 300 < line.at_ms < ended]
        gaps = [later - earlier for earlier, later in zip(beats, beats[1:])]
        print(ended - began >= 5000, len(beats) > 10, max(gaps) < 1000, simulator.counters(unb)["connects"])
"""
    )
    assert (done.stdout, done.stderr) == ("True True True 1\n", "")


FORKED = """
import os, sys, time, warnings, livekeeper
from livekeeper.testing import Simulator
warnings.simplefilter("ignore", DeprecationWarning)
store = sys.argv[1]
with Simulator() as simulator:
    cookie = simulator.cookie("2200000000001")
    manager = livekeeper.CookieManager(store, simulator.config())
    manager.set_reply_handler(lambda message: "在的")
    manager.add_cookie("shop", cookie)
    manager.wait_for("shop", connection="connected", timeout_s=20)
    config = simulator.config()
    child = os.fork()
    if child == 0:
        before = {name: os.stat(name).st_mtime_ns for name in (store, store + "-wal")}
        for name, call in CALLS.items():
            began = time.monotonic()
            try:
                eval(call)
                print("no error from", name, flush=True)
            except livekeeper.Forked as error:
                assert error.code == 11 and str(os.getppid()) in str(error)
            if time.monotonic() - began > 0.5:
                print("slow:", name, flush=True)
        try:
            simulator.config()
        except livekeeper.Forked as error:
            print(error.code, flush=True)
        with livekeeper.CookieManager(":memory:", config) as own:
            own.add_cookie("shop", "unb=1; a=b")
            print("its own manager has", own.list_cookies(), flush=True)
        assert before == {name: os.stat(name).st_mtime_ns for name in before}
        sys.exit(7)
    _, status = os.waitpid(child, 0)
    buyer = simulator.buyer("小王", "2200000000001")
    buyer.says("在吗")
    buyer.hears("在的", within_s=20)
    print(os.WEXITSTATUS(status), manager.list_cookies(), manager.close().is_clean, simulator.max_live_sessions("2200000000001"))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_in_a_fork_every_verb_says_so_at_once_and_the_parent_is_unharmed(tmp_path: os.PathLike[str]) -> None:
    done = run_python(f"CALLS = {CALLS!r}\n{FORKED}", os.path.join(tmp_path, "shop.db"))
    assert (done.stdout, done.stderr) == ("11\nits own manager has ['shop']\n7 ['shop'] True 1\n", "")


POOLS = """
import multiprocessing, sys, warnings, livekeeper
from livekeeper.testing import Simulator
warnings.simplefilter("ignore", DeprecationWarning)
manager = None

def own(text):
    with Simulator() as simulator, livekeeper.CookieManager(":memory:", simulator.config()) as manager:
        unb = simulator.open_shop(manager, "shop", keywords=[("在吗", text)])
        buyer = simulator.buyer("小王", unb)
        buyer.says("在吗")
        return buyer.hears(within_s=20).text

def inherited(cookie_id):
    return manager.status(cookie_id)

if __name__ == "__main__":
    manager = livekeeper.CookieManager(":memory:")
    with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
        print(pool.map(own, ["一", "二", "三"]))
        try:
            pool.apply(inherited, ("shop",))
        except livekeeper.LivekeeperError as error:
            print(type(error).__name__, error.code)
        except AttributeError as error:
            print(error)
    print(manager.close().is_clean)
"""


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_pools_of_processes_work_whichever_way_they_begin(method: str, tmp_path: os.PathLike[str]) -> None:
    program = os.path.join(tmp_path, "pools.py")
    with open(program, "w", encoding="utf-8") as file:
        file.write(POOLS)
    done = subprocess.run([sys.executable, program, method], capture_output=True, text=True, encoding="utf-8", timeout=55)
    inherited = "Forked 11" if method == "fork" else "'NoneType' object has no attribute 'status'"
    assert (done.stdout, done.stderr) == (f"['一', '二', '三']\n{inherited}\nTrue\n", "")


INTERRUPTED = """
import os, signal, threading, time
MASKS = lambda: [line for line in open("/proc/self/status") if line.startswith(("SigCgt", "SigIgn", "SigBlk"))]
HANDLERS = lambda: [signal.getsignal(number) for number in range(1, 32)]
# The C library's own, for threads.
threading.Thread(target=int).start()
before = MASKS(), HANDLERS()
import livekeeper
from livekeeper.testing import Simulator

simulator = Simulator(max_log_per_account=1)
cookie = simulator.cookie("2200000000001")
config = simulator.config(stop_thread_s=300.0, answer_timeout_s=300.0, api_timeout_s=300.0)
manager = livekeeper.CookieManager(":memory:", config)
let_go, called = threading.Event(), threading.Event()
manager.add_cookie("shop", cookie)
manager.wait_for("shop", connection="connected", timeout_s=20)

@manager.on_message
def hangs(message):
    called.set()
    let_go.wait()

# The account's turn is taken by a restart, which waits for the function.
simulator.buyer_says("2200000000001", "在吗")
called.wait()
HOLD_UP
latest, returned = [], []
for name, call in CALLS.items():
    sent = []
    def interrupt():
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)
    timer = threading.Timer(0.1, interrupt)
    try:
        timer.start()
        try:
            eval(call)
            returned.append(name)
        except livekeeper.LivekeeperError:
            returned.append(name)
        timer.join()
        # The signal was sent: Python raises it here where the call was over before.
        time.sleep(1)
    except KeyboardInterrupt:
        if name not in returned:
            latest.append((time.monotonic() - sent[0], name))
print(sorted(name for _, name in latest))
# Each is a wait of minutes. Signals are looked at every 50 ms; what a busy machine adds is not the library's, so the quickest tells.
print("waited on:", [one for one in latest if one[0] > 10])
print("the quickest within 0.1 s:", min(latest)[0] < 0.1)
let_go.set()
print(before == (MASKS(), HANDLERS()), flush=True)
os._exit(0)
"""


def test_ctrl_c_ends_each_verb_that_waits_and_no_signal_handler_is_replaced() -> None:
    # What only reads memory, or what does its work on another account, is left out.
    hold_up = 'threading.Thread(target=lambda: manager.restart("shop"), daemon=True).start()'
    waits = ["add_cookie", "pause", "remove_cookie", "restart", "resume", "set_pause_duration", "set_priority", "set_proxy"]
    waits += ["set_default_reply", "update_auto_confirm_setting", "update_cookie", "update_cookie_status", "update_keywords", "wait_for"]
    assert set(waits) - set(interrupted(hold_up, [*waits])) == set()


def interrupted(hold_up: str, names: list[str]) -> list[str]:
    calls = {name: CALLS[name] for name in names}
    done = run_python(f"CALLS = {calls!r}\n{INTERRUPTED.replace('HOLD_UP', hold_up)}")
    assert done.stderr == ""
    found, *rest = done.stdout.splitlines()
    assert rest == ["waited on: []", "the quickest within 0.1 s: True", "True"]
    return [str(name) for name in eval(found)]


def test_ctrl_c_ends_a_message_under_way_and_a_close() -> None:
    swallow = 'simulator.fault("send_swallowed", "2200000000001")'
    assert interrupted(swallow, ["send_text", "events", "wait_for", "close"]) == ["close", "events", "send_text", "wait_for"]


HELD_UP = """
import os, signal, threading, time, livekeeper
from livekeeper._livekeeper import after_fork_in_parent, before_fork

is_held_up, may_go_on = threading.Event(), threading.Event()

def hold_up():
    # What a fork does for a moment: no store gets to work meanwhile.
    before_fork()
    is_held_up.set()
    may_go_on.wait()
    after_fork_in_parent()

holder = threading.Thread(target=hold_up)
holder.start()
is_held_up.wait()
try:
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
    livekeeper.CookieManager("shop.db")
except KeyboardInterrupt:
    print("interrupted")
may_go_on.set()
holder.join()
while True:
    # What was given up is opened and closed all the same.
    try:
        print(livekeeper.CookieManager("shop.db").close().is_clean)
        break
    except livekeeper.AlreadyOpen:
        # Nothing tells when that is so.
        time.sleep(0.01)
"""


def test_ctrl_c_ends_the_wait_for_a_store_that_does_not_open(tmp_path: Path) -> None:
    done = run_python(f"import os; os.chdir({str(tmp_path)!r})\n{HELD_UP}")
    assert (done.stdout, done.stderr) == ("interrupted\nTrue\n", "")


def test_under_gevent_functions_are_called_and_records_are_logged_and_the_process_ends() -> None:
    pytest.importorskip("gevent")
    done = run_python(
        """
from gevent import monkey
monkey.patch_all()
import gevent, logging, sys, livekeeper
from livekeeper.testing import Simulator

# A line in one write: `print` writes its end by itself, and records are logged from a thread meanwhile.
def say(line):
    sys.stdout.write(f"{line}\\n")

logging.basicConfig(stream=sys.stdout, format="%(name)s %(levelname)s")
ticks = []
def tick():
    while True:
        ticks.append(1)
        gevent.sleep(0.001)
gevent.spawn(tick)
simulator = Simulator()
manager = livekeeper.CookieManager(":memory:", simulator.config())
pool = gevent.get_hub().threadpool
unb = pool.apply(simulator.open_shop, (manager, "shop"))
manager.set_reply_handler(lambda message: "在的")
buyer = simulator.buyer("小王", unb)
buyer.says("在吗")
before = len(ticks)
say(pool.apply(buyer.hears, (), {"within_s": 20}).text)
simulator.fault("send_refused", unb)
say(pool.apply(manager.send_text, ("shop", "1", "2", "3")).outcome)
say(len(ticks) > before)
"""
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(done.stdout.splitlines()) == sorted(["在的", "rejected", "True", "livekeeper.live.outbox WARNING"])


def test_under_gevent_coroutines_are_awaited_one_after_the_other_and_beside_each_other() -> None:
    pytest.importorskip("gevent")
    done = run_python(
        """
from gevent import monkey
monkey.patch_all()
import asyncio, gevent, livekeeper
from livekeeper.testing import Simulator

simulator = Simulator()
manager = livekeeper.CookieManager(":memory:", simulator.config())
pool = gevent.get_hub().threadpool
unb = pool.apply(simulator.open_shop, (manager, "shop"))
# Made on the loop that it belongs to, as Python 3.9 wants it.
both_ask = []

@manager.on_message
async def answers(message):
    if message.text == "first":
        both_ask.append(asyncio.Event())
        await asyncio.sleep(0.01)
    elif message.text == "waits":
        await both_ask[0].wait()
    else:
        both_ask[0].set()
    return f"re: {message.text}"

buyers = [simulator.buyer(name, unb) for name in ("小王", "小李")]
buyers[0].says("first")
print(pool.apply(buyers[0].hears, (), {"within_s": 20}).text)
buyers[0].says("waits")
buyers[1].says("lets go")
print(*[pool.apply(buyer.hears, (), {"within_s": 20}).text for buyer in buyers], sep="\\n")
"""
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "re: first\nre: waits\nre: lets go\n", "")


def test_a_sub_interpreter_is_refused_with_what_to_do_instead() -> None:
    module = next((name for name in ("_interpreters", "_xxsubinterpreters") if has(name)), None)
    if module is None:
        pytest.skip("this Python has no module for sub-interpreters")
    done = run_python(
        f"""
import {module} as interpreters, livekeeper
inner = interpreters.create({"'legacy'" if module == "_interpreters" else ""})
interpreters.run_string(inner, '''
try:
    import livekeeper
except ImportError as error:
    print(error, flush=True)
''')
interpreters.destroy(inner)
print(livekeeper.CookieManager(":memory:").list_cookies())
"""
    )
    assert done.stderr == ""
    assert done.stdout.startswith(("livekeeper works in one interpreter of a process", "module livekeeper._livekeeper does not")) and done.stdout.endswith("\n[]\n")


def has(module: str) -> bool:
    try:
        __import__(module)
    except ImportError:
        return False
    return True
