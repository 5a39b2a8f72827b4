"""Many processes that work on the images of one folder of renders."""

from __future__ import annotations

import gc
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import connection, get_context, parent_process
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from synthesis.dataset import Recipe, make

if TYPE_CHECKING:
    from surface.body import Body

T = TypeVar("T")

Work = Callable[[Sequence[int]], Iterable[T]]
"""What is done with the images of some numbers; one result for each."""

TOGETHER = 4
"""Images that a process is given at once."""

# What a process needs to know once: the work, and the event that ends it early.
_task: tuple[Work[Any], Any] | None = None


def make_all(
    body: Body, folder: Path, numbers: Sequence[int], recipe: Recipe, workers: int
) -> Generator[tuple[int, bool]]:
    """``synthesis.dataset.make`` by several processes, in any order.

    Raises:
        ValueError, OSError: as ``make`` does.
        RuntimeError: a process was killed.
    """
    yield from spread(partial(make, body, folder, recipe=recipe), numbers, workers)


def spread(work: Work[T], numbers: Sequence[int], workers: int) -> Generator[T]:
    """The results of ``work`` on the images of these numbers by several processes, in any order; each computes in one
    thread. One worker is this process, and keeps the order.

    Leaving the loop early lets each process finish its image and ends them; they end, too, with the one that began
    them, however that ends.

    Args:
        work: can be pickled, as its results can.

    Raises:
        RuntimeError: a process was killed; and whatever the work raises.
    """
    if workers <= 1:
        yield from work(numbers)
        return
    one_thread()
    keep_memory()
    context = get_context("spawn")
    stop = context.Event()
    queue = [list(numbers[k : k + TOGETHER]) for k in range(0, len(numbers), TOGETHER)][::-1]
    workers = max(min(workers, len(queue)), 1)
    pool = ProcessPoolExecutor(workers, context, _begin, (work, stop))
    waiting: set[Future[list[T]]] = set()
    try:
        while queue or waiting:
            while queue and len(waiting) < 2 * workers:  # a few ahead, so that nobody waits
                waiting.add(pool.submit(_do, queue.pop()))
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                yield from future.result()
    except BrokenProcessPool as error:
        raise RuntimeError(
            "a process was killed (out of memory?); run the same again, perhaps with fewer --workers"
        ) from error
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)


def one_thread() -> None:
    """Processes begun after this compute in one thread each."""
    for name in ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def keep_memory() -> None:
    """Processes begun after this keep what an image needed for the next one, where malloc is glibc's.

    Otherwise it hands pages back and fetches them again for every array, a twentieth of all the work.
    """
    for name in ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_"):
        os.environ.setdefault(name, str(2**29))


def _begin(work: Work[Any], stop: Any) -> None:
    """End with whoever started this process; its interrupts are not for this one."""
    global _task
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    assert parent is not None
    threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    _task = work, stop
    # What is loaded by now stays: later collections need not walk through it again.
    gc.freeze()


def _end_with(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(0)


def _do(numbers: list[int]) -> list[Any]:
    assert _task is not None
    work, stop = _task
    out: list[Any] = []
    for number in numbers:
        if stop.is_set():
            break
        out.extend(work([number]))
    return out
