"""python -m livekeeper import and export: accounts into a store, and out of one."""

from __future__ import annotations

import json
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import livekeeper
import pytest
import terminal
from conftest import CANARY, UNB, run_python
from livekeeper.testing import Simulator
from test_bring import TABLES

WORDS = "口令 7"


@pytest.fixture
def settings(simulator: Simulator, tmp_path: Path) -> Path:
    """Settings that point at the simulator, so that whoever connects is seen there."""
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"websocket_url": simulator.websocket_url, "api_url": simulator.api_url}))
    return path


@pytest.fixture
def database(simulator: Simulator, tmp_path: Path) -> Path:
    """What the Python program has: an account that can be taken, and one without a login."""
    path = tmp_path / "xianyu_data.db"
    db = sqlite3.connect(path)
    db.executescript(TABLES)
    db.execute("INSERT INTO cookies VALUES ('小店', ?, 7, 1, '主号', 3)", [f"{simulator.cookie(UNB)}; x={CANARY}"])
    db.execute("INSERT INTO cookies VALUES ('bad', ?, 7, 1, '', 3)", [f"cookie2={CANARY}"])
    db.execute("INSERT INTO keywords VALUES ('小店', '包邮', '全场包邮', NULL, 'text', NULL)")
    db.commit()
    db.close()
    return path


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "livekeeper", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=50)


def accounts_in(store: Path) -> list[str]:
    return [account.cookie_id for account in livekeeper.inspect(store).accounts]


def test_the_python_programs_accounts_come_into_a_new_store_and_nobody_connects(
    simulator: Simulator, database: Path, settings: Path, tmp_path: Path
) -> None:
    store = tmp_path / "shop.db"
    done = run("import", store, database, "--config", settings)
    # One of them has no login.
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.splitlines()[0].startswith("bad: refused") and "`unb`" in done.stdout
    assert "小店: added (its cookie, 1 rules" in done.stdout
    assert done.stdout.splitlines()[-1] == "2 accounts: 1 added, 0 updated, 0 kept, 1 refused"
    assert CANARY not in done.stdout and "\x1b" not in done.stdout
    assert accounts_in(store) == ["小店"]
    assert simulator.connections() == 0 and simulator.log() == []
    again = run("import", store, database, "--config", settings, "--json")
    seen = json.loads(again.stdout)
    assert (again.returncode, [one["outcome"] for one in seen["accounts"]]) == (1, ["refused", "kept"])
    assert CANARY not in again.stdout


