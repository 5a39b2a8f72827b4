"""The job that renders persons into a project."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from uuid import UUID

from annotation_db.repositories import persons, projects
from server.jobs.kinds import Kind
from server.persons.rendered import RenderedPerson, add_rendered
from server.problems import NotFoundError
from server.renders.own import own_files
from server.state import State
from surface.body import Body
from synthesis.dataset import image_seed, picture
from synthesis.render import Options, render

_FEWEST, _MOST = 4, 25  # images of a shard; at most two or three seconds of work
_SHARDS = 16  # so many at least, where there is enough to do: progress that moves, and work for several workers


def plan(_state: State, args: dict[str, Any]) -> list[tuple[int, int]]:
    """First image and the one after the last of each shard; images count from 1."""
    end = args["count"] + 1
    images = min(max(args["count"] // _SHARDS, _FEWEST), _MOST)
    return [(first, min(first + images, end)) for first in range(1, end, images)]


def made(state: State, args: dict[str, Any], shard: tuple[int, int]) -> list[UUID]:
    """Render a shard into the project; returns the persons that are in it, without those that were deleted since an
    earlier job made the same."""
    project_id = UUID(args["project"])
    body = _body(state, project_id)
    options = Options(
        size=args["size"],
        persons=tuple(args["persons"]),
        occluders=args["occluders"],
        cut=args.get("cut", Options.cut),  # jobs of earlier versions say nothing of it
        **own_files(state, args),
    )
    ids: list[UUID] = []
    for number in range(*shard):
        image = render(body, image_seed(args["seed"], number), options)
        name = f"renders/{args['seed']}/{number:08d}.jpg"
        rendered = [RenderedPerson.of(person) for person in image.persons]
        ids += add_rendered(state, project_id, name, BytesIO(picture(image.image)), rendered)
    with state.database.read() as session:
        found = [persons.by_id(session, id_) for id_ in ids]
    return [person.id for person in found if person is not None and person.deleted_at is None]


def _step(state: State, args: dict[str, Any], shard: tuple[int, int]) -> dict[str, int]:
    return {"images": shard[1] - shard[0], "persons": len(made(state, args, shard))}


def totals(results: list[dict[str, Any]]) -> dict[str, int]:
    """How many images and persons the shards have given."""
    return {key: sum(result[key] for result in results) for key in ("images", "persons")}


def _finish(_state: State, _args: dict[str, Any], results: list[dict[str, int]]) -> dict[str, int]:
    return totals(results)


def _body(state: State, project_id: UUID) -> Body:
    with state.database.read() as session:
        project = projects.by_id(session, project_id)
    if project is None:
        raise NotFoundError("the project is gone")
    return state.bodies.by_hash(project.body_hash).body


RENDER = Kind("render", plan, _step, _finish)
