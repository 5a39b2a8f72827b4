"""How a training ends that is asked to, or that has nothing to learn from."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.commands import ROOT
from tests.cli.test_train import QUICK, dataset, metrics


@pytest.mark.slow
def test_a_signal_to_the_whole_group_ends_it_with_a_checkpoint(tmp_path: Path) -> None:
    """As timeout, systemd and SLURM send it: to the processes that read images, too."""
    folder, out = dataset(tmp_path / "d", "densepose-coco-train.json"), tmp_path / "run"
    changes = (*QUICK, "schedule.steps=100_000", "running.checkpoint=100_000", "data.workers=1")
    words = ["train", "--recipe", "tiny", "--dataset", folder, "--body", "anny", "--out", out, "--data", tmp_path]
    command = [sys.executable, "-m", "cli", *map(str, words), *(word for key in changes for word in ("--set", key))]
    with (tmp_path / "told").open("w") as told:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=told, stderr=told, start_new_session=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        try:
            end = time.monotonic() + 120
            while not (out / "metrics.jsonl").is_file() or len(metrics(out)) < 3:
                assert process.poll() is None
                assert time.monotonic() < end
                time.sleep(0.01)
            os.killpg(process.pid, signal.SIGTERM)
            assert process.wait(60) == 3, (tmp_path / "told").read_text()
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    (checkpoint,) = (out / "checkpoints").iterdir()
    assert int(checkpoint.name) >= len(metrics(out)) >= 3
