"""HTML for notebooks: everything that is shown is escaped, and colours follow the notebook's theme or else the system's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple

from .text import visible

MAX_ROWS = 1_000
"""Rows of a table; how many more there are is said below it."""
MAX_TEXT = 300
"""Characters of a cell; the rest is cut off."""

# JupyterLab and Notebook 7 say their theme by data-jp-theme-light, VS Code by its body's class; whoever says nothing has the
# system's. Colours of text and ground are the page's own, so that the table fits in wherever it is shown.
_LIGHT = "--lk-good:#1a7f37;--lk-wait:#8a5a00;--lk-bad:#c62828;--lk-faint:#57606a;--lk-line:rgba(127,127,127,.35)"
_DARK = "--lk-good:#57d26f;--lk-wait:#e3b341;--lk-bad:#ff7b72;--lk-faint:#9da7b1;--lk-line:rgba(160,160,160,.35)"
_STYLE = f"""<style>
.livekeeper{{{_LIGHT};font-size:13px;line-height:1.45;text-align:left;overflow-x:auto}}
@media (prefers-color-scheme:dark){{.livekeeper{{{_DARK}}}}}
[data-jp-theme-light=true] .livekeeper,.vscode-light .livekeeper{{{_LIGHT}}}
[data-jp-theme-light=false] .livekeeper,.vscode-dark .livekeeper{{{_DARK}}}
.livekeeper table{{border-collapse:collapse;margin:4px 0}}
.livekeeper caption{{color:var(--lk-faint);text-align:left;padding:2px 0}} .livekeeper .faint{{color:var(--lk-faint)}}
.livekeeper th,.livekeeper td{{padding:3px 10px;border-bottom:1px solid var(--lk-line);text-align:left;vertical-align:top}}
.livekeeper td{{white-space:pre-wrap;overflow-wrap:break-word;unicode-bidi:isolate;max-width:28em}}
.livekeeper .number{{text-align:right;font-variant-numeric:tabular-nums}}
.livekeeper .good{{color:var(--lk-good)}} .livekeeper .wait{{color:var(--lk-wait)}} .livekeeper .bad{{color:var(--lk-bad)}}
.livekeeper p{{margin:2px 0}}
</style>"""


class Cell(NamedTuple):
    """A cell: its text, and a class of the style above (``good``, ``wait``, ``bad``, ``faint``, ``number``) or none."""

    text: str
    look: str = ""


def page(*parts: str) -> str:
    """Pieces of HTML as one, with its style."""
    return f'{_STYLE}<div class="livekeeper">{"".join(parts)}</div>'


def paragraph(text: str, look: str = "") -> str:
    """A sentence."""
    return f"<p{_class(look)}>{shown(text)}</p>"


def table(names: Sequence[str], rows: Iterable[Sequence[Cell]], count: int, caption: str = "") -> str:
    """A table of ``count`` rows, of which the first `MAX_ROWS` are taken and shown."""
    head = "".join(f"<th>{shown(name)}</th>" for name in names)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row, _ in zip(rows, range(MAX_ROWS)))
    title = f"<caption>{shown(caption)}</caption>" if caption else ""
    more = paragraph(f"… and {count - MAX_ROWS:,} more", "faint") if count > MAX_ROWS else ""
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def shown(text: str) -> str:
    """A text as HTML."""
    return escape(visible(text))


def _cell(cell: Cell) -> str:
    text = cell.text if len(cell.text) <= MAX_TEXT else cell.text[:MAX_TEXT] + "…"
    return f"<td{_class(cell.look)}>{shown(text)}</td>"


def _class(look: str) -> str:
    return f' class="{look}"' if look else ""
