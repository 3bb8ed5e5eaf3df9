"""Accounts, messages and orders as tables in a notebook and as data frames."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import livekeeper
import pytest
from conftest import CANARY, UNB, WAIT_S, run_python
from livekeeper.testing import Simulator

REASON = livekeeper.Reason("online", since_ms=1_700_000_000_123)
ORDER = livekeeper.Order("627", "41", "awaiting_shipment", "77", "9687", created_at_ms=1_700_000_000_000)
ANSWERED = livekeeper.MessageTrace(
    "m1",
    "41",
    "chat",
    "9687",
    "小王",
    "<b>包邮吗</b>",
    None,
    1_700_000_000_000,
    1_700_000_000_123,
    "reply",
    2,
    reply=livekeeper.SendTrace("全场包邮", livekeeper.SendOutcome("delivered"), 1_700_000_000_200, 1_700_000_000_300),
)
WAITING = livekeeper.MessageTrace("m2", "41", "chat", "9687", text="在吗", received_at_ms=1_700_000_000_123)


def status(cookie_id: str, **more: Any) -> livekeeper.AccountStatus:
    return livekeeper.AccountStatus(cookie_id, more.pop("enabled", True), "running", "connected", REASON, 1_700_000_000_123, **more)


def test_a_manager_and_its_accounts_are_a_table_without_secrets(simulator: Simulator, manager: livekeeper.CookieManager) -> None:
    cookie = f"{simulator.cookie(UNB)}; canary={CANARY}"
    manager.add_cookie("店铺 <script>alert(1)</script>", cookie, proxy=None)
    manager.wait_for("店铺 <script>alert(1)</script>", connection="connected", timeout_s=WAIT_S)
    for shown in (manager._repr_html_(), manager.statuses()._repr_html_()):
        assert "<td>店铺 &lt;script&gt;alert(1)&lt;/script&gt;</td>" in shown
        assert "<script" not in shown
        assert '<td class="good">connected</td>' in shown
        assert CANARY not in shown and UNB not in shown
    assert "1 account: 1 connected" in manager._repr_html_()
    manager.close()
    assert "closed&gt;" in manager._repr_html_()


def test_light_and_dark_follow_the_notebooks_theme_and_else_the_systems() -> None:
    shown = livekeeper.Statuses([status("店")])._repr_html_()
    for theme in ("prefers-color-scheme:dark", "data-jp-theme-light=true", "data-jp-theme-light=false", "vscode-dark"):
        assert theme in shown


def test_what_turns_the_direction_of_writing_is_made_visible_and_long_texts_are_cut() -> None:
    shown = livekeeper.Statuses([status("\u202eabc\x00👨\u200d👩"), status("长" * 255), status("x" * 255)])._repr_html_()
    assert "\u202e" not in shown and "\x00" not in shown
    assert "�abc�👨\u200d👩" in shown
    long = livekeeper.MessageTrace("m", "41", "chat", "9687", text="长" * 1_000)
    assert "长" * 300 + "…" in livekeeper.Messages([long])._repr_html_()


def test_a_table_has_a_thousand_rows_at_most_and_says_how_many_more_there_are() -> None:
    statuses = livekeeper.Statuses(status(f"shop {n}") for n in range(1_250))
    shown = statuses._repr_html_()
    assert shown.count("<tr>") == 1_001
    assert "… and 250 more" in shown
    assert "more" not in livekeeper.Statuses(statuses[:1_000])._repr_html_()


def test_messages_and_orders_are_tables_too() -> None:
    shown = livekeeper.Messages([ANSWERED, WAITING])._repr_html_()
    for part in ("&lt;b&gt;包邮吗&lt;/b&gt;", "it is answered (rule 2)", "全场包邮", '<td class="good">delivered</td>', "nothing is decided yet"):
        assert part in shown
    assert "awaiting_shipment" in livekeeper.Orders([ORDER])._repr_html_()


def test_they_are_lists_all_the_same(manager: livekeeper.CookieManager, shop: str) -> None:
    statuses = manager.statuses()
    assert isinstance(statuses, livekeeper.Statuses) and isinstance(statuses, list)
    assert statuses == [manager.status(shop)]
    assert pickle.loads(pickle.dumps(statuses)) == copy.copy(statuses) == statuses
    assert repr(statuses) == repr(list(statuses))
    assert isinstance(manager.messages(shop), livekeeper.Messages)
    assert manager.orders(shop) == livekeeper.Orders()


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([], "0 accounts"),
        ([status("a")], "1 account: 1 connected"),
        ([status("a"), status("b", paused=True), status("c", enabled=False)], "3 accounts: 3 connected, 1 paused, 1 switched off"),
    ],
)
def test_all_accounts_are_summed_up_in_a_line(rows: list[livekeeper.AccountStatus], sentence: str) -> None:
    assert livekeeper.Statuses(rows).summary() == sentence


def test_rows_become_a_frame_of_pandas_with_types() -> None:
    pandas = pytest.importorskip("pandas")
    frame = livekeeper.Statuses([status("店", counters=livekeeper.Counters(received=3))]).to_pandas()
    assert frame["cookie_id"].tolist() == ["店"] and frame["received"].sum() == 3
    assert str(frame["since"].dtype) == "datetime64[ms, UTC]" and frame["next_try"].isna().all()
    messages = livekeeper.Messages([ANSWERED, WAITING]).to_pandas()
    assert messages["decision"].isna().tolist() == [False, True]
    assert messages["rule"].dropna().tolist() == [2]
    assert (messages["reply_closed_at"] - messages["received_at"])[0] == pandas.Timedelta(milliseconds=177)
    assert livekeeper.Statuses().to_pandas().columns.tolist() == frame.columns.tolist()
    assert livekeeper.Orders([ORDER]).to_pandas()["status"].tolist() == ["awaiting_shipment"]


def test_rows_become_a_frame_of_polars_with_types() -> None:
    polars = pytest.importorskip("polars")
    frame = livekeeper.Statuses([status("店", counters=livekeeper.Counters(received=3))]).to_polars()
    assert frame["cookie_id"].to_list() == ["店"] and frame["received"].sum() == 3
    assert frame.schema["since"] == polars.Datetime("ms", "UTC") and frame["next_try"].to_list() == [None]
    messages = livekeeper.Messages([ANSWERED, WAITING]).to_polars()
    assert messages["decision"].to_list() == ["reply", None] and messages["rule"].to_list() == [2, None]
    assert livekeeper.Statuses().to_polars().schema == frame.schema


def test_rows_go_through_arrows_c_interface() -> None:
    nanoarrow = pytest.importorskip("nanoarrow")
    rows = livekeeper.Messages([ANSWERED, WAITING])
    # It can be read more than once, and the list itself takes part in the interface.
    for readable in (rows, rows, rows.to_arrow()):
        table = nanoarrow.Array(readable)
        answered, waiting = table.to_pylist()
        assert (answered["rule"], answered["reply_outcome"], answered["received_at"]) == (2, "delivered", ANSWERED.received_at)
        assert (waiting["rule"], waiting["decision"], waiting["reply_created_at"]) == (None, None, None)
    fields = {field.name: field for field in table.schema.fields}
    assert list(fields) == list(answered)
    assert (fields["received_at"].unit.name, fields["received_at"].timezone) == ("MILLI", "UTC")
    assert (fields["rule"].type, fields["text"].type) == (nanoarrow.Type.INT64, nanoarrow.Type.STRING)
    assert nanoarrow.Array(livekeeper.Statuses([status("店")])).to_pylist()[0]["enabled"] is True
    assert len(nanoarrow.Array(livekeeper.Orders())) == 0


@pytest.mark.parametrize("library", ["polars", "duckdb", "pyarrow", "pandas"])
def test_other_libraries_read_rows_as_they_are(library: str) -> None:
    module = pytest.importorskip(library)
    pytest.importorskip("nanoarrow")
    messages = livekeeper.Messages([ANSWERED, WAITING])
    rows = messages.to_arrow()
    if library == "polars":
        frame = module.DataFrame(rows)
        assert frame.schema == messages.to_polars().schema and frame.equals(messages.to_polars())
    elif library == "duckdb":
        sql = "SELECT rule, typeof(received_at), epoch_ms(received_at) FROM rows ORDER BY message_id"
        assert module.sql(sql).fetchall() == [
            (2, "TIMESTAMP WITH TIME ZONE", 1_700_000_000_123),
            (None, "TIMESTAMP WITH TIME ZONE", 1_700_000_000_123),
        ]
    elif library == "pyarrow":
        table = module.table(rows)
        assert table.column("rule").to_pylist() == [2, None]
        assert table.schema.field("received_at").type == module.timestamp("ms", "UTC")
    else:
        pytest.importorskip("pandas", minversion="3")
        pytest.importorskip("pyarrow")
        frame = module.DataFrame.from_arrow(rows)
        assert str(frame["received_at"].dtype) == "datetime64[ms, UTC]" and frame["rule"].dropna().tolist() == [2]


def test_a_frame_without_its_library_says_what_to_install() -> None:
    program = """
