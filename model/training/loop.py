"""The training loop: from a recipe and images to a folder with a network in it.

All that is drawn at random follows from the seed and the step, so that a run that was interrupted at any moment and
resumed has the losses of one that was not, and several processes those of one.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any, Literal

import torch
from torch import Tensor, nn

from model import recipe_text
from model.recipe import Recipe, Weights
from model.structures import Batch, Loss
from model.training import checkpoints
from model.training.average import Average
from model.training.checkpoints import Learning
from model.training.failures import check_finite, memory_told
from model.training.folder import RunFolder
from model.training.halt import Halt
from model.training.journal import Journal
from model.training.processes import Processes
from model.training.rates import clip, optimiser, rate, set_rate

Progress = Callable[[int, int, str], None]
"""Told the steps that are done, all steps, and what is going on in words."""

Batches = Callable[[int], Iterator[Batch]]
"""From a step on, the batches of this process: for each step as many as the recipe accumulates."""


def silent(done: int, total: int, what: str) -> None:
    """Progress that nobody is told."""
    del done, total, what


Watch = Callable[[int, int], None]
"""Told how many images of how many are done."""

Evaluate = Callable[[nn.Module, int, Watch], Mapping[str, Any]]
"""Figures of a network in evaluation mode after so many steps."""


class _InterruptedError(Exception):
    """An evaluation was left, to be done when the run is resumed."""


@dataclass(frozen=True)
class Outcome:
    """How a training ended.

    :param state: "finished", or "stopped" where it was asked to end: it can be resumed.
    :param step: steps that are done.
    :param best: the step with the best figures; None without evaluations.
    """

    state: Literal["finished", "stopped"]
    step: int
    best: int | None


@dataclass
class Training:
    """A network on its way.

    :param network: with targets it gives losses; whatever it draws follows from its batch's seeds or from torch's own
        generator, which is set before each step.
    :param folder: of the run; begun, and locked by the caller.
    :param evaluate: called in the first process, on the averaged weights where the recipe averages.
    :param about: of the network that comes out: goes into its metadata.
    :param progress: called in the first process after each step.
    :param halt: whether to end after the step that is being done.
    """

    network: nn.Module
    recipe: Recipe
    batches: Batches
    folder: RunFolder
    here: Processes
    evaluate: Evaluate | None = None
    about: Mapping[str, str] = field(default_factory=dict)
    progress: Progress = silent
    halt: Halt = field(default_factory=Halt)

    def __post_init__(self) -> None:
        self.step = 0
        self.window: dict[str, float] = {}
        self.network = prepared(self.network, self.recipe, self.here.device)
        schedule = self.recipe.schedule
        average = Average(self.network, schedule.average) if schedule.average else None
        self.learning = Learning(self.network, optimiser(self.network.parameters(), schedule), average)
        self.shared = self.here.shared(self.network)

    def resume(self) -> list[str]:
        """Go on from the newest usable checkpoint, from the start where there is none at all.

        :return: newer ones that could not be read, with the reason.
        :raises ValueError: there are some and none can be used.
        """
        if not checkpoints.newest(self.folder.checkpoints):
            return []
        about, refused = checkpoints.load(self.folder.checkpoints, self.learning)
        self.step, self.window = about["step"], about["window"]
        return refused

    def run(self) -> Outcome:
        """Train until the last step, or until asked to end.

        :raises NonFiniteError: a loss or gradient is not finite; what reproduces it is in the folder.
        :raises OutOfMemoryError: with what to change.
        """
        schedule, running = self.recipe.schedule, self.recipe.running
        self.journal = None
        if self.here.first:
            self.folder.forget_evaluations(self.step)
            self.journal = Journal(self.folder.path, self.step, self.window, self.here)
        try:
            with self.halt.on_signals(alone=self.here.world == 1):
                asked = False
                if self._due(running.evaluate) and self.step not in self.folder.evaluations():
                    asked = not self._test()  # it was interrupted
                source = self.batches(self.step)
                while self.step < schedule.steps and not asked:
                    asked = self._step(source)
                    if asked or self._due(running.evaluate) or self._due(running.checkpoint):
                        self._save()
                    if self._due(running.evaluate) and not (asked and self.step < schedule.steps):
                        asked |= not self._test()
            state: Literal["finished", "stopped"] = "stopped" if asked and not self._done() else "finished"
            if state == "finished" and self.journal is not None and self.folder.best() is None:
                self._keep({})
            self.here.wait()
        except BaseException as error:
            if self.journal is not None:
                self.journal.ended(self.step, "failed", " ".join(f"{type(error).__name__}: {error}".split()))
            raise
        if self.journal is not None:
            self.journal.ended(self.step, state)
        return Outcome(state, self.step, self.folder.best())

    def _step(self, source: Iterator[Batch]) -> bool:
        """A step of gradient descent. Returns whether a process was asked to end."""
        recipe, here, begun = self.recipe, self.here, monotonic()
        with memory_told(recipe, self.step, here.device):
            parts = [next(source) for _ in range(recipe.schedule.accumulate)]
            waited = monotonic() - begun
            parts = [batch.to(here.device, non_blocking=True) for batch in parts]
            seed_step(recipe, self.step)
            values, asked = backward(self.shared, parts, recipe, here, self.halt.asked)
            values["gradient"] = float(clip(self.network.parameters(), recipe.schedule.clip))
            check_finite(values, self.folder.path, self.step, self.network, parts, recipe, self.about, here)
            now = rate(recipe.schedule, self.step)
            set_rate(self.learning.optimiser, now)
            self.learning.optimiser.step()
            self.learning.optimiser.zero_grad(set_to_none=True)
            if self.learning.average is not None:
                self.learning.average.update(self.network, self.step)
        self.step += 1
        if self.journal is not None:
            self.journal.stepped(values, recipe.schedule.batch, waited)
            if self._due(recipe.running.log):
                self.journal.told(self.step, now)
            self.progress(self.step, recipe.schedule.steps, f"loss {values['loss']:.4g}")
        return asked

    def _due(self, every: int) -> bool:
        """Whether something is done after this step that is done every so many steps and at the end."""
        last = self.step == self.recipe.schedule.steps
        return last or bool(every and self.step and self.step % every == 0)

    def _save(self) -> None:
        if self.journal is not None:
            checkpoints.write(self.folder.checkpoints, self.step, self.learning, {"window": self.journal.window})
            checkpoints.prune(self.folder.checkpoints, self.recipe.running.kept, self.folder.best())

    def _done(self) -> bool:
        """Whether nothing is left to do, the last evaluation included."""
        last = self.step == self.recipe.schedule.steps
        return last and (self.evaluate is None or not self.here.first or self.step in self.folder.evaluations())

    def _test(self) -> bool:
        """Evaluate, and keep the network if it is the best so far; the other processes wait in their next step.

        :return: False where it was asked to end meanwhile, and left.
        """
        if self.journal is None or self.evaluate is None:
            return True
        begun = monotonic()
        try:
            with torch.no_grad(), self._averaged(), memory_told(self.recipe, self.step, self.here.device):
                figures = dict(self.evaluate(self.network.eval(), self.step, self._watch))
        except _InterruptedError:
            return False
        finally:
            self.network.train()
        self.folder.write_evaluation(self.step, figures)
        if self.folder.best() == self.step:
            self._keep(figures)
        checkpoints.prune(self.folder.checkpoints, self.recipe.running.kept, self.folder.best())
        self.journal.tested(self.step, figures, monotonic() - begun)
        return True

    def _watch(self, done: int, total: int) -> None:
        """Tell how far an evaluation is, and leave it where that is asked for; not while others wait for its end."""
        self.progress(self.step, self.recipe.schedule.steps, f"evaluating {done} of {total}")
        if self.halt.asked and self.here.world == 1:
            raise _InterruptedError

    def _keep(self, figures: Mapping[str, Any]) -> None:
        """Write the network as it is as the one that comes out."""
        told = {"recipe": recipe_text.as_toml(self.recipe), "step": str(self.step), "figures": json.dumps(figures)}
        with self._averaged():
            self.folder.write_model(self.network.state_dict(), {**self.about, **told})

    def _averaged(self) -> AbstractContextManager[None]:
        """The network with its averaged weights, where there are any."""
        average = self.learning.average
        return nullcontext() if average is None else average.within(self.network)


def seed_step(recipe: Recipe, step: int) -> None:
    """Have torch's own generators draw what belongs to a step, the first being 0."""
    torch.manual_seed(recipe.running.seed + 1_000_003 * step)


