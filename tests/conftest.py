"""How property tests run: machines are noisy, so no test fails for being slow; in CI the same examples every time.
And in which order files run: those with slow tests first, so that no process works on one after all others have ended.
"""

import os
import sys
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings

# The tests start hundreds of Python processes: without bytecode files each compiles all that it imports once more.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
os.environ.setdefault("DENSEMARK_GEODESIC_PROCESSES", "0")  # no builders in the background
_cache = TemporaryDirectory(prefix="densemark-tests-")  # no table that happens to be there
os.environ["DENSEMARK_CACHE"] = _cache.name

settings.register_profile("local", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("local"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files first that hold a test marked slow."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