import sys
sys.modules["pandas"] = sys.modules["polars"] = sys.modules["nanoarrow"] = None
import livekeeper
for what in (livekeeper.Statuses().to_pandas, livekeeper.Messages().to_polars, livekeeper.Orders().to_arrow):
    try:
        what()
    except ImportError as error:
        print(error)
"""
    assert run_python(program).stdout == (
        "a data frame needs pandas: pip install pandas\na data frame needs polars: pip install polars\n"
        "Arrow's C interface needs nanoarrow: pip install 'livekeeper[arrow]'\n"
    )


def test_nothing_of_it_is_imported_with_the_package() -> None:
    program = """
import json, sys
import livekeeper
heavy = ("rich", "IPython", "anywidget", "matplotlib", "pandas", "polars", "nanoarrow")
ours = ("livekeeper._seeing", "livekeeper._commands")
print(json.dumps([name for name in sys.modules if name.startswith(ours)] + [name for name in heavy if name in sys.modules]))
print(livekeeper.Statuses.__name__, livekeeper.Explanation.__name__, callable(livekeeper.top))
try:
    livekeeper.nothing
except AttributeError as error:
    print(error)
"""
    lines = run_python(program).stdout.splitlines()
    assert json.loads(lines[0]) == []
    assert lines[1:] == ["Statuses Explanation True", "module 'livekeeper' has no attribute 'nothing'"]
