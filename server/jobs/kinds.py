"""What kinds of jobs there are.

A kind is three functions. All run in a worker's step process, may be killed at any moment, and are then run again:

    plan(state, args)            what is to be done, as a list of shards; nothing else
    step(state, args, shard)     one shard: a second to a minute of work, of a training all of it; run
                                 twice it has the effect of once
    finish(state, args, results) what the job gives, from the shards' results in their order

Arguments, shards and results are JSON. An exception fails the job with its text, which is for people; `PassingError`,
a lost connection and a busy database are tried again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from server.state import State

DEFAULT_QUEUE, TRAINING_QUEUE = "default", "training"
"""Queues that jobs are put in: trainings take hours, and must not hold up the others."""

Args = dict[str, Any]
Shard = Any
Result = Any

KINDS = {
    "render": "server.renders.job:RENDER",
    "study-renders": "server.studies.render_job:STUDY_RENDERS",
    "study-report": "server.studies.report_job:STUDY_REPORT",
    "snapshot": "server.snapshots.job:SNAPSHOT",
    "train": "server.runs.job:TRAIN",
}
"""Where each kind is; imported in step processes only, since work may need much that a web server does not."""


@dataclass(frozen=True)
class Kind:
    """A kind of jobs; see above."""

    name: str
    plan: Callable[[State, Args], list[Shard]]
    step: Callable[[State, Args, Shard], Result]
    finish: Callable[[State, Args, list[Result]], Result]


class PassingError(Exception):
    """A fault that may be gone when the same is tried again."""


def kind_of(name: str) -> Kind:
    """The kind of this name, or at `module:attribute`; raises LookupError."""
    module, _, attribute = KINDS.get(name, name).partition(":")
    if not attribute:
        raise LookupError(f"this version of DenseMark knows no jobs of the kind {name!r}")
    kind: Kind = getattr(import_module(module), attribute)
    return kind
