"""Images to batches, in an order and with an augmentation that follow from the seed and the step alone.

So a training that goes on from a step sees what it would have seen, and processes that share out the steps' batches see
together what one alone sees.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from threading import Thread
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from model.data.dense import with_labels
from model.data.records import Example, Images
from model.data.transforms import MEAN, cropped, excerpt, targets, trained, trained_size
from model.recipe import Data, Schedule
from model.structures import Batch

STRIDE = 32
"""Sides of a batch are multiples of it."""

_MIXED = 0x6D69786564  # tells the draws of generated images from others of the same seed
_ROUNDING = 1e-9
_AHEAD = 2  # batches that each worker makes before they are asked for


class Key(NamedTuple):
    """What is read: an image or, of crops, a person; and the seed of all that is drawn for it."""

    unit: int
    seed: int


class Share(NamedTuple):
    """What a process reads of a part of a step's batch, and what the other processes read of it."""

    own: list[Key]
    others: list[Key]


def train_batches(
    images: Images,
    data: Data,
    schedule: Schedule,
    seed: int,
    start_step: int = 0,
    rank: int = 0,
    world: int = 1,
    workers: int = 0,
) -> Iterator[Batch]:
    """Batches without end: for each step from ``start_step`` on, this process's share of each of its
    ``schedule.accumulate`` parts, one after another.

    A part's images are padded to the same height and width in all processes, because group normalisation sees what is
    padded, too.

    :param seed: of the order and of all augmentation.
    :param workers: processes that read; 0 reads in this one.
    :raises ValueError: there are no images; they are to be mirrored and cannot be; a step's images do not divide among
        processes and parts; while reading, naming the file, for a photo or an annotation that cannot be used.
    """
    parts = world * schedule.accumulate
    if schedule.batch % parts:
        raise ValueError(
            f"{schedule.batch} images a step do not divide among {world} processes of {schedule.accumulate} parts"
        )
    if not len(images):
        raise ValueError(f"{images.name}: holds no image to train on")
    if data.flip and images.mirror is None:
        raise ValueError(
            f"{images.name}: images cannot be mirrored without a symmetric body or tables of symmetries; "
            "data.flip=0 trains without"
        )
    own = Reader(images, data)
    reader: Reader | Both = own
    plan = steps(own.wide(), schedule.batch, seed, start_step)
    if images.generated is not None and len(images.generated) and data.generated:
        made = Reader(images.generated, data)
        plan = mixed(plan, len(own), len(made), data.generated, seed, start_step)
        reader = Both(own, made)
    part = schedule.batch // schedule.accumulate
    shares = (shared(keys[at : at + part], rank, world) for keys in plan for at in range(0, schedule.batch, part))
    return _loaded(reader, shares, workers)


def shared(keys: list[Key], rank: int, world: int) -> Share:
    """A process's share of the keys of a part, as many as each of the others has."""
    each = len(keys) // world
    return Share(keys[rank * each : (rank + 1) * each], keys[: rank * each] + keys[(rank + 1) * each :])


