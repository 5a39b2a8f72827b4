"""What `densemark export` does: a project's work as it is now, or a snapshot, as dataset files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cli.common import console, counted, errors, find_project, open_state, print_json
from cli.gallery import open_export

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Wanted:
    """What to write, and where.

    Args:
        split: of a project shares by image, of a snapshot the name of a split.
        images: write the photos, too.
        page: write a page to look at, too, with at most so many persons; whether to open it.
    """

    project: str
    out: Path
    format: str
    split: str | None
    images: bool
    page: tuple[int, bool] | None


def export_project(wanted: Wanted, body: str | None, data: Path, as_json: bool) -> None:
    """Write a project's work as it is now; on another body if one is named."""
    from cli.transfer import registering
    from server.exports.service import write

    with open_state(data) as state:
        project_id, name = find_project(state, wanted.project)
        with registering("registering the two bodies") as progress:
            result = write(state, project_id, wanted.out, wanted.format, body, wanted.split, wanted.images, progress)
        if wanted.page is not None:
            open_export(state, project_id, name, result.files, *wanted.page)
    if as_json:
        print_json(
            {
                "files": [str(file) for file in result.files],
                "counts": result.counts,
                "left_out": result.left_out,
                "other_part": result.other_part,
            }
        )
        return
    _print_files(result.files, result.counts)
    for name in result.empty:
        console.print(
            f"note: no photo falls into {name}; the split goes by each photo, so small projects split unevenly"
        )
    if result.other_part:
        console.print(f"note: {result.other_part:,} transferred points lie in another part than they were marked in")
    for reason, count in result.left_out.items():
        console.print(f"left out: {count:,} {reason}")


def export_snapshot(wanted: Wanted, snapshot: str, data: Path, as_json: bool) -> None:
    """Write a snapshot, by name, id or hash, without what was withdrawn since."""
    from cli.snapshots import find
    from server.snapshots import exports

    with open_state(data) as state:
        row = find(state, wanted.project, snapshot)
        with errors.status("writing"):
            done = exports.export(state, row.id, wanted.out, wanted.format, wanted.images, wanted.split)
        if wanted.page is not None:
            open_export(state, row.project_id, row.name, done.files, *wanted.page)
    if as_json:
        files = [str(file) for file in done.files]
        print_json({"files": files, "counts": dict(done.counts), "withdrawn": done.withdrawn})
        return
    _print_files(done.files, done.counts)
    if done.withdrawn:
        console.print(f"left out: {counted(done.withdrawn, 'photo')} withdrawn since, with their persons")


def _print_files(files: Sequence[Path], counts: dict[str, int]) -> None:
    for file in files:
        console.print(f"wrote {file} ({file.stat().st_size / 1e6:.2f} MB)")
    console.print(", ".join(f"{count:,} {name}" for name, count in counts.items()))
