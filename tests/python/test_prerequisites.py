"""What `make` looks for before it builds: `tests/prerequisites.sh`, on machines made of a directory of programs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
NEEDED = ["bash", "cut", "sed", "sort", "head"]
BUILT = {"cargo": "echo cargo 99.0.0", "cc": "", "c++": "", "nm": ""}
PYTHON = f'exec "{sys.executable}" "$@"'


class Machine:
    """A directory with a space in its name that holds all the programs there are; apt-get and id are our own."""

    def __init__(self, tmp_path: Path) -> None:
        self.programs = tmp_path / "a machine"
        self.programs.mkdir()
        self.installed = tmp_path / "installed"
        for name in NEEDED:
            (self.programs / name).symlink_to(shutil.which(name) or name)
        for name, script in BUILT.items():
            self.put(name, script)

    def put(self, name: str, script: str) -> Path:
        path = self.programs / name
        path.write_text(f"#!/bin/bash\n{script}\n")
        path.chmod(0o755)
        return path

    def make_root(self, then: str = "") -> None:
        self.put("id", "echo 0")
        self.put("apt-get", f'echo "$@" >>"{self.installed}"\n{then}')

    def check(self, python: str = "python3") -> tuple[int, str]:
        bash, script = shutil.which("bash") or "bash", str(PROJECT / "tests/prerequisites.sh")
        done = subprocess.run(
            [bash, script, python], capture_output=True, text=True, cwd=PROJECT, env={"PATH": str(self.programs)}
        )
        return done.returncode, done.stderr


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_where_all_is_there_nothing_is_installed(machine: Machine) -> None:
    machine.make_root()
    python = machine.put("my python", PYTHON)
    assert machine.check(str(python)) == (0, "")
    assert not machine.installed.exists()


@pytest.mark.parametrize("name", ["python9.9", "/nowhere/python3"])
def test_a_named_python_that_is_missing_is_said_and_no_other_is_installed(machine: Machine, name: str) -> None:
    machine.make_root()
    machine.put("python3", PYTHON)
    code, said = machine.check(name)
    assert (code, said.count("\n")) == (1, 1)
    assert said.startswith(f"livekeeper: Python is missing: '{name}' cannot be run")
    assert not machine.installed.exists()


def test_a_stand_in_that_does_not_run_is_missing(machine: Machine) -> None:
    machine.put("python3", "echo pyenv: python3: command not found >&2; exit 127")
    assert machine.check()[1].startswith("livekeeper: Python is missing")


def test_the_usual_python_is_installed_and_looked_at_again(machine: Machine) -> None:
    ready = machine.programs.parent / "ready"
    ready.write_text(f"#!/bin/bash\n{PYTHON}\n")
    ready.chmod(0o755)
    machine.make_root(then=f'[ "$1" = update ] || "{shutil.which("cp")}" "{ready}" "{machine.programs}/python3"')
    assert machine.check()[0] == 0
    assert "python3 python3-venv" in machine.installed.read_text()


@pytest.mark.parametrize(
    ("then", "sentence"),
    [("", "Python is missing: 'python3' cannot be run"), ("exit 100", "apt-get could not install python3 python3-venv")],
)
def test_an_installation_that_does_not_help_is_said(machine: Machine, then: str, sentence: str) -> None:
    machine.make_root(then)
    code, said = machine.check()
    assert (code, said.count("\n")) == (1, 1)
    assert sentence in said


def test_a_python_that_is_too_old_is_said(machine: Machine) -> None:
    machine.put("python3", 'case "$1 $2" in "-c ") exit 0 ;; *sys.exit*) exit 1 ;; esac; echo Python 3.8.1')
    code, said = machine.check()
    assert (code, said.startswith("livekeeper: Python 3.8.1 is too old, 3.9 or newer is needed")) == (1, True)


def test_without_root_the_command_is_said(machine: Machine) -> None:
    machine.put("id", "echo 1000")
    (machine.programs / "cc").unlink()
    machine.put("python3", PYTHON)
    code, said = machine.check()
    assert code == 1
    assert "run 'sudo apt-get install -y build-essential'" in said
