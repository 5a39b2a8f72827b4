"""`python -m benchmarks.networks`."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path

from benchmarks.networks import STEPS, here, run
from benchmarks.networks.runs import Budget, StoppedError


def main() -> None:
    """All steps, or one of them in this process; prints the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.networks")
    for field in dataclasses.fields(Budget):
        parser.add_argument(f"--{field.name}", type=type(field.default), default=field.default)
    parser.add_argument("--data", type=Path, required=True, help="a folder for what is made, or to go on in")
    parser.add_argument("--step", choices=STEPS, help="this step alone; the networks come after the scenes")
    options = parser.parse_args()
    budget = Budget(**{field.name: getattr(options, field.name) for field in dataclasses.fields(Budget)})
    try:
        found = here(options.step, options.data, budget) if options.step else run(options.data, budget)
    except (StoppedError, ValueError) as error:
        sys.exit(str(error))
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
