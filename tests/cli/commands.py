"""The `densemark` command for tests: in a process of its own, or in this one, which has imported everything already."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from cli.main import main

ROOT = Path(__file__).resolve().parents[2]


def process(*words: str | Path, data: Path, text: str | None = None) -> subprocess.CompletedProcess[str]:
    """The command as a person runs it; `text` is what they type."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("DENSEMARK_")}
    command = [sys.executable, "-m", "cli", *map(str, words), "--data", str(data)]
    return subprocess.run(
        command, cwd=ROOT, input=text, capture_output=True, text=True, check=False, env=environment, timeout=300
    )


def here(*words: str | Path, data: Path, text: str | None = None) -> subprocess.CompletedProcess[str]:
    """The same within this process: a command spends most of its time importing."""
    command, out, err = ["densemark", *map(str, words), "--data", str(data)], io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", command)
        patch.setattr(sys, "stdin", io.StringIO(text or ""))
        with pytest.raises(SystemExit) as end:
            main()
    return subprocess.CompletedProcess(command, int(end.value.code or 0), out.getvalue(), err.getvalue())


def ok(*words: str | Path, data: Path, text: str | None = None) -> str:
    """What a command prints that must go well."""
    return went_well(here(*words, data=data, text=text))


def refused(*words: str | Path, data: Path, text: str | None = None) -> str:
    """The one line of a command that must fail."""
    return one_line(here(*words, data=data, text=text))


def went_well(done: subprocess.CompletedProcess[str]) -> str:
    """What was printed, after exit status 0."""
    assert done.returncode == 0, done.stderr
    return done.stdout


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    """The only line of complaint, after another exit status."""
    assert done.returncode != 0
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stderr
    return lines[0]
