"""Simulated annotators at work: over HTTP as the browser would, with masks and marks of ``annotation.simulated``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import numpy as np
from numpy.typing import NDArray

from annotation import simulated
from annotation.masks import encode_runs
from cli.api import Api
from surface import views

if TYPE_CHECKING:
    from server.state import State
    from surface.body import Body
    from synthesis.truth import Truth

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Task = dict[str, Any]

_STEP = 0.002  # metres by which a mark moves to where a view shows it
_STEPS = 15


@dataclass
class Annotator:
    """One simulated annotator at work.

    Attributes:
        api: the account.
        model: how it errs.
        bodies: a body by its hash.
        truth: the truth of a task's person.
        pixels: the normal deviate, in pixels and direction, of where it looks instead of at the point asked for.
        seed: of its errors; with the person, so that they do not depend on the order of tasks.
        done: how many points it has marked.
    """

    api: Api
    model: simulated.Model
    bodies: Callable[[str], Body]
    truth: Callable[[Task], Truth]
    pixels: float = 0.0
    seed: int = 0
    done: int = field(default=0, init=False)

    def work(self, path: str, most: int | None = None) -> Iterator[int]:
        """Take tasks from an address and submit them, until there is none or ``most`` persons are done.

        Yields:
            The number of points of each person once it is submitted.

        Raises:
            ApiError: the server refuses.
            ValueError: a person's truth is not known.
        """
        count = 0
        while most is None or count < most:
            task = self.api.post(path)
            if task is None:
                return
            yield self.annotate(task)
            count += 1

    def annotate(self, task: Task) -> int:
        """Do one person from its present state to submitted points; returns how many."""
        body, truth = self.bodies(task["body"]["hash"]), self.truth(task)
        # The same for the same person; where a study shows it twice, each showing errs in its own way.
        shown = [task["image"]["file_name"], task["person"]["bbox"], (task.get("study") or {}).get("number")]
        rng = np.random.default_rng([self.seed, *sha256(repr(shown).encode()).digest()])
        if task["kind"] == "mask":
            task = self._paint(task, body, truth, rng)
        points = self.api.get(f"/api/tasks/{task['id']}/points")["items"]
        if points:
            self._mark(task, points, body, truth, rng)
        self.api.post(f"/api/tasks/{task['id']}/submit")
        self.done += len(points)
        return len(points)

    def _paint(self, task: Task, body: Body, truth: Truth, rng: np.random.Generator) -> Task:
        x, y, width, height = task["region"]
        labels = truth.part_map()[y : y + height, x : x + width]
        if task.get("study") and task["study"]["parts"] is not None:
            labels = np.where(np.isin(labels, task["study"]["parts"]), labels, 0).astype(np.uint8)
        drawn = simulated.draw(self.model, body, labels, rng)
        mask = self.api.get(f"/api/tasks/{task['id']}/mask")
        written = self.api.put(
            f"/api/masks/{mask['id']}",
            {
                "task_id": task["id"],
                "region": task["region"],
                "runs": encode_runs(drawn),
                "revision": mask["revision"],
                "seconds": float(round(20 * rng.lognormal(0, 0.3), 1)),
            },
        )
        submitted: Task = self.api.post(f"/api/tasks/{task['id']}/mask/submit", {"revision": written["revision"]})
        return submitted

    def _mark(
        self, task: Task, points: list[dict[str, Any]], body: Body, truth: Truth, rng: np.random.Generator
    ) -> None:
        part = np.array([point["part"] for point in points])
        xy = np.array([[point["x"], point["y"]] for point in points])
        rows = look(truth, xy, self.pixels, rng)
        bary = truth.bary[rows].astype(np.float64)
        bary /= bary.sum(axis=1, keepdims=True)
        done = self.done + np.arange(len(points))
        marks = simulated.mark(self.model, body, part, truth.face[rows], bary, done, rng)
        view, x, y = clicks(body, part, marks.face, marks.bary, rng)
        for n, point in enumerate(points):
            mark = point["mark"] or {"id": str(uuid4()), "revision": 0}
            if marks.flagged[n] or view[n] < 0:
                what: dict[str, Any] = {"kind": "flag", "flag": "ambiguous"}
            else:
                what = {"kind": "surface", "view": int(view[n]), "x": float(x[n]), "y": float(y[n])}
            head = {"task_id": task["id"], "point_id": point["id"], "revision": mark["revision"]}
            seconds = float(round(marks.seconds[n], 2))
            self.api.put(f"/api/marks/{mark['id']}", {**head, **what, "seconds": seconds})


def look(truth: Truth, xy: Floats, pixels: float, rng: np.random.Generator) -> Ints:
    """The rows (N,) of the truth that an annotator sees at positions (N,2), looking some pixels beside them.

    Beside the person, and where a point was sampled there, it is the person's nearest pixel.
    """
    at = xy + pixels * rng.standard_normal(xy.shape)
    rows = truth.rows(at)
    rows = np.where(rows < 0, truth.rows(xy), rows)
    for n in np.flatnonzero(rows < 0):
        row, column = np.divmod(truth.pixel.astype(np.int64), truth.width)
        rows[n] = ((column + 0.5 - xy[n, 0]) ** 2 + (row + 0.5 - xy[n, 1]) ** 2).argmin()
    return rows


def clicks(
    body: Body, part: NDArray[Any], face: NDArray[Any], bary: Floats, rng: np.random.Generator
) -> tuple[Ints, Floats, Floats]:
    """Where to click for surface points: the view (N,) that shows each best, and x, y (N,) in its square.

    What no view shows is moved about, further and further, until one does; view -1 where that fails.
    """
    view, x, y = np.full(len(face), -1, np.int64), np.zeros(len(face)), np.zeros(len(face))
    for label in np.unique(part):
        todo = np.flatnonzero(part == label)
        f, b = face[todo], bary[todo]
        for step in range(_STEPS):
            best, _ = views.best_view(body, int(label), f, b)
            for index in np.unique(best[best >= 0]):
                own = best == index
                seen = views.views(body, int(label))[index]
                x[todo[own]], y[todo[own]], _ = views.project(body, seen, f[own], b[own])
            view[todo] = best
            todo, f, b = todo[best < 0], f[best < 0], b[best < 0]
            if not len(todo):
                break
            f, b = simulated.place(body, face[todo], bary[todo], _STEP * (step + 1), rng)
    return view, x.clip(0, 1), y.clip(0, 1)


def from_folder(folder: Path) -> Callable[[Task], Truth]:
    """The truth of persons that were imported from a folder of renders, by file name and box.

    Raises:
        ValueError: it is no such folder; later, that it does not hold a person.
    """
    from synthesis import dataset, truth

    if not (folder / "render.json").is_file():
        raise ValueError(f"{folder} holds no renders")

    def find(task: Task) -> Truth:
        name, box = Path(task["image"]["file_name"]).name, np.array(task["person"]["bbox"])
        if not name[:8].isdigit():
            raise ValueError(f"{name} is no image of {folder}")
        for entry in dataset.record(folder, int(name[:8]))["annotations"]:
            if np.abs(box - entry["bbox"]).max() < 0.01:
                return truth.read(folder / "truth" / entry["truth"])
        raise ValueError(f"{folder} does not hold the person at {box.tolist()} of {name}")

    return find


def from_data(state: State) -> Callable[[Task], Truth]:
    """The truth of rendered persons that lie in the server's own data folder.

    Raises:
        ValueError: later, that a person is not rendered.
    """
    from io import BytesIO

    from annotation_db.repositories import persons
    from synthesis import truth

    def find(task: Task) -> Truth:
        with state.database.read() as session:
            person = persons.by_id(session, UUID(task["person"]["id"]))
            if person is not None and person.source_person_id is not None:
                person = persons.by_id(session, person.source_person_id)
            key = person.truth if person is not None else None
        if key is None:
            raise ValueError(f"the person {task['person']['id']} is not rendered: its truth is not known")
        with state.blobs.open(key) as file:
            return truth.read(BytesIO(file.read()))

    return find
