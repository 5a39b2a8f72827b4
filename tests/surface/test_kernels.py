"""Whether kernels wait to be compiled."""

import importlib.util
import os
from pathlib import Path

from surface.kernels import compiled


def test_a_kernel_is_compiled_once_it_was_called_until_its_file_is_newer(tmp_path: Path) -> None:
    source = tmp_path / "twice.py"
    source.write_text("import numba\n\n@numba.njit(cache=True)\ndef twice(x):\n    return 2 * x\n")
    spec = importlib.util.spec_from_file_location("twice", source)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert not compiled(module.twice)
    assert module.twice(21) == 42
    assert compiled(module.twice)
    os.utime(source, (2**31, 2**31))
    assert not compiled(module.twice)
