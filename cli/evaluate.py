"""`densemark evaluate`: how well a network finds persons and their surface points."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cli.common import DEFAULT_BODY, DEFAULT_DATA, AsJson, DataDir, console, errors, print_json, progress_bar, stop

if TYPE_CHECKING:
    from evaluation.detection.distances import SurfaceDistances
    from evaluation.detection.groundtruth import GroundTruth
    from evaluation.detection.predictions import Predictions
    from evaluation.detection.summary import Parts

PER_PART: Literal["per-part"] = "per-part"
NEAREST, EXACT = "nearest", "exact"
_JOINTS = 17


def evaluate(
    gt: Annotated[Path, typer.Option(help="Ground truth: a COCO file with DensePose's keys.")],
    predictions: Annotated[Path, typer.Option(help="Results, in the format of the COCO DensePose challenge.")],
    body: Annotated[
        str | None, typer.Option(help="The body that the points are on; the one that the file names if not given.")
    ] = None,
    surface: Annotated[
        Path | None, typer.Option(help="Instead of a body: a folder with the reference evaluator's data files.")
    ] = None,
    kappa: Annotated[
        str, typer.Option(help="'per-part', or metres at which a point's similarity is exp(-1/2): .255 in the paper.")
    ] = PER_PART,
    vertices: Annotated[
        str, typer.Option(help="On a body: 'exact' surface points, or the 'nearest' vertices, as the reference.")
    ] = EXACT,
    out: Annotated[Path | None, typer.Option(help="File for all figures as JSON.")] = None,
    html: Annotated[Path | None, typer.Option(help="File for a page of figures, curves and the worst persons.")] = None,
    images: Annotated[Path | None, typer.Option(help="The folder of the photos, for the page.")] = None,
    worst: Annotated[int, typer.Option(min=0, max=1000, help="How many of the worst persons are named.")] = 24,
    data: DataDir = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Evaluate detections by GPS, GPSm and mask IoU, and their points: the reference evaluator's figures, and where
    the network is good and where it fails."""
    if body is not None and surface is not None:
        stop("--body and --surface are two surfaces: give one of them")
    if vertices not in (EXACT, NEAREST):
        stop(f"--vertices is {EXACT!r} or {NEAREST!r}, not {vertices!r}")
    metres = _kappa(kappa)
    for option, path in (("--gt", gt), ("--predictions", predictions)):
        if not path.is_file():
            stop(f"{option}: no file {path}")
    for option, folder in (("--surface", surface), ("--images", images)):
        if folder is not None and not folder.is_dir():
            stop(f"{option}: no folder {folder}")
    for option, target in (("--out", out), ("--html", html)):
        if target is not None and (target.is_dir() or not target.absolute().parent.is_dir()):
            stop(f"{option}: {target} cannot be written: it is a folder, or its folder is not there")
        if target is not None and target.absolute() in (gt.absolute(), predictions.absolute()):
            stop(f"{option}: {target} is the file to be read")
    if images is not None and html is None:
        stop("--images is for the page: give its --html, too")

    from evaluation import keypoints
    from evaluation.detection import evaluate as evaluator
    from evaluation.detection import summary_json, warm
    from evaluation.detection.summary import summarise

    with errors.status("reading the ground truth") as status:
        truth, info = _read_truth(gt)
        status.update("reading the detections")
        if _are_keypoints(predictions):
            status.stop()
            _evaluate_keypoints(truth, gt, predictions, out, html, as_json)
            return
        detections, joints = _read_predictions(predictions)
        status.update("opening the surface")
        distances, parts = _surface(info, body, surface, vertices, data)
        if not warm.is_warm():
            errors.print("compiling the evaluator, once after an install (about a minute)…")
        status.update("preparing")
        warm.warm(distances)
    with progress_bar(transient=True) as bar:
        task = bar.add_task("images", total=None)
        try:
            found = evaluator.evaluate(
                truth, detections, distances, metres,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )  # fmt: skip
        except ValueError as error:
            raise ValueError(_where(str(error), gt, predictions)) from error
    with errors.status("summing up"):
        summary = summarise(truth, detections, found, parts, worst)
        limbs = keypoints.evaluate(_document(truth), joints) if joints else None
        said = summary_json.document(found, summary, limbs, {"ground truth": gt.name, "predictions": predictions.name})
    _write_json(said, out)
    if html is not None:
        from cli.gallery import photos_in
        from evaluation.detection.page import write
        from export.files import replacing

        with errors.status("writing the page"), replacing(html) as file:
            photo = photos_in(images) if images is not None else None
            for piece in write(said, summary, found, truth, detections, parts, photo):
                file.write(piece)
        errors.print(f"wrote {html.absolute()}: {html.stat().st_size / 1e6:.1f} MB")
    if as_json:
        print_json(said)
        return
    from cli.evaluate_text import show

    show(said, console)


def _write_json(said: Mapping[str, Any], out: Path | None) -> None:
    if out is None:
        return
    from export.files import replacing

    with replacing(out) as file:
        json.dump(said, file, indent=1, allow_nan=False)
        file.write("\n")
    errors.print(f"wrote {out.absolute()}")


