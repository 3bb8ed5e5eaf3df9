"""What stays up to date: a view in a notebook, a table in a terminal, a log of events."""

from __future__ import annotations

import gc
import io
import queue
import sys
import threading
import time
import types
import weakref
from typing import Any, Optional

import livekeeper
import pytest
from conftest import UNB, WAIT_S, run_python
from livekeeper._seeing import progress
from livekeeper._seeing import top as in_a_terminal
from livekeeper._seeing import watch as in_a_notebook
from livekeeper.testing import Simulator
from rich.console import Console


class Notebook:
    """What IPython is in a notebook, as far as a view needs it: what is displayed, and put in its place."""

    def __init__(self) -> None:
        self.shown: queue.Queue[Any] = queue.Queue()
        display = types.ModuleType("IPython.display")
        display.HTML = lambda page: page  # type: ignore[attr-defined]
        display.display = self._display  # type: ignore[attr-defined]
        ipython = types.ModuleType("IPython")
        ipython.get_ipython = lambda: types.SimpleNamespace(kernel=object())  # type: ignore[attr-defined]
        ipython.display = display  # type: ignore[attr-defined]
        self.modules = {"IPython": ipython, "IPython.display": display}

    def _display(self, thing: Any, display_id: Optional[bool] = None) -> Any:
        self.shown.put(thing)
        return types.SimpleNamespace(update=self.shown.put)

    def wait_for(self, part: str) -> str:
        """The next page with that in it."""
        until = time.monotonic() + WAIT_S
        while time.monotonic() < until:
            page = str(self.shown.get(timeout=WAIT_S))
            if part in page:
                return page
        raise AssertionError(f"{part} was not shown")


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Notebook:
    notebook = Notebook()
    for name, module in notebook.modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(in_a_notebook, "_widget_class", lambda: None)
    return notebook


def test_a_view_shows_what_changes_at_most_twice_a_second_and_ends_with_the_manager(
    notebook: Notebook, manager: livekeeper.CookieManager, shop: str
) -> None:
    view = manager.watch()
    assert not view.is_live and "end a notebook's cell with it" in repr(view)
    view._ipython_display_()
    assert view.is_live and repr(view).endswith(": live>")
    assert "connected" in notebook.wait_for("shop")
    begun = time.monotonic()
    for n in range(20):
        manager.set_priority(shop, n)
        manager.pause(shop)
        manager.resume(shop)
    manager.pause(shop)
    notebook.wait_for("paused by the host")
    drawn = notebook.shown.qsize() + 1
    assert drawn <= (time.monotonic() - begun) / in_a_notebook.EVERY_S + 2
    manager.close()
    assert "paused by the host" in notebook.wait_for("No longer live, since")
    view.stop()
    assert not view.is_live


def test_nothing_is_drawn_where_nothing_changes_and_the_time_of_a_view_ends(manager: livekeeper.CookieManager, shop: str) -> None:
    view = manager.watch(timeout_s=1.8)
    pages: list[str] = []
    view.start(pages.append)
    until = time.monotonic() + WAIT_S
    while view.is_live and time.monotonic() < until:
        manager.wait_for(shop, connection="connected", timeout_s=WAIT_S)
    assert len(pages) == 2
    assert "No longer live" in pages[1]


def test_the_next_view_and_stop_end_a_view_and_a_cell_that_runs_again_leaves_none_behind(
    notebook: Notebook, manager: livekeeper.CookieManager
) -> None:
    first = manager.watch()
    first._ipython_display_()
    second = manager.watch()
    assert not first.is_live
    second._ipython_display_()
    second.stop()
    second.stop()
    assert not second.is_live
    assert [thread.name for thread in threading.enumerate() if thread.name == "livekeeper-watch"] == []
    with pytest.raises(livekeeper.InvalidArgument, match="timeout_s: is -1, allowed is 0 … 86400"):
        manager.watch(timeout_s=-1)
    manager.close()
    with pytest.raises(livekeeper.ManagerClosed):
        manager.watch()


def test_a_view_keeps_no_manager_alive(notebook: Notebook, simulator: Simulator) -> None:
    manager = livekeeper.CookieManager(":memory:", simulator.config())
    view = manager.watch()
    view._ipython_display_()
    gone = weakref.ref(manager)
    del manager
    gc.collect()
    notebook.wait_for("No longer live")
    assert gone() is None
    view.stop()


def test_outside_of_a_notebook_a_view_says_where_it_is_shown(
    manager: livekeeper.CookieManager, capsys: pytest.CaptureFixture[str]
) -> None:
    manager.watch()._ipython_display_()
    assert "in a terminal, use livekeeper.top(manager)" in capsys.readouterr().out


def test_a_widget_ends_when_the_last_cell_that_shows_it_is_cleared(
    monkeypatch: pytest.MonkeyPatch, notebook: Notebook, manager: livekeeper.CookieManager, shop: str
) -> None:
    monkeypatch.undo()
    for name, module in notebook.modules.items():
        monkeypatch.setitem(sys.modules, name, module)

    class Widget:
        html = ""

        def on_msg(self, hear: Any) -> None:
            self.hear = hear

    monkeypatch.setattr(in_a_notebook, "_widget_class", lambda: Widget)
    view = manager.watch()
    view._ipython_display_()
    widget = notebook.shown.get(timeout=WAIT_S)
    for kind in ("shown", "shown", "gone"):
        widget.hear(widget, {"kind": kind}, [])
    assert view.is_live
    widget.hear(widget, {"kind": "gone"}, [])
    view.stop()
    assert "shop" in widget.html and "No longer live" in widget.html
    # It comes back, scrolled into sight again say.
    widget.hear(widget, {"kind": "shown"}, [])
    assert view.is_live
    view.stop()


