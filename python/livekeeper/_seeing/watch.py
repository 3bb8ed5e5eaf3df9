"""A table of all accounts in a notebook that stays up to date."""

from __future__ import annotations

import functools
import sys
import threading
import time
import weakref
from typing import Any, Callable, Optional
from weakref import WeakKeyDictionary

from .._livekeeper import CookieManager
from ..errors import LivekeeperError
from . import html
from .extras import needed, optional
from .exit import stop_at_exit
from .rows import statuses_html
from .times import clock, now

EVERY_S = 0.5
"""The least time between two drawings."""
SHARE = 10
"""Drawing takes a tenth of the time at most: what takes long, thousands of accounts say, is drawn more rarely."""

# The HTML is made, and escaped, in Python. A cell that runs again, or is cleared, ends its view: then the last of them tells.
_ESM = """
function render({ model, el }) {
  const draw = () => { el.innerHTML = model.get("html"); };
  model.on("change:html", draw);
  draw();
  model.send({ kind: "shown" });
  return () => { model.off("change:html", draw); model.send({ kind: "gone" }); };
}
export default { render };
"""

Put = Callable[[str], None]


class LiveView:
    """All accounts in a notebook's cell, up to date: what ``manager.watch()`` returns. It starts when it is shown.

    >>> import livekeeper
    >>> with livekeeper.CookieManager(":memory:") as manager:
    ...     view = manager.watch()
    ...     view.is_live
    False
    """

    def __init__(self, manager: CookieManager, timeout_s: float) -> None:
        # A view keeps no manager alive.
        self._manager = weakref.ref(manager)
        self._name = repr(manager)
        self._timeout_s = timeout_s
        self._ends = 0.0
        self._is_over = threading.Event()
        self._thread: Optional[threading.Thread] = None
        self._lock = threading.Lock()

    @property
    def is_live(self) -> bool:
        """Whether it is shown and kept up to date."""
        return self._thread is not None and self._thread.is_alive()

    def stop(self) -> None:
        """Ends it: what it shows last stays. Returns when nothing of it runs. A second call does nothing."""
        self._is_over.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def start(self, put: Put) -> None:
        """Has ``put`` given what is to be shown, as HTML, whenever that has changed; nothing if it is live already. For other places
        than notebooks; a notebook does so by itself."""
        with self._lock:
            if self.is_live and not self._is_over.is_set():
                return
            # One that is about to end would not be heard of again.
            self.stop()
            self._is_over.clear()
            self._ends = time.monotonic() + self._timeout_s
            self._thread = threading.Thread(target=self._run, args=(put,), name="livekeeper-watch", daemon=True)
            self._thread.start()
        stop_at_exit(self)

    def _run(self, put: Put) -> None:
        shown = ""
        while True:
            begun = time.monotonic()
            page = self._draw()
            if page is None:
                break
            if page != shown:
                put(page)
                shown = page
            took = time.monotonic() - begun
            rest = max(EVERY_S - took, took * (SHARE - 1))
            if self._is_over.wait(min(rest, self._ends - begun)) or time.monotonic() >= self._ends:
                break
        put(shown + html.page(html.paragraph(f"No longer live, since {clock(now())}.", "faint")))

    def _draw(self) -> Optional[str]:
        manager = self._manager()
        if manager is None:
            return None
        try:
            return statuses_html(manager.statuses(), repr(manager))
        except LivekeeperError:
            # Closed, or another process's.
            return None

    def _ipython_display_(self) -> None:
        if not _in_a_notebook():
            print(repr(self))
        elif (widget := _widget_class()) is not None:
            self._show_widget(widget())
        else:
            self._show_html()

    def _show_widget(self, widget: Any) -> None:
        shown = 0

        def put(page: str) -> None:
            widget.html = page

        def hear(_: Any, message: dict[str, Any], __: Any) -> None:
            nonlocal shown
            shown += {"shown": 1, "gone": -1}.get(message.get("kind", ""), 0)
            if shown <= 0:
                self._is_over.set()
            else:
                self.start(put)

        widget.on_msg(hear)
        self.start(put)
        _display().display(widget)

    def _show_html(self) -> None:
        display = _display()
        handle = display.display(display.HTML(self._draw() or ""), display_id=True)
        self.start(lambda page: handle.update(display.HTML(page)))

    def __repr__(self) -> str:
        how = "live" if self.is_live else "not live: end a notebook's cell with it; in a terminal, use livekeeper.top(manager)"
        return f"<LiveView of {self._name.strip('<>')}: {how}>"


_views: WeakKeyDictionary[CookieManager, LiveView] = WeakKeyDictionary()


def watch(manager: CookieManager, timeout_s: float) -> LiveView:
    """A view of the manager, in the place of the one that it had: a cell that runs again leaves none behind."""
    earlier = _views.get(manager)
    if earlier is not None:
        earlier.stop()
    view = _views[manager] = LiveView(manager, timeout_s)
    return view


def _in_a_notebook() -> bool:
    # Whoever has a notebook has imported it long since.
    ipython = sys.modules.get("IPython")
    return ipython is not None and getattr(ipython.get_ipython(), "kernel", None) is not None


def _display() -> Any:
    return needed("IPython.display", "a view in a notebook", "ipython")


@functools.lru_cache(maxsize=None)
def _widget_class() -> Any:
    """A widget with a trait ``html``; ``None`` without anywidget."""
    anywidget, traitlets = optional("anywidget"), optional("traitlets")
    if anywidget is None or traitlets is None:
        return None
    members = {"_esm": _ESM, "html": traitlets.Unicode("").tag(sync=True)}
    return type("LivekeeperTable", (anywidget.AnyWidget,), members)
