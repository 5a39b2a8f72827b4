"""`densemark import`, `export`, `check`: datasets in and out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.common import (
    DEFAULT_DATA,
    AsJson,
    DataDir,
    console,
    print_json,
    progress_bar,
    stop,
)
from cli.gallery import Most, NoBrowser

_MB = 1_000_000

ProjectName = Annotated[str, typer.Argument(metavar="PROJECT", help="A project's name or id.")]


def import_(
    project: ProjectName,
    images: Annotated[
        list[Path] | None, typer.Option(exists=True, help="A folder of photos, a photo or a zip; repeatable.")
    ] = None,
    coco: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="COCO file with persons.")] = None,
    densepose: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="DensePose-COCO or CSE file: masks and points become work."),
    ] = None,
    renders: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="A folder that `densemark render` made.")
    ] = None,
    create: Annotated[bool, typer.Option("--create", help="Make the project when there is none of that name.")] = False,
    body: Annotated[
        str | None, typer.Option(help="With --create: the body, by name or hash; anny if not given.")
    ] = None,
    tag: Annotated[list[str] | None, typer.Option(help="A tag for the imported images; repeatable.")] = None,
    as_project_body: Annotated[
        bool, typer.Option("--as-project-body", help="Read points as on the project's body, whatever the file says.")
    ] = False,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Exit 1 when a photo or person was refused; the rest is stored all the same."),
    ] = False,
    data: DataDir = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Import photos, and with --coco or --densepose the persons in them, or rendered persons. What cannot be read is
    named; the rest goes through, and the exit status is 0 unless --strict is given.
    """
    files = [file for file in (coco, densepose) if file is not None]
    if len(files) > 1 or (renders is None) == (images is None and not files) or (renders is not None and files):
        stop("give --images, with or without --coco or --densepose, or one of these alone, or --renders")
    if renders is not None:
        from cli.rendered import import_renders

        import_renders(project, renders, create, body, data, as_json, strict)
        return
    from cli.imported import Wanted, import_dataset

    file = files[0] if files else None
    wanted = Wanted(
        project, images or [], file, densepose is not None, as_project_body, tag or [], create, body, strict
    )
    import_dataset(wanted, data, as_json)


def export(
    project: ProjectName,
    out: Annotated[Path, typer.Option(file_okay=False, help="Folder to write into.")],
    format_: Annotated[str, typer.Option("--format", help="densepose-coco, densepose-cse or coco")] = "densepose-coco",
    split: Annotated[
        str | None, typer.Option(help="Files by image, e.g. train=.8,val=.2; with --snapshot one of its splits.")
    ] = None,
    snapshot: Annotated[
        str | None, typer.Option(help="Export this snapshot, by name, id or hash; else the work as it is now.")
    ] = None,
    images: Annotated[bool, typer.Option("--images", help="Write the photos too.")] = False,
    body: Annotated[
        str | None, typer.Option(help="Name or hash of the body to write the marks on; the project's own if not given.")
    ] = None,
    open_: Annotated[bool, typer.Option("--open", help="Write a page to look at, gallery.html, and open it.")] = False,
    most: Most = 200,
    no_browser: NoBrowser = False,
    data: DataDir = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Export a project as a dataset that the reference code loads unchanged."""
    from cli.exported import Wanted, export_project, export_snapshot

    wanted = Wanted(project, out, format_, split, images, (most, not no_browser) if open_ else None)
    if snapshot is None:
        export_project(wanted, body, data, as_json)
    elif body is None:
        export_snapshot(wanted, snapshot, data, as_json)
    else:
        stop("--snapshot does not go with --body, since a snapshot is on its own body")


def check(
    dataset: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A DensePose-COCO or CSE file.")],
    images: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="Folder that must have all images of the file.")
    ] = None,
    body: Annotated[
        str | None, typer.Option(help="The body, by name or file, that the vertices of a CSE file must be on.")
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="Breaches of each rule to list; all are counted.")] = 20,
    data: DataDir = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Read a DensePose-COCO file as the reference code would; name every breach. Exits 1 when there is one."""
    from dataclasses import asdict

    from cli.body_names import load
    from export.check import check as check_file

    on = None if body is None else load(body, data)
    with progress_bar(transient=True) as bar:  # a refusal is one line
        task = bar.add_task(f"checking {dataset.name} (MB)", total=dataset.stat().st_size // _MB + 1)
        report = check_file(dataset, images, on, limit, lambda done: bar.update(task, completed=done // _MB))
    if as_json:
        print_json(asdict(report))
    else:
        console.print(", ".join(f"{count:,} {name}" for name, count in report.counts.items()))
        for problem in report.problems:
            console.print(str(problem), markup=False)
        for rule, count in report.unlisted.items():
            console.print(f"... and {count:,} more of {rule}")
    if not report.ok:
        raise typer.Exit(1)
    if not as_json:
        nothing = "" if report.counts.get("annotated") else "; no person in it carries DensePose data"
        console.print(f"no breach: the reference code reads it{nothing}")
