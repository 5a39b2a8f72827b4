"""`densemark benchmark`: the measurements of benchmarks/, each beside its peer where one can be installed."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from cli.common import DEFAULT_DATA, AsJson, DataDir, console, errors, print_json, print_table, stop


def benchmark(
    names: Annotated[list[str] | None, typer.Argument(help="Which benchmarks; all when none is named.")] = None,
    data: DataDir = DEFAULT_DATA,  # noqa: ARG001 - every command takes it
    as_json: AsJson = False,
) -> None:
    """Run measurements. Figures are medians of several runs in this process, on this machine. Exits 1 when one fails at
    what it must show.
    """
    import importlib
    import pkgutil

    import benchmarks

    known = sorted(module.name for module in pkgutil.iter_modules(benchmarks.__path__))
    unknown = sorted(set(names or []) - set(known))
    if unknown:
        stop(f"no benchmark {', '.join(unknown)}; there are: {', '.join(known)}")
    figures: dict[str, dict[str, Any]] = {}
    running = Progress(SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=errors)
    with running:
        for name in names or known:
            task = running.add_task(f"measuring {name}", total=1)
            figures[name] = importlib.import_module(f"benchmarks.{name}").measure()
            running.update(task, completed=1)
    if as_json:
        print_json(figures)
    for name, values in () if as_json else figures.items():
        console.print(f"[bold]{name}[/bold]", markup=True)
        print_table(("figure", "value"), [(key, value) for key, value in values.items() if key != "failed"])
    failed = {name: values["failed"] for name, values in figures.items() if "failed" in values}
    if failed:
        stop("; ".join(f"{name}: {problem}" for name, problems in failed.items() for problem in problems))