def test_accounts_go_out_and_in_again_with_their_secrets_sealed(
    simulator: Simulator, database: Path, settings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, document = tmp_path / "first.db", tmp_path / "second.db", tmp_path / "accounts.lkx"
    run("import", first, database, "--config", settings)
    monkeypatch.setenv("WORDS", WORDS)
    out = run("export", first, document, "--passphrase-env", "WORDS", "--config", settings)
    assert (out.returncode, out.stderr) == (0, "")
    assert out.stdout == f"{document}: 1 account, their secrets sealed under the passphrase\n"
    assert CANARY not in document.read_text() and stat.S_IMODE(document.stat().st_mode) == 0o600
    back = run("import", second, document, "--passphrase-env", "WORDS", "--config", settings)
    assert (back.returncode, back.stderr) == (0, "") and "小店: added" in back.stdout
    assert simulator.log() == []
    with livekeeper.CookieManager(second, simulator.config()) as manager:
        manager.wait_for("小店", connection="connected", timeout_s=20)


def test_without_a_passphrase_secrets_are_left_out_only_where_that_is_said(database: Path, tmp_path: Path) -> None:
    store, document = tmp_path / "shop.db", tmp_path / "accounts.lkx"
    run("import", store, database)
    silent = run("export", store, document)
    assert silent.returncode == 2 and "--without-secrets" in silent.stderr and not document.exists()
    out = run("export", store, document, "--without-secrets")
    assert out.returncode == 0 and "without their secrets" in out.stdout
    back = run("import", tmp_path / "other.db", document)
    assert back.returncode == 1 and "waits for a cookie" in back.stdout
    assert run("export", store, document, "--without-secrets").returncode == 1


def test_a_passphrase_is_typed_unseen_on_a_terminal(database: Path, tmp_path: Path) -> None:
    store, document = tmp_path / "shop.db", tmp_path / "accounts.lkx"
    run("import", store, database)
    with terminal.livekeeper("export", store, document) as shown:
        shown.wait_for("a new passphrase for ")
        shown.press(f"{WORDS}\n")
        shown.wait_for("the same again")
        shown.press(f"{WORDS}\n")
        assert shown.end() == 0, shown.shown
    with terminal.livekeeper("import", tmp_path / "other.db", document) as shown:
        shown.wait_for("passphrase of ")
        shown.press("another\n")
        assert shown.end() == 1 and "passphrase" in shown.shown.splitlines()[-1]
    with terminal.livekeeper("import", tmp_path / "other.db", document) as shown:
        shown.wait_for("passphrase of ")
        shown.press(f"{WORDS}\n")
        assert shown.end() == 0, shown.shown
    assert "│ 小店" in shown.shown and "importing" in shown.shown and WORDS not in shown.shown and CANARY not in shown.shown
    assert accounts_in(tmp_path / "other.db") == ["小店"]


def test_what_cannot_be_imported_or_exported_says_why(simulator: Simulator, database: Path, tmp_path: Path) -> None:
    store, other = tmp_path / "shop.db", tmp_path / "other.db"
    other.write_text("hello")
    for file, more, code, sentence in [
        (tmp_path / "missing.db", (), 1, "missing.db: No such file or directory: name a file that you may read"),
        (other, (), 1, "document"),
        (database, ("--passphrase-env", "HOME"), 2, "is a database, and has no passphrase"),
        (other, ("--passphrase-env", "NOBODY"), 2, "NOBODY is not set"),
    ]:
        done = run("import", store, file, *more)
        assert (done.returncode, done.stdout) == (code, "") and sentence in done.stderr, done
        assert "Traceback" not in done.stderr
    assert run("export", tmp_path / "none.db", tmp_path / "x.lkx", "--without-secrets").returncode == 1
    assert not (tmp_path / "none.db").exists()
    with livekeeper.CookieManager(tmp_path / "held.db", simulator.config()):
        held = run("import", tmp_path / "held.db", database)
    assert held.returncode == 1 and "manager.import_xianyu_db" in held.stderr


def test_what_cannot_be_imported_leaves_no_store_behind(
    simulator: Simulator, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, document, no_document = tmp_path / "shop.db", tmp_path / "accounts.lkx", tmp_path / "x.json"
    monkeypatch.setenv("WORDS", WORDS)
    run("import", store, database)
    assert run("export", store, document, "--passphrase-env", "WORDS").returncode == 0
    no_document.write_text("hello")
    before = set(tmp_path.iterdir())
    silent = run("import", tmp_path / "new.db", document)
    assert silent.returncode == 2 and "is sealed with a passphrase: give it with --passphrase-env NAME" in silent.stderr
    monkeypatch.setenv("WORDS", "another")
    assert run("import", tmp_path / "new.db", document, "--passphrase-env", "WORDS").returncode == 1
    assert run("import", tmp_path / "new.db", no_document).returncode == 1
    assert set(tmp_path.iterdir()) == before
    # What was there stays, with what is in it.
    assert run("import", store, no_document).returncode == 1
    livekeeper.CookieManager(tmp_path / "empty.db").close()
    assert run("import", tmp_path / "empty.db", no_document).returncode == 1
    assert (accounts_in(store), accounts_in(tmp_path / "empty.db")) == (["小店"], [])


def test_a_key_that_was_there_outlives_an_import_that_failed(database: Path, tmp_path: Path) -> None:
    store, no_document = tmp_path / "shop.db", tmp_path / "x.json"
    no_document.write_text("hello")
    run("import", store, database)
    store.unlink()
    key = Path(f"{store}.key").read_text()
    assert run("import", store, no_document).returncode == 1
    assert not store.exists() and Path(f"{store}.key").read_text() == key
    # Nor is one left that was made where the command line wants it.
    assert run("import", tmp_path / "other.db", no_document, "--key-file", tmp_path / "own.key").returncode == 1
    assert not (tmp_path / "own.key").exists() and not (tmp_path / "other.db").exists()


def test_a_store_is_not_imported_and_says_what_to_do_instead(database: Path, tmp_path: Path) -> None:
    run("import", tmp_path / "shop.db", database)
    done = run("import", tmp_path / "new.db", tmp_path / "shop.db")
    assert done.returncode == 2 and "is a store of livekeeper: " in done.stderr and "export them from it" in done.stderr
    assert not (tmp_path / "new.db").exists()


def test_an_export_looks_at_its_file_before_it_asks_for_a_passphrase(database: Path, tmp_path: Path) -> None:
    store = tmp_path / "shop.db"
    run("import", store, database)
    for file, sentence in [(database, "exists already, and was left as it is"), (tmp_path / "none" / "a.lkx", "is no directory")]:
        with terminal.livekeeper("export", store, file) as shown:
            assert shown.end() == 1
        assert sentence in shown.shown.replace("\r\n", " ") and "passphrase" not in shown.shown


def test_a_store_of_many_accounts_is_closed_at_once_without_a_word(database: Path, tmp_path: Path) -> None:
    store = tmp_path / "shop.db"
    with sqlite3.connect(database) as db:
        rows = [(f"{number}", f"unb={2_200_000_000_000 + number}; cookie2=x; _m_h5_tk=x_1") for number in range(1_000)]
        db.executemany("INSERT INTO cookies VALUES (?, ?, 7, 1, '', 3)", rows)
    assert run("import", store, database).stderr == ""
    program = "import sys, livekeeper; livekeeper.CookieManager(sys.argv[1], livekeeper.Config(max_connecting=0)).close()"
    done = run_python(program, str(store))
    assert (done.returncode, done.stderr) == (0, "")


def test_neither_takes_old_messages_out_of_the_store(simulator: Simulator, settings: Path, database: Path, tmp_path: Path) -> None:
    store = tmp_path / "shop.db"
    with livekeeper.CookieManager(store, simulator.config()) as manager:
        unb = simulator.open_shop(manager, "shop")
        manager.set_default_reply("shop", "稍后回复")
        buyer = simulator.buyer("小王", unb)
        buyer.says("在吗")
        buyer.hears("稍后回复", within_s=20)
    days_40_ms = 40 * 86_400_000
    db = sqlite3.connect(store)
    db.execute("UPDATE messages SET received_at_ms = received_at_ms - ?", [days_40_ms])
    db.commit()
    db.close()
    before = livekeeper.inspect(store).accounts[0].message_count
    assert before > 0
    assert run("export", store, tmp_path / "a.lkx", "--without-secrets", "--config", settings).returncode == 0
    run("import", store, database, "--config", settings)
    assert livekeeper.inspect(store).accounts[0].message_count == before
