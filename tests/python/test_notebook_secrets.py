"""Nothing secret in what a notebook shows, and so keeps in its file: tables, views, reports, plots, and the errors of its cells."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conftest import CANARY, UNB, WAIT_S
from test_secrets_canary import TOKEN, leaks, written

# The secrets come from a file: what a cell says itself, and what is in its variables, is the host's.
CELLS = [
    f"""
import os, pathlib, livekeeper, matplotlib
from livekeeper.testing import Simulator
secret = pathlib.Path(os.environ["SECRET"]).read_text
%matplotlib inline
%config InlineBackend.figure_formats = ["svg"]
matplotlib.rcParams["svg.fonttype"] = "none"  # Text stays text.
%xmode Verbose
service = Simulator()
config = service.config(passphrase=secret() + " as words")
manager = livekeeper.open(":memory:", config)
log = manager.record()
manager.add_cookie("shop", service.cookie("{UNB}") + "; secret=" + secret(), keywords=[("包邮", "全场包邮")])
manager.add_cookie("away", service.cookie() + "; secret=" + secret(), proxy="http://user:" + secret() + "@127.0.0.1:9")
manager.wait_for("away", connection="reconnecting", timeout_s={WAIT_S})
manager.wait_for("shop", connection="connected", timeout_s={WAIT_S})
""",
    "manager.watch()",
    f"""
buyer = service.buyer("小王", "{UNB}")
buyer.says("包邮吗")
buyer.hears("全场包邮", within_s={WAIT_S})
manager.send_text("shop", "41", "42", "你好")
""",
    "manager",
    "config",
    "manager.statuses()",
    "manager.status('away')",
    "manager.messages('shop')",
    "manager.explain('away')",
    "manager.diagnose('away', texts=True)",
    "manager.diagnose('shop').data",
    "list(log)",
    "manager.metrics(), manager.capacity(), print(manager.metrics_text(per_account=True))",
    "manager.plot_timeline('shop', log=log)",
    "manager.plot_latency('shop')",
    "manager.update_cookie('shop', 'cookie2=' + secret())",
    "manager.set_proxy('away', 'ftp://user:' + secret() + '@127.0.0.1:9')",
    "manager.rekey(key=secret().encode())",
    "livekeeper.open(':memory:', config.replace(passphrase=secret()))",
    "await manager.aio.status('nobody')",
    "await manager.aio.update_cookie('shop', secret())",
    f"service.expire_session('{UNB}'); manager.restart('shop'); manager.wait_for('shop', state='parked', timeout_s={WAIT_S})",
    "manager.statuses()",
    "manager.close()",
]
RAISES = 6


def test_nothing_secret_is_in_a_notebook_that_shows_everything(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    for name in ("matplotlib", "anywidget", "ipykernel"):
        pytest.importorskip(name)
    (tmp_path / "secret").write_text(CANARY)
    monkeypatch.setenv("SECRET", str(tmp_path / "secret"))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    nbclient.NotebookClient(notebook, kernel_name="python3", timeout=50, allow_errors=True).execute()
    shown = [everything(cell.outputs) for cell in notebook.cells]
    errors = [output for cell in notebook.cells for output in cell.outputs if output.output_type == "error"]
    assert len(errors) == RAISES, [f"{error.ename}: {error.evalue}" for error in errors]
    assert [CELLS[place] for place, text in enumerate(shown) if place not in (0,) and text == "[]"] == []
    # The view is of a widget, whose pages stand beside the cells.
    view = everything(notebook.metadata.get("widgets", {}))
    assert "shop" in view and "<svg" in "".join(shown)
    secrets = written(CANARY) | written(TOKEN)
    assert [leak for text in (*shown, view) for leak in leaks(text, secrets)] == []


def everything(outputs: Any) -> str:
    return json.dumps(outputs, ensure_ascii=False)
