"""``export``: a store's accounts into a document."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Optional

from . import passphrases, store
from .ending import DONE, Unusable, exit_code

NAME = "export"
HELP = "writes a store's accounts into a document, sealed"
DESCRIPTION = """\
Writes all accounts of a store, with their settings, rules and default replies, into a new
document that only you can read. Their cookies, devices, tokens and proxies are sealed under
a passphrase, or left out; messages and orders are not in it. `import` brings them back,
also elsewhere. No account connects meanwhile.

It ends with exit code 0; 1 if it could not be written; 2 for arguments that cannot be used.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    store.add_arguments(parser)
    parser.add_argument("file", metavar="FILE", help="the document, such as accounts.lkx; there must be no such file yet")
    secrets = parser.add_mutually_exclusive_group()
    secrets.add_argument(
        "--passphrase-env",
        metavar="NAME",
        help="the environment variable with a passphrase for the document; else it is asked for on a terminal",
    )
    secrets.add_argument("--without-secrets", action="store_true", help="leave cookies, devices, tokens and proxies out")


def run(given: argparse.Namespace) -> int:
    return exit_code(NAME, lambda: _run(given))


def _run(given: argparse.Namespace) -> int:
    store.must_exist(given)
    _must_be_new(given.file)
    words = _passphrase(given)
    instead = "End it first, or have it call manager.export_accounts"
    with store.open_store(given, instead, **store.AT_REST) as manager:
        count = manager.export_accounts(given.file, passphrase=words)
    secrets = "without their secrets" if words is None else "their secrets sealed under the passphrase"
    print(f"{given.file}: {count:,} account{'' if count == 1 else 's'}, {secrets}")
    return DONE


def _must_be_new(file: str) -> None:
    """Else a passphrase is typed for nothing."""
    directory = Path(file).parent
    if os.path.lexists(file):
        raise FileExistsError(f"FILE: {file} exists already, and was left as it is: name a new file")
    if not directory.is_dir():
        raise FileNotFoundError(f"FILE: {directory} is no directory: make it first, or name another file")


def _passphrase(given: argparse.Namespace) -> Optional[str]:
    if given.without_secrets:
        return None
    if given.passphrase_env is not None:
        return passphrases.of_environment(given.passphrase_env)
    words = passphrases.ask(f"a new passphrase for {given.file}: ")
    if words is None:
        raise Unusable("give a passphrase with --passphrase-env NAME, or say --without-secrets")
    if passphrases.ask("the same again: ") != words:
        raise Unusable("that was another passphrase")
    return words
