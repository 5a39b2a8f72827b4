"""The `densemark` command: one file per command group, each importing what it needs when it runs."""

from __future__ import annotations

import os
import sys
import traceback

import typer
from rich.markup import escape

from cli import (
    backup,
    benchmark,
    bodies,
    datasets,
    demo,
    distill,
    evaluate,
    gallery,
    predict,
    render,
    runs,
    serve,
    simulate,
    snapshots,
    study,
    train,
    users,
    withdraw,
    worker,
)
from cli.common import errors

app = typer.Typer(
    name="densemark",
    help="Annotate dense correspondences between photos of people and a 3D body surface.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo.demo)
app.command("serve")(serve.serve)
app.command("worker")(worker.worker)
app.add_typer(users.app, name="user")
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.add_typer(bodies.app, name="body")
app.command("render")(render.render)
app.command("import")(datasets.import_)
app.command("export")(datasets.export)
app.command("check")(datasets.check)
app.command("gallery")(gallery.gallery)
app.command("evaluate")(evaluate.evaluate)
app.add_typer(snapshots.app, name="snapshot")
app.command("withdraw")(withdraw.withdraw)
app.command("train")(train.train)
app.add_typer(runs.app, name="run")
app.command("predict")(predict.predict)
app.command("distill")(distill.distill)
app.command("simulate")(simulate.simulate)
app.add_typer(study.app, name="study")
app.command("benchmark")(benchmark.benchmark)


def version(value: bool) -> None:
    if value:
        from importlib.metadata import version as installed

        typer.echo(f"densemark {installed('densemark')}")
        raise typer.Exit


@app.callback()
def options(
    _: bool = typer.Option(False, "--version", callback=version, is_eager=True, help="Print the version."),
) -> None:
    """Annotate dense correspondences between photos of people and a 3D body surface."""


def main() -> None:
    """Runs the command; what goes wrong is one line on standard error and a non-zero exit, never a traceback."""
    try:
        app()
    except KeyboardInterrupt:
        errors.print("stopped")
        sys.exit(130)
    except Exception as error:
        if os.environ.get("DENSEMARK_DEBUG"):
            traceback.print_exc()
        else:
            text = " ".join(str(error).split()) or type(error).__name__
            expected = isinstance(error, ValueError | OSError | LookupError) or hasattr(error, "detail")
            kind = "" if expected else f" ({type(error).__name__}; DENSEMARK_DEBUG=1 shows where)"
            errors.print(f"[red]error:[/red] {escape(text + kind)}", markup=True)
        sys.exit(1)
