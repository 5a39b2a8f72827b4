"""The loop: what was interrupted or shared out learns the same; what goes wrong is told and can be seen again."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import nn

from model.recipe import Weights
from model.structures import Loss
from model.training import checkpoints
from model.training.average import Average
from model.training.checkpoints import Learning
from model.training.failures import NonFiniteError, OutOfMemoryError, memory_told
from model.training.folder import RunFolder
from model.training.journal import METRICS, flat, read
from model.training.loop import backward, weighed
from model.training.processes import Processes, chosen_device
from model.training.rates import optimiser, rate
from model.training.reproduce import replay
from tests.model import small_run
from tests.model.small_run import Small, lines, recipe, run

ROOT = Path(__file__).resolve().parents[2]
HERE = Processes(0, 1, torch.device("cpu"))


def begun(out, *words, launcher=()):
    """The small run in a process of its own, or in some."""
    command = [sys.executable, "-m", *launcher, "tests.model.small_run", str(out), *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def until(true, process, seconds=120):
    """Waits for a state; a process that ends before it is reached is shown."""
    end = time.monotonic() + seconds
    while not true():
        assert process.poll() is None, process.stdout.read().decode()
        assert time.monotonic() < end
        time.sleep(0.002)


def weights(out, name="model.safetensors"):
    return load_file(out / name)


def assert_same_run(one, other, within=0.0):
    assert [line["step"] for line in lines(one)] == [line["step"] for line in lines(other)]
    for a, b in zip(lines(one), lines(other), strict=True):
        assert flat(a) == pytest.approx(flat(b), rel=0, abs=within)
    for name, value in weights(one).items():
        torch.testing.assert_close(value, weights(other)[name], rtol=0, atol=within)


@pytest.mark.slow
def test_killed_at_any_moment_and_resumed_it_is_the_run_that_was_not(tmp_path):
    changes = ("running.checkpoint=1", "running.seed=5", "schedule.steps=14")
    run(tmp_path / "whole", *changes)
    killed = tmp_path / "killed"
    process = begun(killed, "--pause", ".03", *(word for change in changes for word in ("--set", change)))
    until(lambda: len(lines(killed)) >= 2 if (killed / METRICS).exists() else False, process)
    process.kill()
    process.wait()
    reached = int(checkpoints.newest(killed / "checkpoints")[0].name)
    assert 5 <= reached < 14
    assert run(killed, *changes, resume=True).step == 14
    assert_same_run(tmp_path / "whole", killed)
    assert [line["step"] for line in read(killed / METRICS) if line["kind"] == "begin"] == [0, reached]


@pytest.mark.slow
def test_two_processes_learn_as_one(tmp_path):
    change = "schedule.accumulate=2"
    run(tmp_path / "one", change)
    launcher = ("torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m")
    process = begun(tmp_path / "two", "--set", change, launcher=launcher)
    told, _ = process.communicate(timeout=240)
    assert process.returncode == 0, told.decode()
    assert_same_run(tmp_path / "one", tmp_path / "two", within=1e-5)
    first = next(read(tmp_path / "two" / METRICS))
    assert first["processes"] == 2


@pytest.mark.parametrize(("number", "optimiser"), [(signal.SIGINT, "sgd"), (signal.SIGTERM, "adamw")])
def test_a_signal_ends_the_run_with_a_checkpoint_and_it_goes_on(tmp_path, number, optimiser):
    changes = ("running.seed=5", f"schedule.optimiser={optimiser}")
    run(tmp_path / "whole", *changes)
    before = signal.getsignal(number)

    def send(step, steps, what):
        if step == 5:
            signal.raise_signal(number)

    stopped = run(tmp_path / "stopped", *changes, progress=send)
    assert (stopped.state, stopped.step) == ("stopped", 6)
    assert signal.getsignal(number) is before
    assert [path.name for path in checkpoints.newest(tmp_path / "stopped" / "checkpoints")] == ["000006", "000004"]
    assert list(read(tmp_path / "stopped" / METRICS))[-1]["state"] == "stopped"
    assert run(tmp_path / "stopped", *changes, resume=True).state == "finished"
    assert_same_run(tmp_path / "whole", tmp_path / "stopped")


def test_an_evaluation_that_was_left_is_made_up_for(tmp_path):
    run(tmp_path / "whole")
    asked = []

    def leave(network, step, watch):
        asked.append(step)
        signal.raise_signal(signal.SIGTERM)
        watch(1, 2)
        raise AssertionError("it goes on")

    assert run(tmp_path / "left", evaluate=leave) == run(tmp_path / "left", resume=True, evaluate=leave)
    assert asked == [8, 8]
    assert run(tmp_path / "left", resume=True).state == "finished"
    assert_same_run(tmp_path / "whole", tmp_path / "left")


def test_who_began_it_can_end_it(tmp_path):
    from model.training.halt import Halt

    asked = iter([False, False, True])
    assert run(tmp_path / "run", halt=Halt(lambda: next(asked))).step == 3


def test_a_finished_run_is_left_as_it_is(tmp_path):
    first = run(tmp_path / "run")
    before = lines(tmp_path / "run")
    assert run(tmp_path / "run", resume=True) == first
    assert lines(tmp_path / "run") == before


def test_the_folder_of_a_run(tmp_path):
    out = tmp_path / "run"
    done = run(out, "running.kept=1")
    figures = RunFolder(out).evaluations()
    assert sorted(figures) == [8, 12]
    assert done.best == max(figures, key=lambda step: figures[step]["gps"]["AP"])
    assert {path.name for path in checkpoints.newest(out / "checkpoints")} == {"000012", f"{done.best:06d}"}
    average = load_file(out / "checkpoints" / f"{done.best:06d}" / "average.safetensors")
    for name, value in weights(out).items():
        torch.testing.assert_close(value, average[name])
    with safe_open(out / "model.safetensors", "pt") as file:
        about = file.metadata()
    assert about["step"] == str(done.best)
    assert json.loads(about["figures"]) == figures[done.best]
    events = EventAccumulator(str(out / "events")).Reload()
    assert [event.step for event in events.Scalars("train/loss")] == [3, 6, 9, 12]
    assert [event.value for event in events.Scalars("test/gps/AP")] == pytest.approx(
        [figures[step]["gps"]["AP"] for step in (8, 12)]
    )


def test_a_damaged_checkpoint_is_passed_over(tmp_path):
    run(tmp_path / "whole")
    run(tmp_path / "run")
    newest = tmp_path / "run" / "checkpoints" / "000012"
    state = (newest / "state.pt").read_bytes()
    (newest / "state.pt").write_bytes(state[: len(state) // 2])
    half = tmp_path / "run" / "checkpoints" / ".000013.1.tmp"
    half.mkdir()
    made = small_run.training(recipe(), tmp_path / "run", HERE, resume=True)
    assert made.step == 8
    made.run()
    assert not half.exists()
    assert_same_run(tmp_path / "whole", tmp_path / "run")


def test_without_a_usable_checkpoint_nothing_is_begun_anew(tmp_path):
    run(tmp_path / "run")
    for path in checkpoints.newest(tmp_path / "run" / "checkpoints"):
        (path / "weights.safetensors").unlink()
    with pytest.raises(ValueError, match="no checkpoint can be used: 000012"):
        run(tmp_path / "run", resume=True)


def test_a_folder_holds_one_run(tmp_path):
    run(tmp_path / "run")
    with pytest.raises(ValueError, match="holds a run: --resume goes on with it"):
        run(tmp_path / "run")
    with pytest.raises(ValueError, match=r"schedule\.rate was 0\.05 when the run began and cannot become 0\.1"):
        run(tmp_path / "run", "schedule.rate=.1", resume=True)
    with pytest.raises(ValueError, match=r"running\.seed was 0 .* cannot become 1: only running\.\* except the seed"):
        run(tmp_path / "run", "running.seed=1", resume=True)
    run(tmp_path / "run", "running.log=1", "schedule.accumulate=2", resume=True)
    folder = RunFolder(tmp_path / "run")
    with folder.locked(), pytest.raises(ValueError, match="another training is running"), folder.locked():
        pass


def test_another_dataset_is_not_resumed_on(tmp_path):
    folder = RunFolder(tmp_path)
    first = {"dataset": {"path": "a.json", "hash": "1" * 64, "images": 4}}
    folder.begin(recipe(), first, resume=False)
    (folder.checkpoints / "000001").mkdir(parents=True)  # before one there is nothing to go on with
    folder.begin(recipe(), {"dataset": {**first["dataset"], "path": "moved.json"}}, resume=True)
    with pytest.raises(ValueError, match=r"dataset is a\.json \(111111111111\), not b\.json \(222222222222\)"):
        folder.begin(recipe(), {"dataset": {"path": "b.json", "hash": "2" * 64, "images": 4}}, resume=True)


def test_a_loss_that_is_no_number_ends_the_run_and_can_be_seen_again(tmp_path):
    changes = ("schedule.rate=1e30", "schedule.clip=0", "schedule.warmup=0", "running.seed=5")
    with pytest.raises(NonFiniteError, match=r"not finite in step 2: .*fine.*--reproduce"):
        run(tmp_path / "run", *changes)
    folder = tmp_path / "run" / "failure-000002"
    about = json.loads((folder / "failure.json").read_text())
    again = replay(folder, Small(0.1), about, "cpu")
    assert {name: str(value) for name, value in again.items() if name in about["values"]} == {
        name: str(value) for name, value in about["values"].items()
    }
    assert any(name.startswith("gradient of ") for name in again)
    last = list(read(tmp_path / "run" / METRICS))[-1]
    assert (last["kind"], last["state"], last["step"]) == ("end", "failed", 1)
    assert all(torch.isfinite(value).all() for value in weights(folder, "weights.safetensors").values())


def test_memory_that_does_not_suffice_is_told_with_what_to_change(tmp_path):
    class Greedy(Small):
        def forward(self, batch):
            torch.empty(1 << 50)
            return super().forward(batch)

    made = small_run.training(recipe(), tmp_path / "run", HERE)
    made.shared = Greedy()
    with pytest.raises(OutOfMemoryError, match=r"memory does not suffice in step 1; .*schedule\.accumulate=2 "):
        made.run()


def test_a_reader_that_was_killed_and_one_that_was_ended_are_told_apart():
    def told(signalled, cause=None):
        error = RuntimeError(signalled)
        error.__cause__ = cause
        expected = RuntimeError if "Terminated" in f"{signalled}{cause}" else OutOfMemoryError
        with pytest.raises(expected) as raised, memory_told(recipe(), 3, HERE.device):
            raise error
        return str(raised.value)

    killed = "DataLoader worker (pid 12) is killed by signal: Killed. "
    left = "DataLoader worker (pid(s) 12) exited unexpectedly"
    for message, cause in ((killed, None), (left, RuntimeError(killed)), (left, None)):
        assert "a process that reads images was killed" in told(message, cause)
    ended = killed.replace("Killed", "Terminated")
    assert told(ended) == ended
    assert told(left, RuntimeError(ended)) == left


def test_what_an_earlier_failure_of_a_step_left_is_no_part_of_this_one(tmp_path):
    changes = ("schedule.rate=1e30", "schedule.clip=0", "schedule.warmup=0", "running.seed=5")
    for accumulate in (2, 1):
        with pytest.raises(NonFiniteError):
            run(tmp_path / "run", *changes, f"schedule.accumulate={accumulate}")
        assert len(list((tmp_path / "run" / "failure-000002").glob("batch-*.pt"))) == accumulate


def test_other_errors_of_a_step_are_left_as_they_are(tmp_path):
    class Wrong(Small):
        def forward(self, batch):
            raise RuntimeError("sizes do not match")

    made = small_run.training(recipe(), tmp_path / "run", HERE)
    made.shared = Wrong()
    with pytest.raises(RuntimeError, match="sizes do not match"):
        made.run()


def test_losses_are_averaged_over_what_they_are_of_and_weighted():
    losses = {
        "fine": Loss(torch.tensor(6.0, requires_grad=True), torch.tensor(3.0)),
        "uv_2": Loss(torch.tensor(8.0, requires_grad=True), torch.tensor(2.0)),
        "mask": Loss(torch.tensor(0.0, requires_grad=True), torch.tensor(0.0)),
        "coarse": Loss(torch.tensor(0.6, requires_grad=True), torch.tensor(0.2)),  # of things that weigh little
    }
    share, values, asked = weighed(losses, Weights(fine=2.0, uv=0.5, coarse=1.0), HERE)
    assert share.item() == pytest.approx(2 * 2 + 0.5 * 4 + 3)
    assert values == {"loss": pytest.approx(9.0), "fine": 2.0, "uv_2": 4.0, "mask": 0.0, "coarse": pytest.approx(3.0)}
    assert not asked
    assert weighed(losses, Weights(), HERE, asked=True)[2]
    with pytest.raises(ValueError, match="no weight for the loss 'new'"):
        weighed({"new": losses["fine"]}, Weights(), HERE)


def test_a_step_in_parts_has_the_mean_gradient_of_its_parts():
    whole = recipe("schedule.batch=4")
    batch = next(small_run.batches(whole, 0, 1, 0.0, 1))
    halves = recipe("schedule.batch=4", "schedule.accumulate=2")
    source = small_run.batches(halves, 0, 1, 0.0, 1)
    parts = [next(source), next(source)]

    def gradients(batches, made):
        torch.manual_seed(0)
        network = Small()
        values, _ = backward(network, batches, made, HERE, False)
        return values, [parameter.grad for parameter in network.parameters()]

    values, _ = gradients([batch], whole)
    one, first = gradients(parts[:1], whole)
    two, second = gradients(parts[1:], whole)
    both, accumulated = gradients(parts, halves)
    for gradient, a, b in zip(accumulated, first, second, strict=True):
        torch.testing.assert_close(gradient, (a + b) / 2)
    assert both["loss"] == pytest.approx((one["loss"] + two["loss"]) / 2)
    assert both["uv"] == pytest.approx(values["uv"])  # a sum, whatever the parts
    singles = recipe("schedule.batch=4", "schedule.accumulate=4")
    source = small_run.batches(singles, 0, 1, 0.0, 1)
    assert gradients([next(source) for _ in range(4)], singles)[0]["uv"] == pytest.approx(values["uv"])


def test_rates():
    schedule = recipe("schedule.steps=100", "schedule.warmup=10", "schedule.rate=1", "schedule.drops=.5,.75").schedule
    assert rate(schedule, 0) == pytest.approx(0.001)
    assert rate(schedule, 5) == pytest.approx(0.5005)
    assert [rate(schedule, step) for step in (10, 49, 50, 74, 75, 99)] == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01])
    cosine = recipe("schedule.steps=110", "schedule.warmup=10", "schedule.rate=1", "schedule.shape=cosine").schedule
    assert [rate(cosine, step) for step in (10, 60, 110)] == pytest.approx([1, 0.5, 0], abs=1e-12)
    assert rate(recipe("schedule.warmup=0", "schedule.steps=1").schedule, 0) == 0.05


def test_weights_decay_and_biases_do_not():
    made = optimiser(Small().parameters(), recipe("schedule.decay=.3").schedule)
    assert {
        (parameter.ndim > 1, group["weight_decay"]) for group in made.param_groups for parameter in group["params"]
    } == {
        (True, 0.3),
        (False, 0.0),
    }


def test_the_average_is_the_closed_form():
    network = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(network.weight)
    average = Average(network, 0.5)
    expected = 0.0
    for step in range(6):
        nn.init.constant_(network.weight, step + 1.0)
        average.update(network, step)
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * (step + 1)
    with average.within(network):
        assert network.weight.item() == pytest.approx(expected)
    assert network.weight.item() == 6.0


def test_checkpoints_keep_what_learns_whatever_its_layout(tmp_path):
    network = Small().to(memory_format=torch.channels_last)
    learner = optimiser(network.parameters(), recipe().schedule)
    sum(parameter.sum() for parameter in network.parameters()).backward()
    learner.step()
    checkpoints.write(tmp_path, 3, Learning(network, learner, None), {"window": {}})
    other = Small()
    about, refused = checkpoints.load(tmp_path, Learning(other, optimiser(other.parameters(), recipe().schedule), None))
    assert (about["step"], refused) == (3, [])
    for mine, its in zip(network.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(mine, its, rtol=0, atol=0)


def test_devices_that_are_not_there_are_told():
    with pytest.raises(ValueError, match="no device 'gpu'"):
        chosen_device("gpu")
    with pytest.raises(ValueError, match=r"no device cuda:\d+: torch sees"):
        chosen_device("cuda:99")
