"""What can be trained with here, and what is missing."""

from __future__ import annotations

from server.problems import RefusedError
from server.runs import known
from server.runs.schemas import RecipeChecked, Training
from server.runs.service import a_worker_trains
from server.state import State

_PATIENCE = 3.0  # seconds; torch takes longer to import on a busy machine, and the page asks again
_NO_WORKER = (
    "no worker that trains is running, so runs wait: `densemark serve` runs one beside the server unless it was"
    " started with --no-worker; `densemark worker` runs one here or, with PostgreSQL, on another machine with a GPU"
)


def training(state: State) -> Training:
    """Recipes, devices of this machine, and each problem with how to mend it."""
    with state.database.read() as session:
        worker = a_worker_trains(session)
    devices, torch, missing = known.devices(_PATIENCE)
    return Training(
        recipes=list(known.recipes()),
        devices=devices,
        torch=torch,
        worker=worker,
        problems=[*([] if worker else [_NO_WORKER]), *([missing] if missing else [])],
    )


def check(name: str, changes: list[str]) -> RecipeChecked:
    """The complete recipe, or why there is none."""
    try:
        text, steps = known.complete(name, tuple(changes))
    except RefusedError as error:
        return RecipeChecked(text=None, steps=None, error=error.detail)
    return RecipeChecked(text=text, steps=steps, error=None)
