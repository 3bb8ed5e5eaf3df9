"""``python -m livekeeper``: what can be done from a terminal."""

from __future__ import annotations

import argparse
import sys
from typing import Optional, Sequence

from . import __version__

_DESCRIPTION = """\
livekeeper keeps Xianyu (闲鱼 / Goofish) seller accounts alive inside your own program:
one supervised session per account, keyword replies, a store that survives restarts.
"""

_EPILOG = """\
first steps:
  python -m livekeeper demo                    five accounts, ten seconds, nothing to set up
  python -m livekeeper demo --accounts 50      more of them
  python -m livekeeper inspect shop.db         what a store holds, whether or not a program uses it
  python -c "import livekeeper; help(livekeeper.CookieManager)"
"""

_DEMO = """\
Shows the main job without an account of yours: starts a stand-in for the service on this
machine (over TLS), opens a store in a temporary directory, adds accounts with keyword
rules, lets buyers write to them, and shows what becomes of it. Each message is answered
at once (debounce_s=0); against the real service a chat is first left quiet for a second.
Several messages come in one push, and one comes twice: it is answered once.

It ends with what closing came to, and with exit code 0 if every message that a rule
answers was answered exactly once and nothing was left; 1 if not, saying what was lost;
130 after Ctrl-C.
"""

_INSPECT = """\
Shows what a store holds: whether its file is sound, its accounts, their rules, the latest
messages with what was decided about each and what was sent, and the chats that are paused.
The file is read only, whether or not a program keeps accounts alive with it; nothing is
made beside it (but a -shm beside a copy that came with its log), and cookies, tokens and
proxies are never shown.

It ends with exit code 0; 1 if the store is damaged or cannot be read, saying what is wrong.
"""


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Runs a command and returns the exit code.

    >>> from livekeeper.__main__ import main
    >>> main(["demo", "--accounts", "1", "--seconds", "1"])   # doctest: +SKIP
    0
    """
    parser = argparse.ArgumentParser(
        prog="python -m livekeeper",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"livekeeper {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    demo = commands.add_parser(
        "demo",
        help="accounts, buyers and replies on this machine, to look at",
        description=_DEMO,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    demo.add_argument("--accounts", type=_accounts, default=5, metavar="N", help="how many accounts, 1 … 1000 (default 5)")
    demo.add_argument(
        "--seconds", type=_seconds, default=10.0, metavar="S", help="how long the buyers talk, 1 … 3600 (default 10)"
    )
    demo.add_argument("--json", action="store_true", help="print one JSON object at the end and nothing else")
    look = commands.add_parser(
        "inspect",
        help="what a store holds, read only, secrets hidden",
        description=_INSPECT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    look.add_argument("path", help="the store, such as shop.db")
    look.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    look.add_argument(
        "--limit", type=_limit, default=20, metavar="N", help="messages, and rules of each account, 0 … 10000 (default 20)"
    )
    given = parser.parse_args(arguments)
    if given.command is None:
        parser.print_help()
        return 0
    if given.command == "inspect":
        from ._inspect_view import run as run_inspect

        return run_inspect(path=given.path, limit=given.limit, as_json=given.json)
    from .demo import run

    return run(accounts=given.accounts, seconds=given.seconds, as_json=given.json)


def _accounts(text: str) -> int:
    return int(_within(text, 1, 1_000, int))


def _seconds(text: str) -> float:
    return _within(text, 1, 3_600, float)


def _limit(text: str) -> int:
    return int(_within(text, 0, 10_000, int))


def _within(text: str, least: int, most: int, kind: type[float]) -> float:
    try:
        value = kind(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from None
    if not least <= value <= most:
        raise argparse.ArgumentTypeError(f"{text} is out of range, allowed is {least} … {most}")
    return value


if __name__ == "__main__":
    sys.exit(main())