def steps(wide: NDArray[np.bool_], batch: int, seed: int, start: int) -> Iterator[list[Key]]:
    """What each step from ``start`` on reads, without end: all units in a random order, again and again.

    A step's images are all wide or all high, as far as that goes, so that little of a batch is padding. What remains of
    both at the end of a round is mixed, and the last step of a round is filled up with some of its first.

    :param wide: (n,) whether each unit is wider than high.
    """
    rest = wide.sum() % batch + (~wide).sum() % batch
    each = int(wide.sum() // batch + (~wide).sum() // batch + -(-rest // batch))
    plan: list[NDArray[np.int64]] = []
    made = -1
    for step in count(start):
        if step // each != made:
            made = step // each
            plan = _round(wide, batch, np.random.default_rng([seed, made]))
        units = plan[step % each].tolist()
        yield [Key(unit, image_seed(seed, step, place)) for place, unit in enumerate(units)]


def mixed(
    plan: Iterator[list[Key]], units: int, others: int, share: float, seed: int, start: int
) -> Iterator[list[Key]]:
    """Steps in which a share of the places, drawn at random, reads other units: all of them in a random order, again
    and again. Over many steps the share is exact.

    :param plan: from step ``start`` on.
    :param units, others: how many there are of each; other units are counted on from ``units``.
    """
    order, made = np.zeros(0, np.int64), -1
    for step, keys in enumerate(plan, start):
        out = list(keys)
        first, last = (int(count * len(keys) * share + _ROUNDING) for count in (step, step + 1))
        places = np.random.default_rng([seed, step, _MIXED]).choice(len(keys), last - first, replace=False)
        for place, number in zip(places.tolist(), range(first, last), strict=True):
            if number // others != made:
                made = number // others
                order = np.random.default_rng([seed, made, _MIXED, 1]).permutation(others)
            out[place] = Key(units + int(order[number % others]), keys[place].seed)
        yield out


def image_seed(seed: int, step: int, place: int) -> int:
    """The seed (63 bits) of what is drawn for the image at a place of a step's batch."""
    return int(np.random.SeedSequence([seed, step, place]).generate_state(1, np.uint64)[0] >> np.uint64(1))


def _round(wide: NDArray[np.bool_], batch: int, rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """The steps of a round."""
    order = rng.permutation(len(wide))
    full, rest = [], []
    for group in (order[wide[order]], order[~wide[order]]):
        whole = len(group) // batch * batch
        full += list(group[:whole].reshape(-1, batch))
        rest.append(group[whole:])
    left = np.concatenate(rest)
    missing = -len(left) % batch
    left = np.concatenate([left, np.resize(order, missing)])
    full += list(left.reshape(-1, batch))
    return [full[k] for k in rng.permutation(len(full))]


class Reader(Dataset):
    """Reads what is asked for; or gives back why that cannot be done, as torch would wrap an error in its own.

    Units are images, or of crops their persons.
    """

    def __init__(self, images: Images, data: Data) -> None:
        self.images, self.data = images, data
        self.people = [(i, row) for i in range(len(images)) for row in images.alone(i)] if data.crops else []
        if data.crops and not self.people:
            raise ValueError(f"{images.name}: holds no person to cut out")

    def __len__(self) -> int:
        return len(self.people) if self.data.crops else len(self.images)

    def __getitem__(self, key: Key) -> Example | str:
        """The example of a key."""
        try:
            return trained(self._read(key), self.data, key.seed, self.images.mirror)
        except ValueError as error:
            return str(error)

    def size(self, key: Key) -> tuple[int, int]:
        """Height and width of the example of a key, told without reading its photo; 0, 0 where it cannot be used, of
        which the process that reads it complains."""
        try:
            size = self._size(key.unit)
        except ValueError:
            return 0, 0
        return trained_size(size, self.data, key.seed) if min(size) > 0 else (0, 0)

    def _size(self, unit: int) -> tuple[int, int]:
        """Height and width of what ``_read`` gives."""
        if not self.data.crops:
            return self.images.size(unit)
        index, row = self.people[unit]
        rows, columns = excerpt(self.images.box(row), self.images.size(index), self.data.margin)
        return rows.stop - rows.start, columns.stop - columns.start

    def _read(self, key: Key) -> Example:
        if not self.data.crops:
            return self._labelled(self.images[key.unit], key.seed)
        index, row = self.people[key.unit]
        return cropped(self._labelled(self.images.example(index, [row]), key.seed), 0, self.data.margin)

    def _labelled(self, example: Example, seed: int) -> Example:
        """With labels of a teacher, where the dataset has some."""
        data, dense = self.data, self.images.dense
        if dense is None or not data.dense or not data.dense_weight:
            return example
        return with_labels(example, dense, data.dense, data.dense_weight, seed, self.images.body)

    def wide(self) -> NDArray[np.bool_]:
        """(n,) whether each unit is wider than high; crops count as high, as persons are."""
        if self.data.crops:
            return np.zeros(len(self), np.bool_)
        sizes = [self.images.size(index) for index in range(len(self))]
        return np.array([width > height for height, width in sizes], np.bool_)


class Both:
    """Reads from two readers; the units of the second are counted on from those of the first."""

    def __init__(self, first: Reader, second: Reader) -> None:
        self.first, self.second = first, second

    def __getitem__(self, key: Key) -> Example | str:
        """The example of a key."""
        reader, own = self._of(key)
        return reader[own]

    def size(self, key: Key) -> tuple[int, int]:
        """As ``Reader.size``."""
        reader, own = self._of(key)
        return reader.size(own)

    def _of(self, key: Key) -> tuple[Reader, Key]:
        count = len(self.first)
        return (self.first, key) if key.unit < count else (self.second, Key(key.unit - count, key.seed))


@dataclass(frozen=True, eq=False)
class Packed:
    """A batch on its way from a worker: one tensor, which is shared and not copied, and arrays. As tensors they would
    each take a file descriptor, of which a process may have 1,024.

    :param images: (B, H, W, 3) u1.
    """

    images: Tensor
    sizes: list[tuple[int, int]]
    seeds: list[int]
    examples: list[Example]

    def batch(self) -> Batch:
        """As the networks take it."""
        return Batch(
            self.images.permute(0, 3, 1, 2),
            torch.tensor(self.sizes, dtype=torch.int64),
            torch.tensor(self.seeds, dtype=torch.int64),
            [targets(example) for example in self.examples],
        )

    def pin_memory(self) -> Batch:
        """The same in page-locked memory; torch's loaders call it."""
        return self.batch().pin_memory()


def pack(read: Sequence[tuple[Key, Example | str]], others: Sequence[tuple[int, int]] = ()) -> Packed | str:
    """A batch of what was read, padded at the right and at the bottom; the first complaint if there is one.

    :param others: height and width of further images that it is padded for.
    """
    examples = []
    for _, example in read:
        if isinstance(example, str):
            return example
        examples.append(example)
    sizes = [(example.pixels.shape[0], example.pixels.shape[1]) for example in examples]
    height, width = (-(-max(side) // STRIDE) * STRIDE for side in zip(*sizes, *others, strict=True))
    images = torch.empty(len(examples), height, width, 3, dtype=torch.uint8)
    for out, example, (h, w) in zip(images.numpy(), examples, sizes, strict=True):
        out[:h, :w], out[:h, w:], out[h:] = example.pixels, MEAN, MEAN
    bare = [replace(example, pixels=example.pixels[:0, :0]) for example in examples]
    return Packed(images, sizes, [key.seed for key, _ in read], bare)


def _loaded(reader: Reader | Both, shares: Iterator[Share], workers: int) -> Iterator[Batch]:
    """Batches of shares, in their order."""
    loader: DataLoader[Any] = DataLoader(
        _Whole(reader),
        sampler=_Given(shares),
        batch_size=None,
        num_workers=workers,
        pin_memory=torch.cuda.is_available(),
        prefetch_factor=_AHEAD if workers else None,
        worker_init_fn=_begin,
        generator=torch.Generator(),  # torch's own is the training's
    )
    for made in loader:
        if isinstance(made, str):
            raise ValueError(made)
        yield made.batch() if isinstance(made, Packed) else made


class _Whole(Dataset):
    """Batches of a reader, each read as one."""

    def __init__(self, reader: Reader | Both) -> None:
        self.reader = reader

    def __getitem__(self, share: Share) -> Packed | str:
        read = [(key, self.reader[key]) for key in share.own]
        return pack(read, [self.reader.size(key) for key in share.others])


class _Given(Sampler[Any]):
    """Shares as they come."""

    def __init__(self, shares: Iterator[Share]) -> None:
        self.shares = shares

    def __iter__(self) -> Iterator[Share]:
        return self.shares


def _begin(_: int) -> None:
    """A worker ends with the process that began it, and by its word alone: a signal to all of their group (``timeout``,
    systemd, SLURM) is for that process, which still wants the images of its step."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "sigwaitinfo"):  # else who sends a signal cannot be told
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        Thread(target=_end_when_told, daemon=True).start()


def _end_when_told() -> None:
    """Wait for the SIGTERM of the process that began this one, and end."""
    parent = multiprocessing.parent_process()
    while parent is not None and signal.sigwaitinfo([signal.SIGTERM]).si_pid != parent.pid:
        pass
    os._exit(0)