def prepared(network: nn.Module, recipe: Recipe, device: torch.device) -> nn.Module:
    """The network in training mode on its device, as the recipe wants it computed."""
    network = network.to(device).train()
    if recipe.running.channels_last:
        network = network.to(memory_format=torch.channels_last)
    if recipe.running.compile:
        # The pyramid's shapes are few; what follows it has others in each step.
        getattr(network, "pyramid", network).compile(dynamic=True)
    return network


def backward(
    network: nn.Module, parts: Sequence[Batch], recipe: Recipe, here: Processes, asked: bool
) -> tuple[dict[str, float], bool]:
    """Gradients of a step. The loss is the mean over the parts; of a part, each loss is averaged over what it is a loss
    of in all processes.

    :param network: as ``Processes.shared`` gives it.
    :param asked: whether this process was asked to end.
    :return: "loss", weighted, and each loss by name, unweighted; whether any process was asked to end.
    """
    told: Counter[str] = Counter()
    wanted = False
    for number, batch in enumerate(parts):
        alone = number + 1 < len(parts) and here.world > 1
        with network.no_sync() if alone else nullcontext():  # type: ignore[operator]
            with _precision(recipe, here.device):
                losses = network(_laid_out(batch, recipe))
            loss, values, stopping = weighed(losses, recipe.weights, here, asked)
            torch.autograd.backward(loss * (here.world / len(parts)))  # gradients are averaged over the processes
        told.update({name: value / len(parts) for name, value in values.items()})
        wanted |= stopping
    return dict(told), wanted


