"""The job that renders persons for a study and sets the study up when they are there."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from server.jobs.kinds import Kind
from server.jobs.steps import say
from server.renders import job as renders
from server.state import State
from server.studies import service
from server.studies.schemas import StudyCreate


def _step(state: State, args: dict[str, Any], shard: tuple[int, int]) -> dict[str, Any]:
    ids = renders.made(state, args, shard)
    return {"images": shard[1] - shard[0], "persons": len(ids), "ids": [str(id_) for id_ in ids]}


def _finish(state: State, args: dict[str, Any], results: list[dict[str, Any]]) -> dict[str, Any]:
    say("Setting up the study")
    study = service.create(
        state,
        UUID(args["project"]),
        StudyCreate.model_validate(args["study"]),
        UUID(args["user"]),
        study_id=UUID(args["study_id"]),
        among={UUID(id_) for result in results for id_ in result["ids"]},
    )
    if args["open_study"]:
        service.open_study(state, study.id)
    return {**renders.totals(results), "study": str(study.id)}


STUDY_RENDERS = Kind("study-renders", renders.plan, _step, _finish)
