"""The examples in the docstrings: every public name and every verb has one, and each of them runs. Those with ``>>>`` are doctests
(`test_processes.py`); the others are lines of a program that has a manager with the account "shop 1", and are run as such here."""

from __future__ import annotations

import ast
import asyncio
import inspect
import itertools
import sqlite3
import textwrap
import threading
from pathlib import Path
from typing import Any, Iterator

import livekeeper
import pytest
from livekeeper import _livekeeper
from livekeeper.testing import Entry, Simulator

from conftest import UNB, WAIT_S
from test_bring import TABLES

COOKIE = "unb=…; cookie2=…; _m_h5_tk=…"
ORDER = "6276084829544251257"


def compiled(lines: str, name: str) -> Any:
    return compile(lines, name, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def example(thing: Any) -> str:
    """The last paragraph of its docstring, where that is a program."""
    lines = textwrap.dedent((inspect.getdoc(thing) or "").rpartition("\n\n")[2])
    try:
        compiled(lines, "example")
    except SyntaxError:
        return ""
    return lines


def verbs(owner: type) -> Iterator[tuple[str, Any]]:
    return ((f"{owner.__name__}.{name}", getattr(owner, name)) for name in dir(owner) if not name.startswith("_"))


def documented() -> dict[str, Any]:
    names = {name: getattr(livekeeper, name) for name in livekeeper.__all__ if name != "__version__"}
    # Of the errors, the tree is shown as a whole: see `livekeeper.errors`.
    names = {name: thing for name, thing in names.items() if not (inspect.isclass(thing) and issubclass(thing, Exception))}
    return {**names, **dict(verbs(livekeeper.CookieManager)), "AsyncCookieManager.events": livekeeper.AsyncCookieManager.events}


LINES = {name: example(thing) for name, thing in documented().items() if ">>>" not in (thing.__doc__ or "")}


def test_every_public_name_and_every_verb_has_an_example() -> None:
    assert [name for name, lines in LINES.items() if not lines] == []


class Told:
    """Stands for ``print``: tells when it was called."""

    def __init__(self) -> None:
        self.called = threading.Event()

    def __call__(self, *things: Any) -> None:
        assert all(str(thing) for thing in things)
        self.called.set()


@pytest.fixture
def program(simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """The names that the examples use, and the files beside them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    with sqlite3.connect("xianyu_data.db") as db:
        db.executescript(TABLES)
    with livekeeper.CookieManager("shop.db", simulator.config()) as manager:
        manager.add_cookie("shop 1", simulator.cookie(UNB))
        manager.wait_for("shop 1", connection="connected", timeout_s=WAIT_S)
        simulator.push(UNB, [Entry.order_card("41", "961", order_id=ORDER, status="awaiting_shipment", item_id="920")])
        simulator.wait_until(lambda _: manager.order("shop 1", ORDER) is not None, WAIT_S)
        yield {"livekeeper": livekeeper, "manager": manager, "config": simulator.config(), "ask_model": lambda text: "在的", "print": Told()}


@pytest.mark.parametrize("name", [name for name, lines in LINES.items() if lines])
def test_an_example_runs(name: str, program: dict[str, Any], simulator: Simulator) -> None:
    if "plot" in name:
        pytest.importorskip("matplotlib")
    manager = program["manager"]
    if name.endswith("import_accounts"):
        manager.export_accounts("accounts.json", passphrase="…")
    lines = LINES[name].replace(COOKIE, simulator.cookie(UNB))
    if "CookieManager(" in lines:
        manager.close()
        lines = lines.replace('"shop.db"', '"shop.db", config')
    closing = threading.Thread(target=close_when_told, args=(simulator, manager, program["print"]))
    if "manager.events()" in lines or "aio.events(" in lines:
        # It goes on until the manager is closed, which it is when something was heard.
        closing.start()
    if "log = " in lines:
        lines += "\nlog.stop()"
    if "manager.watch()" in lines:
        lines += ".stop()"
    waits = eval(compiled(lines, name), program)
    if inspect.iscoroutine(waits):
        asyncio.run(asyncio.wait_for(waits, WAIT_S))
    if closing.is_alive():
        closing.join(WAIT_S)
        assert not closing.is_alive()


def close_when_told(simulator: Simulator, manager: livekeeper.CookieManager, told: Told) -> None:
    orders = itertools.count()
    while not told.called.wait(0.01):
        simulator.push(UNB, [Entry.order_card("41", "961", order_id=str(next(orders)), status="closed", item_id="920")])
        manager.pause("shop 1")
        manager.resume("shop 1")
    manager.close()


def test_a_class_without_a_public_name_has_no_example_that_is_not_run() -> None:
    hidden = [thing for name, thing in vars(_livekeeper).items() if inspect.isclass(thing) and name not in livekeeper.__all__]
    assert [thing.__name__ for thing in hidden if example(thing) and ">>>" not in (thing.__doc__ or "")] == []
