"""Rendered persons without rendering: photos of noise with a truth that says which faces their pixels show."""

from pathlib import Path
from uuid import UUID

import numpy as np
from fastapi import FastAPI

from server.persons.rendered import add_rendered_person
from surface.body import Body
from synthesis.truth import Truth, write
from tests.server.people import png

BOX = (5.0, 5.0, 50.0, 70.0)
HEAD, TORSO, HAND = 14, 1, 2


def truth_of(body: Body, seed: int) -> Truth:
    """A head over a torso, and a hand where the seed is even, in an image of 60 x 80."""
    rng = np.random.default_rng(seed)
    face = np.full((80, 60), -1, np.int32)
    places = {HEAD: (slice(7, 25), slice(15, 35)), TORSO: (slice(25, 60), slice(10, 45))}
    if seed % 2 == 0:
        places[HAND] = (slice(40, 52), slice(46, 54))
    for part, place in places.items():
        face[place] = rng.choice(np.flatnonzero(body.face_part == part), face[place].shape)
    bary = rng.dirichlet([2, 2, 2], face.shape)
    return Truth.of(body, face, bary, np.ones(face.shape), rng.uniform(0.2, 1, face.shape))


def add_renders(app: FastAPI, project: str, folder: Path, count: int, first: int = 0) -> list[str]:
    """Rendered persons in a project; returns their ids."""
    state = app.state.densemark
    body = state.bodies.by_name("anny").body
    made = []
    for seed in range(first, first + count):
        (folder / f"render-{seed}.png").write_bytes(png(seed=1000 + seed))
        write(folder / "truth.npz", truth_of(body, seed))
        keypoints = [float(n) for n in range(51)]
        made.append(
            add_rendered_person(
                state, UUID(project), folder / f"render-{seed}.png", BOX, keypoints, [[1.0, 1, 9, 1, 9, 9]],
                folder / "truth.npz",
            )
        )  # fmt: skip
    return [str(person) for person in made]