def weighed(
    losses: Mapping[str, Loss], weights: Weights, here: Processes, asked: bool = False
) -> tuple[Tensor, dict[str, float], bool]:
    """This process's share of the loss, and what it is over all processes.

    :return: () the share: the shares of all processes add up to the loss; "loss" and each loss by name; whether any
        process was asked to end.
    :raises ValueError: a network gives a loss that the recipe has no weight for.
    """
    pairs = [(loss.total, loss.number) for loss in losses.values()]
    sums = torch.stack([value.detach().double().reshape(()) for pair in pairs for value in pair])
    sums = here.summed(torch.cat([sums, sums.new_tensor([asked])]))
    *flat, stopping = sums.tolist()
    share = pairs[0][0].new_zeros(())
    values: dict[str, float] = {"loss": 0.0}
    for (name, loss), total, number in zip(losses.items(), flat[::2], flat[1::2], strict=True):
        weight, over = _weight(weights, name), number if number > 0 else 1.0
        share = share + loss.total.float() * (weight / over)
        values[name] = total / over
        values["loss"] += weight * values[name]
    return share, values, stopping > 0


def _weight(weights: Weights, name: str) -> float:
    value = getattr(weights, name.removesuffix("_2"), None)
    if not isinstance(value, float):
        raise ValueError(f"the recipe has no weight for the loss {name!r}")
    return value


def _precision(recipe: Recipe, device: torch.device) -> torch.autocast:
    """bfloat16 where the recipe wants it and the device computes faster in it."""
    serves = recipe.running.precision == "bf16" and device.type == "cuda" and torch.cuda.is_bf16_supported()
    return torch.autocast(device.type, torch.bfloat16, enabled=serves)


def _laid_out(batch: Batch, recipe: Recipe) -> Batch:
    """The batch with images in the memory format of the recipe."""
    if not recipe.running.channels_last:
        return batch
    return replace(batch, images=batch.images.contiguous(memory_format=torch.channels_last))
