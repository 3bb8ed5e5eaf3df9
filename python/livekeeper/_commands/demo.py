"""``demo``: accounts, buyers and replies on this machine, to look at."""

from __future__ import annotations

import argparse

from .ranges import number, whole

NAME = "demo"
HELP = "accounts, buyers and replies on this machine, to look at"
DESCRIPTION = """\
Shows the main job without an account of yours: starts a stand-in for the service on this
machine (over TLS), opens a store in a temporary directory, adds accounts with keyword
rules, lets buyers write to them, and shows what becomes of it. Each message is answered
at once (debounce_s=0); against the real service a chat is first left quiet for a second.
Several messages come in one push, and one comes twice: it is answered once.

It ends with what closing came to, and with exit code 0 if every message that a rule
answers was answered exactly once and nothing was left; 1 if not, saying what was lost;
130 after Ctrl-C.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--accounts", type=whole(1, 1_000), default=5, metavar="N", help="how many accounts, 1 … 1000 (default 5)")
    parser.add_argument(
        "--seconds", type=number(1, 3_600), default=10.0, metavar="S", help="how long the buyers talk, 1 … 3600 (default 10)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object at the end and nothing else")


def run(given: argparse.Namespace) -> int:
    from ..demo import run as run_demo

    return run_demo(accounts=given.accounts, seconds=given.seconds, as_json=given.json)
