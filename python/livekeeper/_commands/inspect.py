"""``inspect``: what a store holds."""

from __future__ import annotations

import argparse

from .ending import exit_code
from .ranges import whole

NAME = "inspect"
HELP = "what a store holds, read only, secrets hidden"
DESCRIPTION = """\
Shows what a store holds: whether its file is sound, its accounts, their rules, the latest
messages with what was decided about each and what was sent, and the chats that are paused.
The file is read only, whether or not a program keeps accounts alive with it; nothing is
made beside it (but a -shm beside a copy that came with its log), and cookies, tokens and
proxies are never shown.

It ends with exit code 0; 1 if the store is damaged or cannot be read, saying what is wrong.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", metavar="STORE", help="the store, such as shop.db")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.add_argument(
        "--limit", type=whole(0, 10_000), default=20, metavar="N", help="messages, and rules of each account, 0 … 10000 (default 20)"
    )


def run(given: argparse.Namespace) -> int:
    from .._inspect_view import run as run_inspect

    return exit_code(NAME, lambda: run_inspect(path=given.path, limit=given.limit, as_json=given.json))
