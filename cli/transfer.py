"""`densemark body transfer`: the map between two human bodies, and how good it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from cli.common import DEFAULT_DATA, AsJson, DataDir, console, print_json, print_table, progress_bar

if TYPE_CHECKING:
    from rich.progress import TaskID

    from surface.transfer import Transfer

Name = Annotated[str, typer.Argument(help="A body in the data folder, a shipped one, or a body file (.npz).")]


def transfer(
    source: Name,
    target: Name,
    out: Annotated[Path | None, typer.Option(help="Draw both bodies with the transferred charts as one PNG.")] = None,
    data: DataDir = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Map two human bodies onto each other, once, and say how well: marks on one can then be exported on the other."""
    from dataclasses import asdict

    from cli.body_names import load
    from surface.transfer_file import kept

    bodies = load(source, data), load(target, data)
    with registering(f"registering {bodies[0].name} and {bodies[1].name}") as progress:
        made = kept(data / "bodies" / "transfers", *bodies, progress)
    if as_json:
        named = {key: {"name": b.name, "hash": b.hash} for key, b in zip(("source", "target"), bodies, strict=True)}
        print_json({**named, **asdict(made.figures)})
    else:
        console.print(" to ".join(f"[bold]{escape(body.name)}[/bold] {body.hash[:12]}" for body in bodies), markup=True)
        print_table(("", "mean mm", "median mm", "95% mm", "worst mm"), _rows(made))
        for line in _words(made):
            console.print(line)
    if out is not None:
        from surface.transfer_picture import picture

        picture(made).save(out)
        console.print(f"wrote {out}")


@contextmanager
def registering(title: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar that appears with the first step of a registration, and not when there is none."""
    with progress_bar() as bar:
        tasks: list[TaskID] = []

        def progress(done: int, total: int) -> None:
            if not tasks:
                tasks.append(bar.add_task(title, total=total))
            bar.update(tasks[0], completed=done)

        yield progress


def _rows(made: Transfer) -> list[tuple[object, ...]]:
    figures = made.figures
    named = [("registered to surface", figures.fit), ("there and back", figures.cycle)]
    if figures.mirror is not None:
        named.append(("mirror image", figures.mirror))
    return [(name, *(1000 * v for v in (s.mean, s.median, s.p95, s.worst))) for name, s in named]


def _words(made: Transfer) -> list[str]:
    figures = made.figures
    out = []
    if figures.parts is not None:
        out.append(f"{figures.parts:.1%} of the surface keeps its part")
    out.append(f"{figures.folded:.3%} of the surface is folded over")
    missing = [
        f"{side} {what}"
        for joint, what in (("wrist", "hand"), ("ankle", "foot"))
        for side in ("left", "right")
        if f"{side}_{joint}" not in figures.digits
    ]
    out.append(
        f"fingers or toes not told apart: {', '.join(missing)}"
        if missing
        else "fingers and toes told apart on both bodies"
    )
    out.append(
        "The distance from the true counterpart is not known; see docs/methods/transfer.md for what it was where it is."
    )
    return out