def test_a_widget_of_anywidget_has_its_html_and_its_script() -> None:
    pytest.importorskip("anywidget")
    in_a_notebook._widget_class.cache_clear()
    widget = in_a_notebook._widget_class()()
    widget.html = "<p>店</p>"
    assert widget.html == "<p>店</p>"
    assert "innerHTML" in str(widget._esm)


def test_a_terminal_has_the_same_table_with_those_first_that_need_somebody(
    simulator: Simulator, manager: livekeeper.CookieManager, shop: str
) -> None:
    cookie = simulator.cookie("2280551454091")
    manager.add_cookie("bell \x1b[31m\x07", simulator.cookie())
    simulator.expire_session("2280551454091")
    manager.add_cookie("店 2 [red]", cookie)
    manager.wait_for("店 2 [red]", state="parked", timeout_s=WAIT_S)
    out = io.StringIO()
    livekeeper.top(manager, 0, console=Console(file=out, width=160, height=40))
    text = out.getvalue()
    assert text.index("店 2 [red]") < text.index("shop")
    assert "bell �[31m�" in text and "\x1b" not in text and "\x07" not in text
    assert "3 accounts:" in text and "1 parked" in text
    assert "the login is over" in text


def test_a_table_in_a_terminal_fits_into_it() -> None:
    reason = livekeeper.Reason("online")
    statuses = livekeeper.Statuses(livekeeper.AccountStatus(f"s{n}", True, "running", "connected", reason) for n in range(50))
    out = io.StringIO()
    console = Console(file=out, width=80, height=20)
    console.print(in_a_terminal.table(statuses, console, statuses.summary()))
    assert "… and 37 more" in out.getvalue()
    assert len(out.getvalue().splitlines()) <= 20
    assert "health" not in out.getvalue()


def test_the_table_ends_with_the_manager(manager: livekeeper.CookieManager, shop: str) -> None:
    out = io.StringIO()
    showing = threading.Thread(target=livekeeper.top, args=(manager,), kwargs={"console": Console(file=out, width=120)})
    showing.start()
    manager.close()
    showing.join(WAIT_S)
    assert not showing.is_alive()


def test_ctrl_c_ends_the_table_and_the_manager_is_closed() -> None:
    program = """
import io, os, signal, livekeeper
from livekeeper.testing import Simulator
from rich.console import Console

class Screen(io.StringIO):
    is_seen = False

    def write(self, text):
        written = super().write(text)
        if "1 account: 1 connected" in text and not self.is_seen:
            self.is_seen = True
            os.kill(os.getpid(), signal.SIGINT)
        return written

signal.signal(signal.SIGINT, signal.default_int_handler)
with Simulator() as simulator:
    manager = livekeeper.CookieManager(":memory:", simulator.config())
    manager.add_cookie("shop", simulator.cookie())
    manager.wait_for("shop", connection="connected", timeout_s=20)
    screen = Screen()
    report = livekeeper.top(manager, close=True, console=Console(file=screen, width=100, force_terminal=True))
    print(report.is_clean, "1/1" in screen.getvalue())
"""
    done = run_python(program)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "True True\n")


def test_closing_is_shown_with_a_bar_and_returns_the_report(simulator: Simulator, manager: livekeeper.CookieManager) -> None:
    for n in range(5):
        manager.add_cookie(f"shop {n}", simulator.cookie())
    out, pipe = io.StringIO(), io.StringIO()
    report = livekeeper.top(manager, 0, close=True, console=Console(file=out, width=100, force_terminal=True))
    assert report is not None and report.is_clean and len(report.accounts) == 5
    assert "5/5" in out.getvalue()
    # It is closed already, and no bar goes into a pipe.
    assert progress.close(manager, console=Console(file=pipe)) == report
    with progress.Bar("adding", 2, Console(file=pipe)) as bar:
        bar.advance()
        bar.complete(2)
    assert pipe.getvalue() == ""


def test_a_log_keeps_the_newest_events_of_an_account(manager: livekeeper.CookieManager, shop: str) -> None:
    with manager.record(cookie_id=shop, limit=3) as log:
        for _ in range(5):
            manager.pause(shop)
            manager.resume(shop)
        until = time.monotonic() + WAIT_S
        while log.seen < 10 and time.monotonic() < until:
            manager.wait_for(shop, state="running", timeout_s=WAIT_S)
    assert (len(log), log.seen) == (3, 10)
    assert [str(event.new.state) for event in log if isinstance(event.new, livekeeper.Standing)] == ["running", "paused", "running"]
    assert repr(log) == "<EventLog: 3 events of 10>"
    manager.restart(shop)
    assert log.seen == 10
    for limit in (0, 1_000_001):
        with pytest.raises(livekeeper.InvalidArgument, match="limit: is"):
            manager.record(limit=limit)


def test_a_script_that_ends_under_a_view_and_a_log_ends_quietly() -> None:
    program = """
import livekeeper
from livekeeper.testing import Simulator

simulator = Simulator()
manager = livekeeper.CookieManager(":memory:", simulator.config())
log = manager.record()
view = manager.watch()
view.start(lambda page: None)
manager.add_cookie("shop", simulator.cookie())
manager.wait_for("shop", connection="connected", timeout_s=20)
print("done")
"""
    for _ in range(3):
        done = run_python(program)
        assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")
