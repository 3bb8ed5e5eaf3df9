"""A store has one owner: who comes second hears at once who has it, and nothing that is left of a dead one stands in the way."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import livekeeper
import pytest
from conftest import WAIT_S, run_python

KEEP_OPEN = """
import sys, livekeeper
nowhere = livekeeper.Config(websocket_url="ws://127.0.0.1:9/", api_url="http://127.0.0.1:9/h5")
manager = livekeeper.CookieManager(sys.argv[1], nowhere)
manager.add_cookie("shop", "unb=1; a=b")
"""


def start(program: str, path: Path) -> subprocess.Popen[str]:
    """A process that has opened the store and says what it has to say, in one line."""
    return subprocess.Popen(
        [sys.executable, "-c", KEEP_OPEN + program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate(timeout=WAIT_S)


def test_a_second_process_hears_at_once_who_has_the_store_and_gets_it_after_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "shops.db"
    holder = start("print('open', flush=True); sys.stdin.read()", path)
    assert line(holder) == "open"
    with pytest.raises(livekeeper.AlreadyOpen, match=f"in process {holder.pid}") as refused:
        livekeeper.CookieManager(path)
    assert (refused.value.pid, refused.value.code) == (holder.pid, 16)
    assert pickle.loads(pickle.dumps(refused.value)).pid == holder.pid
    holder.kill()
    # Not waited for yet: a process that is dead and still in the system's list holds nothing.
    os.waitid(os.P_PID, holder.pid, os.WEXITED | os.WNOWAIT)
    with livekeeper.CookieManager(path) as manager:
        assert manager.list_cookies() == ["shop"]
    end(holder)


def test_a_second_manager_of_one_process_is_refused_until_the_first_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "shops.db"
    with livekeeper.CookieManager(path):
        with pytest.raises(livekeeper.AlreadyOpen, match="in this process") as refused:
            livekeeper.CookieManager(path)
        assert refused.value.pid == os.getpid()
    manager = livekeeper.CookieManager(path)
    # One that is let go of is closed in the background, and the next waits for it.
    del manager
    livekeeper.CookieManager(path).close()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["shops.db", "shops.db.key"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize(
    "child",
    [
        "pid = os.fork()\nif pid == 0:\n    os.close(1); sys.stdin.read(); os._exit(0)",
        "pid = subprocess.Popen(['sleep', '1000'], stdout=subprocess.DEVNULL, close_fds=False).pid",
    ],
    ids=["a fork", "a program"],
)
def test_a_child_that_outlives_its_killed_parent_holds_nothing(tmp_path: Path, child: str) -> None:
    path = tmp_path / "shops.db"
    parent = start(f"import os, subprocess, warnings\nwarnings.simplefilter('ignore')\n{child}\nprint(pid, flush=True)\nsys.stdin.read()", path)
    pid = int(line(parent))
    parent.send_signal(signal.SIGKILL)
    parent.wait(WAIT_S)
    try:
        os.kill(pid, 0)
        with livekeeper.CookieManager(path) as manager:
            assert manager.list_cookies() == ["shop"]
    finally:
        os.kill(pid, signal.SIGKILL)
        parent.communicate(timeout=WAIT_S)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_fork_cannot_open_what_its_parent_has_open(tmp_path: Path) -> None:
    done = run_python(
        KEEP_OPEN
        + """
import os, warnings
warnings.simplefilter("ignore")
child = os.fork()
if child == 0:
    try:
        livekeeper.CookieManager(sys.argv[1], nowhere)
    except livekeeper.AlreadyOpen as error:
        os._exit(7 if error.pid == os.getppid() and "fork" in str(error) else 1)
    os._exit(2)
print(os.WEXITSTATUS(os.waitpid(child, 0)[1]), manager.list_cookies(), manager.close().is_clean)
""",
        str(tmp_path / "shops.db"),
    )
    assert (done.stdout, done.stderr) == ("7 ['shop'] True\n", "")


def test_a_host_that_copies_the_directory_does_not_lose_its_store(tmp_path: Path) -> None:
    path = tmp_path / "shops.db"
    holder = start("open(sys.argv[1] + '.lock').read()\nprint('open', flush=True); sys.stdin.read()", path)
    assert line(holder) == "open"
    with pytest.raises(livekeeper.AlreadyOpen) as refused:
        livekeeper.CookieManager(path)
    assert refused.value.pid == holder.pid
    end(holder)


def test_a_lock_file_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path, lock = tmp_path / "shops.db", tmp_path / "shops.db.lock"
    lock.write_text("held by poetry\n")
    with pytest.raises(livekeeper.StoreUnavailable, match="another program's file"):
        livekeeper.CookieManager(path)
    assert lock.read_text() == "held by poetry\n"
