"""How property tests run: machines are noisy, so no test fails for being slow; in CI the same examples every time."""

import os
import sys
from tempfile import TemporaryDirectory

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
