"""``python -m livekeeper``: what can be done from a terminal."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Optional, Sequence

from . import __version__
from ._commands import demo, export_accounts, import_accounts, inspect, top

_COMMANDS = (demo, top, inspect, import_accounts, export_accounts)

_DESCRIPTION = """\
livekeeper keeps Xianyu (闲鱼 / Goofish) seller accounts alive inside your own program:
one supervised session per account, keyword replies, a store that survives restarts.
"""

_EPILOG = """\
first steps:
  python -m livekeeper demo                           five accounts, ten seconds, nothing to set up
  python -m livekeeper import shop.db xianyu_data.db  the accounts of today's Python program, into a store
  python -m livekeeper top shop.db                    keeps a store's accounts alive, and shows them
  python -m livekeeper inspect shop.db                what a store holds, whether or not a program uses it
  python -c "import livekeeper; help(livekeeper.CookieManager)"

python -m livekeeper COMMAND --help says more of each.
"""


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Runs a command and returns the exit code.

    >>> from livekeeper.__main__ import main
    >>> main(["demo", "--accounts", "1", "--seconds", "1"])   # doctest: +SKIP
    0
    """
    _make_writable()
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser, own = _parsers()
    command = next((command for command in _COMMANDS if given[:1] == [command.NAME]), None)
    if command is None:
        # Help or the version, else what is wrong.
        parser.parse_args(given)
        parser.print_help()
        return 0
    # So may options stand between the names of accounts.
    code: int = command.run(own[command.NAME].parse_intermixed_args(given[1:]))
    return code


def _make_writable() -> None:
    """Whatever the outputs are, writing to them raises nothing of its own."""
    # Of a program that was started with one of them closed there is none.
    sys.stdout = sys.stdout or open(os.devnull, "w")
    sys.stderr = sys.stderr or open(os.devnull, "w")
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            # A terminal that cannot write Chinese shows a question mark, and not a traceback.
            reconfigure(errors="replace")


def _parsers() -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    """That of all commands, and each command's own."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="python -m livekeeper", description=_DESCRIPTION, epilog=_EPILOG, formatter_class=raw
    )
    parser.add_argument("--version", action="version", version=f"livekeeper {__version__}")
    commands, own = parser.add_subparsers(metavar="COMMAND"), {}
    for command in _COMMANDS:
        one = commands.add_parser(
            command.NAME, help=command.HELP, description=command.DESCRIPTION, formatter_class=raw
        )
        command.add_arguments(one)
        own[command.NAME] = one
    return parser, own


if __name__ == "__main__":
    sys.exit(main())
