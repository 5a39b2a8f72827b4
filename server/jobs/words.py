"""Failures of steps, as people read them, and which of them may pass."""

from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, SQLAlchemyError

from annotation_db import is_passing
from server.jobs.kinds import PassingError


class EndedTooOftenError(Exception):
    """The processes that tried ended without a word, or faults that should pass did not."""


def in_words(error: Exception) -> str:
    """An error as people read it."""
    if isinstance(detail := getattr(error, "detail", None), str):  # a server.problems.ProblemError
        return detail
    if isinstance(error, SQLAlchemyError):
        return _of_database(error)
    text = " ".join(str(error).split())
    told = isinstance(error, ValueError | OSError | LookupError | PassingError | EndedTooOftenError | RuntimeError)
    return text if told and text else f"{type(error).__name__}: {text}".rstrip(": ")


def _of_database(error: SQLAlchemyError) -> str:
    """What the database said, without the statement and what was to be written."""
    said = (str(error.orig) if isinstance(error, DBAPIError) else "").strip().splitlines()
    told = said[0] if said else "the server's log says more"
    if isinstance(error, IntegrityError):
        return f"the database refused what was to be written: {told}"
    return f"the database could not answer: {told}"


def passes(error: Exception) -> bool:
    """Whether the same may go well when it is tried again."""
    if isinstance(error, DBAPIError):
        return is_passing(error) or isinstance(error, OperationalError)  # it may be restarted, or out of space
    return isinstance(error, PassingError | ConnectionError | TimeoutError)
