"""The version people see."""

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed


def version() -> str:
    """The installed version of DenseMark."""
    try:
        return installed("densemark")
    except PackageNotFoundError:
        return "0.0.0"