def _are_keypoints(path: Path) -> bool:
    """Whether a file of results has keypoints and no surface, as its first detection tells."""
    from evaluation.detection import predictions

    try:
        first = next(predictions.entries(path), None)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    return isinstance(first, Mapping) and bool(first.get("keypoints")) and "uv_data" not in first


def _evaluate_keypoints(
    truth: GroundTruth, gt: Path, path: Path, out: Path | None, html: Path | None, as_json: bool
) -> None:
    """The figures of keypoints alone."""
    from cli.evaluate_text import show
    from evaluation import keypoints
    from evaluation.detection import groundtruth, predictions, summary_json

    joints = []
    try:
        for n, entry in enumerate(predictions.entries(path), start=1):
            where = f"detection {n}"
            if not isinstance(entry, Mapping) or "uv_data" in entry:
                raise ValueError(f"{where}: the file begins with keypoints alone, and this is something else")
            _check_joints(entry.get("keypoints"), where)
            ids = {key: groundtruth.whole(entry, key, where) for key in ("image_id", "category_id")}
            score = groundtruth.number(entry, "score", where)
            joints.append({**ids, "score": score, "keypoints": entry["keypoints"]})
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    found = keypoints.evaluate(_document(truth), joints)
    if found is None:
        raise ValueError(f"{gt}: no person in it has keypoints, and {path.name} has nothing else")
    said = summary_json.keypoints_only(found, {"ground truth": gt.name, "predictions": path.name})
    _write_json(said, out)
    if html is not None:
        from evaluation.detection.page import write_keypoints
        from export.files import replacing

        with replacing(html) as file:
            file.writelines(write_keypoints(said))
        errors.print(f"wrote {html.absolute()}")
    if as_json:
        print_json(said)
    else:
        show(said, console)


def _kappa(text: str) -> Literal["per-part"] | float:
    if text == PER_PART:
        return PER_PART
    try:
        metres = float(text)
    except ValueError:
        metres = math.nan
    if not 0 < metres < math.inf:
        stop(f"--kappa is {PER_PART!r} or a positive number of metres, not {text!r}")
    return metres


def _read_truth(path: Path) -> tuple[GroundTruth, Mapping[str, Any]]:
    """The ground truth, and what its file says of itself."""
    from evaluation.detection import groundtruth

    try:
        document = json.loads(path.read_bytes())
        truth = groundtruth.from_coco(document)
        for entry in truth.entries:
            if entry.get("keypoints"):
                _check_joints(entry["keypoints"], f"annotation {entry['id']}")
    except RecursionError as error:
        raise ValueError(f"{path}: nested too deeply") from error
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    info = document.get("info")
    return truth, info if isinstance(info, Mapping) else {}


def _read_predictions(path: Path) -> tuple[Predictions, list[Mapping[str, Any]]]:
    """The detections, and what those with keypoints have of these."""
    from evaluation.detection import predictions

    joints: list[Mapping[str, Any]] = []

    def tapped() -> Iterator[Any]:
        for n, entry in enumerate(predictions.entries(path), start=1):
            if isinstance(entry, Mapping) and entry.get("keypoints"):
                _check_joints(entry["keypoints"], f"detection {n}")
                kept = ("image_id", "category_id", "score", "keypoints")
                joints.append({key: entry[key] for key in kept if key in entry})
            yield entry

    try:
        return predictions.from_entries(tapped()), joints
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _check_joints(values: Any, where: str) -> None:
    from evaluation.detection import groundtruth

    good = isinstance(values, list) and len(values) == 3 * _JOINTS
    if not good or not all(map(groundtruth.is_finite, values)):
        raise ValueError(f"{where}: 'keypoints' is not {_JOINTS} times x, y and a number")


def _document(truth: GroundTruth) -> dict[str, Any]:
    """The COCO document again, without what the evaluation left out."""
    sizes = zip(truth.image_ids.tolist(), truth.image_sizes.tolist(), strict=True)
    return {
        "images": [{"id": id_, "height": height, "width": width} for id_, (height, width) in sizes],
        "categories": [{"id": id_} for id_ in truth.category_ids.tolist()],
        "annotations": truth.entries,
    }


def _surface(
    info: Mapping[str, Any], name: str | None, folder: Path | None, vertices: str, data: Path
) -> tuple[SurfaceDistances, Parts]:
    import surface
    from cli.body_names import of_info
    from evaluation.detection import distances
    from evaluation.detection.summary import Parts
    from surface import geodesic_table

    if folder is not None:
        # The reference's charts are those of DensePose-COCO, after which the default body's are named.
        return distances.open_surface(folder), Parts.of(surface.load(DEFAULT_BODY))
    body = of_info(info, name, data, "the ground truth")
    own = data / "geodesics"
    where = own if geodesic_table.table_path(body.hash, own).exists() else None
    return distances.of_body(body, vertices == NEAREST, where), Parts.of(body)


def _where(message: str, gt: Path, predictions: Path) -> str:
    """The message with the file that it is about."""
    if message.startswith("annotation "):
        return f"{gt}: {message}"
    return f"{predictions}: {message}" if message.startswith("detection ") else message
