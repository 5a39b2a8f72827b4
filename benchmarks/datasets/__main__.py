"""`python -m benchmarks.datasets`."""

from __future__ import annotations

import argparse
import dataclasses
import json
import tempfile
from pathlib import Path

from benchmarks.datasets import apart, here, run
from benchmarks.datasets.size import Size
from benchmarks.datasets.steps import STEPS


def main() -> None:
    """All steps, or one of them in this process; prints the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.datasets")
    for field in dataclasses.fields(Size):
        parser.add_argument(f"--{field.name}", type=int, default=field.default)
    parser.add_argument(
        "--data", type=Path, help="a folder for what is made, which is kept; a temporary one if not given"
    )
    parser.add_argument("--step", choices=STEPS, help="this step alone, after those before it were run in --data")
    options = parser.parse_args()
    size = Size(**{field.name: getattr(options, field.name) for field in dataclasses.fields(Size)})
    if options.step:
        print(json.dumps(here(options.step, options.data, size)))
        return
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(run(options.data or Path(folder), size, apart), indent=1))


if __name__ == "__main__":
    main()
