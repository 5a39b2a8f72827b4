"""The body that the points of a snapshot are on, where it is not the project's."""

from __future__ import annotations

from collections.abc import Callable

from filelock import FileLock

from export.on_body import require_parts
from server.problems import NotFoundError, RefusedError
from server.projects.schemas import BodyRef
from server.state import State
from surface.body import Body
from surface.transfer import Transfer, require_human
from surface.transfer_file import find, kept


def asked_for(state: State, own_hash: str, name: str | None) -> BodyRef | None:
    """The body of a name or hash that points are to be on; None for the project's own, whose hash is given.

    Raises RefusedError where there is no such body, or marks cannot be transferred to it.
    """
    if name is None or name == own_hash:
        return None
    try:
        other, own = state.bodies.by_name(name).body, state.bodies.by_hash(own_hash).body
        if other.hash == own.hash:
            return None
        require_parts(own)
        require_human(own, other)
    except (NotFoundError, ValueError) as error:
        raise RefusedError(f"body: {error}") from error
    return BodyRef(name=other.name, hash=other.hash)


def make_transfer(state: State, own_hash: str, chosen: BodyRef | None, tell: Callable[[str], None]) -> None:
    """See to it that the transfer to the chosen body is kept; a registration takes about half a minute.

    Raises ValueError where the bodies cannot be registered.
    """
    if chosen is None:
        return
    own, other = _bodies(state, own_hash, chosen)
    folder = state.transfers.folder
    folder.mkdir(parents=True, exist_ok=True)
    tell(f"waiting for the map between {own.name} and {other.name}")
    with FileLock(folder / ".registering"):  # one at a time, as the server's own
        kept(folder, own, other, lambda done, all_: tell(f"matching {own.name} and {other.name}, {done} of {all_}"))


def transfer_of(state: State, own_hash: str, chosen: BodyRef | None) -> Transfer | None:
    """The kept transfer to the chosen body; None for the project's own body.

    Raises ValueError when its file is not there.
    """
    if chosen is None:
        return None
    own, other = _bodies(state, own_hash, chosen)
    found = find(state.transfers.folder, own, other)
    if found is None:
        raise ValueError(
            f"the map between {own.name} and {other.name} is not in this data folder: make it again, and where several"
            " machines do jobs, let them share the folder"
        )
    return found


def _bodies(state: State, own_hash: str, chosen: BodyRef) -> tuple[Body, Body]:
    return state.bodies.by_hash(own_hash).body, state.bodies.by_hash(chosen.hash).body
