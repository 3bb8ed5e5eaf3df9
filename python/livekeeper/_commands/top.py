"""``top``: keeps a store's accounts alive, and shows them."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Optional

from .._livekeeper import CookieManager
from .._seeing.text import visible
from ..errors import StoreError
from . import signals, store
from .ending import DONE, NOT_ALL, Unusable, exit_code, progress_console
from .ranges import number

NAME = "top"
HELP = "keeps a store's accounts alive, and shows them until Ctrl-C"
DESCRIPTION = """\
Keeps the accounts of a store alive as a program of yours would, so it answers buyers with
the rules that are in the store. What they do is shown as it changes, those that need
somebody first. Ctrl-C, SIGTERM or SIGHUP closes everything and says what that came to.
Where the output is no terminal it is lines. The settings are those that livekeeper.Config
has by itself (messages are kept for 30 days, say); --config gives others.

A store is kept by one program at a time. In a program that has it open already,
livekeeper.top(manager) shows the same; python -m livekeeper inspect looks into it from
outside.

With --once it shows them a single time, when each is connected or waits for somebody, or
after --wait seconds; then it closes.

It ends with exit code 0 if everything was closed with nothing left, and with --once, if
also all accounts that are shown and switched on were connected; else with 1; 2 for
arguments that cannot be used.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    store.add_arguments(parser)
    parser.add_argument("accounts", nargs="*", default=[], metavar="ACCOUNT", help="show these only; all of the store are kept alive")
    parser.add_argument("--once", action="store_true", help="show them once, and end")
    parser.add_argument(
        "--wait", type=number(0, 3_600), default=30.0, metavar="S", help="how long --once waits for them, 0 … 3600 s (default 30)"
    )
    parser.add_argument("--json", action="store_true", help="with --once: print one JSON object and nothing else")


def run(given: argparse.Namespace) -> int:
    return exit_code(NAME, lambda: _run(given))


def _run(given: argparse.Namespace) -> int:
    from .._seeing.progress import close
    from .._seeing.extras import optional
    from .._seeing.top import top
    from . import lines, once

    if given.json and not given.once:
        raise Unusable("--json goes with --once")
    # On a dumb terminal nothing can be drawn in its place.
    is_terminal = sys.stdout.isatty() and os.environ.get("TERM") != "dumb" and not given.json
    store.must_exist(given)
    if is_terminal and optional("rich") is None:
        is_terminal = False
        print("(for a live table: pip install 'livekeeper[cli]')", flush=True)
    instead = f"That program shows the same with livekeeper.top(manager); python -m livekeeper inspect {given.store} looks into it"
    with signals.as_ctrl_c(), store.open_store(given, instead) as manager:
        wanted = _wanted(manager, given)
        if given.once:
            return once.show(manager, wanted, given, is_terminal)
        if is_terminal:
            top(manager, accounts=wanted)
        else:
            lines.follow(manager, wanted)
        report = close(manager, console=progress_console())
    for account in report.accounts:
        if account.left:
            print(visible(f"{account.cookie_id}: left: {', '.join(account.left)}"))
    print(report)
    return DONE if report.is_clean else NOT_ALL


def _wanted(manager: CookieManager, given: argparse.Namespace) -> Optional[frozenset[str]]:
    known = manager.list_cookies()
    if not known:
        raise StoreError(f"{given.store} has no accounts yet: python -m livekeeper import {given.store} FILE takes them from elsewhere")
    unknown = [account for account in given.accounts if account not in known]
    if unknown:
        there_are = visible(", ".join(known[:10])) + (f" and {len(known) - 10:,} more" if len(known) > 10 else "")
        raise Unusable(f"there is no account {unknown[0]!r} in {given.store}; there are {there_are}")
    return frozenset(given.accounts) or None
