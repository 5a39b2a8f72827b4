"""Which rendered persons a study shows."""

import secrets
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

import numpy as np

from annotation_db import models
from server.bodies.registry import LoadedBody
from server.problems import RefusedError
from server.state import State
from server.studies.copies import open_source, shows
from server.studies.schemas import MOST_PERSONS, StudyCreate


class Chosen(NamedTuple):
    """The persons by number, practice ones first, and the seed that they were drawn with."""

    persons: list[models.StudyPerson]
    seed: int


def choose(
    state: State,
    loaded: LoadedBody,
    candidates: Sequence[models.Person],
    body: StudyCreate,
    parts: Sequence[int] | None,
) -> Chosen:
    """Draw the persons to practise on, to measure, and to show twice.

    :param candidates: the project's rendered persons.
    :raises RefusedError: persons that are not among them or cannot be used, or too few.
    """
    seed = secrets.randbelow(2**31) if body.seed is None else body.seed
    rng = np.random.default_rng([seed, 0x5EED])
    by_id = {person.id: person for person in candidates}
    if body.persons is not None:
        measured = [by_id.get(id_) for id_ in dict.fromkeys(body.persons)]
        if None in measured:
            raise RefusedError("some of the persons are no rendered persons of this project")
        named = [person for person in measured if person is not None]
        blank = [person.id for person in named if not shows(open_source(state, person, loaded), parts)]
        if blank:
            raise RefusedError(f"the person {blank[0]} shows none of the parts that are to be marked")
        taken = {person.id for person in named}
        pool = [person for person in candidates if person.id not in taken]
        practice = _practice(body, len(candidates), len(pool))
        trained = _usable(state, loaded, pool, parts, rng, practice)
    else:
        if body.count is None:
            practice = _practice(body, len(candidates), len(candidates) - 1)
            drawn = _usable(state, loaded, candidates, parts, rng, practice + MOST_PERSONS)
        else:
            practice = _practice(body, len(candidates), len(candidates) - body.count)
            drawn = _usable(state, loaded, candidates, parts, rng, practice + body.count)
        trained, named = drawn[:practice], drawn[practice:]
    wanted = len(named) if body.persons else body.count or 1
    if len(trained) < practice or len(named) < wanted:
        raise RefusedError(
            f"{practice} persons to practise on and {wanted} to measure are needed; the project has {len(candidates)}"
            " rendered ones"
        )
    again = round(len(named) / 6) if body.again is None else body.again
    if again > len(named):
        raise RefusedError(f"{again} persons cannot be shown twice: only {len(named)} are measured")
    twice = set(rng.permutation(len(named))[:again].tolist())
    rows = [models.StudyPerson(person_id=person.id, bbox=person.bbox, practice=True, again=False) for person in trained]
    rows += [
        models.StudyPerson(person_id=person.id, bbox=person.bbox, practice=False, again=index in twice)
        for index, person in enumerate(named)
    ]
    for number, row in enumerate(rows):
        row.number = number
    return Chosen(rows, seed)


def _practice(body: StudyCreate, rendered: int, free: int) -> int:
    """How many persons to practise on: as many as are asked for, else up to two where there are enough."""
    return max(0, min(2, rendered // 5, free)) if body.practice is None else body.practice


def _usable(
    state: State,
    loaded: LoadedBody,
    pool: Sequence[models.Person],
    parts: Sequence[int] | None,
    rng: np.random.Generator,
    count: int,
) -> list[models.Person]:
    """Up to so many of the pool, at random, that show a part that is to be marked and whose truth can be read."""
    found: list[models.Person] = []
    for index in rng.permutation(len(pool)).tolist():
        if len(found) == count:
            break
        with suppress(RefusedError):
            if shows(open_source(state, pool[index], loaded), parts):
                found.append(pool[index])
    return found
