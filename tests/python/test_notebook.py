"""`livekeeper.open`, and the notebook in `python/examples`, run by a real kernel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import livekeeper
import pytest
from livekeeper.testing import Simulator

from conftest import UNB, WAIT_S

NOTEBOOK = Path(__file__).parents[2] / "python" / "examples" / "diagnostics.ipynb"


def run_cells(notebook: Any) -> list[str]:
    """What the code cells showed, each as one text."""
    nbclient = pytest.importorskip("nbclient")
    nbclient.NotebookClient(notebook, kernel_name="python3", timeout=50).execute()
    return [text_of(cell) for cell in notebook.cells if cell.cell_type == "code"]


def text_of(cell: Any) -> str:
    return "".join(output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.outputs)


def test_the_notebook_runs_from_top_to_bottom() -> None:
    nbformat = pytest.importorskip("nbformat")
    shown = run_cells(nbformat.read(NOTEBOOK, as_version=4))
    assert shown[1] == "<CookieManager ':memory:': 0 accounts>"
    assert shown[3] == "'全场包邮'"
    assert "老板，包邮吗？" in shown[4]
    restarted = shown[5].splitlines()
    assert restarted[0] == "shop 1: stopping, connected: being restarted by the host"
    assert restarted[-1] == "shop 1: running, connected: connected and registered"
    assert "delivered" in shown[6]
    assert shown[7].startswith("the login is over: give a new cookie with update_cookie\ndown\n")
    assert shown[-1].startswith("StopReport(")


def test_a_notebook_whose_cells_are_run_twice_has_one_session_at_a_time() -> None:
    nbformat = pytest.importorskip("nbformat")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    first, *rest = (cell for cell in notebook.cells if cell.cell_type == "code")
    *rest, close = rest
    asks = nbformat.v4.new_code_cell("service.max_live_sessions(cookie.unb), service.violations(), len(livekeeper.open(':memory:', service.config()).list_cookies())")
    notebook.cells = [first, *(cell.copy() for cell in rest for _ in range(2)), asks, close]
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
    assert run_cells(notebook)[-2] == "(1, [], 1)"


def test_a_store_that_is_open_is_opened_no_second_time(simulator: Simulator, tmp_path: Path) -> None:
    config = simulator.config()
    manager = livekeeper.open(tmp_path / "shop.db", config)
    manager.add_cookie("shop", simulator.cookie(UNB))
    manager.wait_for("shop", connection="connected", timeout_s=WAIT_S)
    assert livekeeper.open(str(tmp_path / "." / "shop.db"), simulator.config()) is manager
    with pytest.raises(livekeeper.InvalidArgument, match="is open with another one") as refused:
        livekeeper.open(tmp_path / "shop.db")
    assert refused.value.field == "config"
    assert simulator.max_live_sessions(UNB) == 1
    manager.close()
    with livekeeper.open(tmp_path / "shop.db", config) as later:
        assert later is not manager and later.list_cookies() == ["shop"]
