"""What an import came to, for people."""

from __future__ import annotations

import sys
from typing import Sequence

from .._livekeeper import ImportedAccount, ImportReport
from .._seeing.extras import optional
from .._seeing.text import visible
from ..states import ImportOutcome
from .advice import in_python

MAX_WHOLE = 20
"""Accounts that were taken whole and are shown one by one."""
FIGURES_FROM = 90
"""Characters of a line from which on it is said what was taken."""
_COLORS = {
    ImportOutcome.ADDED: "green",
    ImportOutcome.UPDATED: "green",
    ImportOutcome.KEPT: "yellow",
    ImportOutcome.REFUSED: "red",
}


def show(report: ImportReport) -> None:
    """Writes it to standard output: a table on a terminal with rich, else lines; what somebody has to look at first."""
    accounts, whole = _in_order(report)
    is_table = sys.stdout.isatty() and optional("rich") is not None
    if accounts and is_table:
        _table(accounts)
    else:
        for account in accounts:
            print("\n  ".join([visible(in_python(str(account))), *(f"note: {visible(note)}" for note in account.notes)]))
    if whole:
        print(f"… and {whole:,} more that were taken whole")
    for note in report.notes:
        print(f"note: {visible(note)}")
    print(report)


def _in_order(report: ImportReport) -> tuple[Sequence[ImportedAccount], int]:
    """Those of which something was not taken, then some of the others, and how many more of these there are."""
    partly = [account for account in report.accounts if account.not_taken or account.notes]
    whole = [account for account in report.accounts if not (account.not_taken or account.notes)]
    partly.sort(key=lambda account: account.outcome is not ImportOutcome.REFUSED)
    return partly + whole[:MAX_WHOLE], len(whole[MAX_WHOLE:])


def _table(accounts: Sequence[ImportedAccount]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    has_room = console.width >= FIGURES_FROM
    table = Table(box=box.ROUNDED, header_style="bold", expand=True)
    table.add_column("account", no_wrap=True, max_width=24)
    table.add_column("outcome", no_wrap=True)
    for name in ("cookie", "rules", "default replies") if has_room else ():
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("not taken, and why", ratio=1)
    for account in accounts:
        figures = ("taken" if account.cookie else "–", f"{account.rules:,}", f"{account.default_replies:,}")
        sentences = [*account.not_taken, *(f"note: {note}" for note in account.notes)]
        table.add_row(
            Text(visible(account.cookie_id)),
            Text(str(account.outcome), style=_COLORS[account.outcome]),
            *(figures if has_room else ()),
            Text(visible(in_python("\n".join(sentences)))),
        )
    console.print(table)
