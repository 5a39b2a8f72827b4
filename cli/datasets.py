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
    errors,
    find_project,
    open_state,
    print_json,
    print_table,
    stop,
)

ProjectName = Annotated[str, typer.Argument(metavar="PROJECT", help="A project's name or id.")]


def import_(
    project: ProjectName,
    images: Annotated[
        list[Path] | None, typer.Option(exists=True, help="A folder of photos, a photo or a zip; repeatable.")
    ] = None,
    coco: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="COCO file with persons.")] = None,
    renders: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="A folder that `densemark render` made.")
    ] = None,
    create: Annotated[bool, typer.Option("--create", help="Make the project when there is none of that name.")] = False,
    body: Annotated[
        str | None, typer.Option(help="With --create: the body, by name or hash; anny if not given.")
    ] = None,
    data: DataDir = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Import photos, and with --coco their persons, or rendered persons. What cannot be read is named; the rest goes
    through.
    """
    if (renders is None) == (images is None) or (renders is not None and coco is not None):
        stop("give either --images, with or without --coco, or --renders")
    if renders is not None:
        from cli.rendered import import_renders

        import_renders(project, renders, create, body, data, as_json)
        return
    assert images is not None
    from server.images.coco import import_coco_file
    from server.images.service import import_paths

    with open_state(data, create) as state:
        project_id, name = find_project(state, project, create=create, body=body)
        with errors.status("importing"):
            result = (
                import_coco_file(state, project_id, None, coco, images)
                if coco is not None
                else import_paths(state, project_id, None, images)
            )
    if as_json:
        print_json(result.model_dump(mode="json"))
        return
    persons = f", {getattr(result, 'persons', 0)} persons" if coco is not None else ""
    console.print(f"{name}: {len(result.stored)} photos stored{persons}, {len(result.duplicates)} there already")
    refused = [(file.file, file.reason) for file in result.refused]
    refused += [(f"person {person.id}", person.reason) for person in getattr(result, "refused_persons", [])]
    for note in getattr(result, "notes", []):
        console.print(f"note: person {note.id}: {note.note}")
    if refused:
        console.print(f"{len(refused)} refused:")
        print_table(("what", "why"), refused)


def export(
    project: ProjectName,
    out: Annotated[Path, typer.Option(file_okay=False, help="Folder to write into.")],
    format_: Annotated[str, typer.Option("--format", help="densepose-coco, densepose-cse or coco")] = "densepose-coco",
    split: Annotated[str | None, typer.Option(help="Files by image, e.g. train=.8,val=.2")] = None,
    images: Annotated[bool, typer.Option("--images", help="Write the photos too.")] = False,
    body: Annotated[
        str | None, typer.Option(help="Name or hash of the body to write the marks on; the project's own if not given.")
    ] = None,
    data: DataDir = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Export a project as a dataset that the reference code loads unchanged."""
    from cli.transfer import registering
    from server.exports.service import write

    with open_state(data) as state:
        project_id, _ = find_project(state, project)
        with registering("registering the two bodies") as progress:
            result = write(state, project_id, out, format_, body, split, images, progress)
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
    for file in result.files:
        console.print(f"wrote {file} ({file.stat().st_size / 1e6:.2f} MB)")
    console.print(", ".join(f"{count:,} {name}" for name, count in result.counts.items()))
    for name in result.empty:
        console.print(
            f"note: no photo falls into {name}; the split goes by each photo, so small projects split unevenly"
        )
    if result.other_part:
        console.print(f"note: {result.other_part:,} transferred points lie in another part than they were marked in")
    for reason, count in result.left_out.items():
        console.print(f"left out: {count:,} {reason}")


def check(
    dataset: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A DensePose-COCO file.")],
    data: DataDir = DEFAULT_DATA,  # noqa: ARG001 - every command takes it
    as_json: AsJson = False,
) -> None:
    """Read a DensePose-COCO file as the reference code would; name every breach. Exits 1 when there is one."""
    from dataclasses import asdict

    from export.check import check as check_file

    with console.status(f"checking {dataset.name}"):
        report = check_file(dataset)
    if as_json:
        print_json(asdict(report))
    else:
        console.print(", ".join(f"{count:,} {name}" for name, count in report.counts.items()))
        for problem in report.problems:
            console.print(str(problem), markup=False)
    if not report.ok:
        raise typer.Exit(1)
    if not as_json:
        nothing = "" if report.counts.get("annotated") else "; no person in it carries DensePose data"
        console.print(f"no breach: the reference code reads it{nothing}")
