"""``import``: accounts of another file, into a store."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, Optional

from .._livekeeper import CookieManager, ImportReport
from ..errors import InvalidArgument
from . import passphrases, store
from .ending import DONE, NOT_ALL, Unusable, exit_code, progress_console, said

NAME = "import"
HELP = "takes accounts of today's Python program, or of an export"
DESCRIPTION = """\
Takes accounts out of FILE into a store, which is made if there is none: out of the
database of today's most used Python program (xianyu_data.db; end that program first, else
both answer), or out of a document that `export` has written.

An account that is in the store already keeps its login; a document brings it new settings,
rules and default replies, a database nothing. No account connects meanwhile: that is for
`top`, or for your program. If nothing can be taken at all, no store is made either.

What was not taken is said for each account, and why; cookies and tokens are never shown.
It ends with exit code 0 if everything was taken; 1 if something was not, such as an account
that was in the store already, or nothing could be; 2 for arguments that cannot be used.
"""
_SQLITE = b"SQLite format 3\0"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    store.add_arguments(parser)
    parser.add_argument("file", metavar="FILE", help="what is imported: xianyu_data.db, or accounts.lkx")
    parser.add_argument(
        "--passphrase-env",
        metavar="NAME",
        help="the environment variable with the document's passphrase; else it is asked for on a terminal",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")


def run(given: argparse.Namespace) -> int:
    return exit_code(NAME, lambda: _run(given))


def _run(given: argparse.Namespace) -> int:
    from .import_view import show

    is_database = _is_database(given.file)
    words = None if given.passphrase_env is None else passphrases.of_environment(given.passphrase_env)
    if is_database and words is not None:
        raise Unusable(f"--passphrase-env: {given.file} is a database, and has no passphrase")
    instead = "End it first, or have it call manager.import_xianyu_db or manager.import_accounts"
    absent = store.absent(given)
    manager = store.open_store(given, instead, **store.AT_REST)
    try:
        with manager:
            report = _import_xianyu_db(manager, given) if is_database else _import_document(manager, given, words)
    except BaseException:
        store.take_back(given, absent)
        raise
    if given.json:
        print(json.dumps(_as_json(report), ensure_ascii=False))
    else:
        show(report)
    return DONE if report.is_complete else NOT_ALL


def _is_database(file: str) -> bool:
    """Else it is a document, or nothing that can be imported."""
    try:
        with Path(file).open("rb") as opened:
            return opened.read(len(_SQLITE)) == _SQLITE
    except OSError as error:
        raise OSError(f"FILE: {said(error)}: name a file that you may read") from None


def _import_xianyu_db(manager: CookieManager, given: argparse.Namespace) -> ImportReport:
    try:
        with _shown(manager, given):
            return manager.import_xianyu_db(given.file)
    except InvalidArgument as error:
        # It is a store of livekeeper's own.
        raise Unusable(f"FILE: {error}") from None


def _import_document(manager: CookieManager, given: argparse.Namespace, words: Optional[str]) -> ImportReport:
    try:
        with _shown(manager, given):
            return manager.import_accounts(given.file, passphrase=words)
    except InvalidArgument as error:
        if error.field != "passphrase" or words is not None:
            raise
        words = passphrases.ask(f"passphrase of {given.file}: ")
        if words is None:
            raise Unusable(f"{given.file} is sealed with a passphrase: give it with --passphrase-env NAME") from None
    with _shown(manager, given):
        return manager.import_accounts(given.file, passphrase=words)


def _shown(manager: CookieManager, given: argparse.Namespace) -> Any:
    from .._seeing.progress import Spinner

    def on_record() -> str:
        return f"{len(manager.list_cookies()):,} accounts in {given.store}"

    return Spinner(f"importing {given.file}", on_record, progress_console())


def _as_json(report: ImportReport) -> dict[str, Any]:
    fields = ("cookie_id", "outcome", "cookie", "settings", "rules", "default_replies", "not_taken", "notes")
    accounts = [{name: getattr(account, name) for name in fields} for account in report.accounts]
    return {"accounts": accounts, "notes": report.notes, "is_complete": report.is_complete}
