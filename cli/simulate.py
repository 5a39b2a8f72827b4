"""`densemark simulate`: annotators that are programs, at a server, with errors of known size."""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.common import (
    DEFAULT_DATA,
    AsJson,
    DataDir,
    console,
    counted,
    open_state,
    print_json,
    print_table,
    progress_bar,
    stop,
)

if TYPE_CHECKING:
    from annotation.simulated import Model
    from surface.body import Body

PASSWORD = "DENSEMARK_PASSWORD"  # noqa: S105 - where it is read from


def simulate(
    url: Annotated[str, typer.Option(help="The server, http://host:port.")],
    user: Annotated[
        list[str], typer.Option(help="Accounts, repeatable; one with --annotators 8 stands for NAME-1 to NAME-8.")
    ],
    study: Annotated[str | None, typer.Option(help="Name or id of an open study they take part in.")] = None,
    project: Annotated[str | None, typer.Option(help="Name or id of a project, whose queue they take from.")] = None,
    annotators: Annotated[int | None, typer.Option(min=1, max=1000, help="How many.")] = None,
    pixel_noise: Annotated[
        float, typer.Option(min=0, help="Pixels by which they look beside the point asked for (each direction).")
    ] = 0.0,
    noise_cm: Annotated[
        str, typer.Option(help="Noise on the surface in cm (each direction): one for all, or 1,2,3 for each.")
    ] = "0",
    swaps: Annotated[str, typer.Option(help="Share of left taken for right; one, or one for each.")] = "0",
    turns: Annotated[str, typer.Option(help="Share of front taken for back; one, or one for each.")] = "0",
    flags: Annotated[str, typer.Option(help="Share of points flagged instead; one, or one for each.")] = "0",
    drift: Annotated[
        str, typer.Option(help="Growth of the noise with every 100 points, as a share; one, or one for each.")
    ] = "0",
    boundary: Annotated[str, typer.Option(help="Pixels by which borders of drawn masks are off.")] = "0",
    bad_part: Annotated[
        list[str] | None, typer.Option(help='Other noise on a part, in cm: "Upper Leg Left=8"; repeatable.')
    ] = None,
    persons: Annotated[int | None, typer.Option(min=1, help="Most persons for each; all if not given.")] = None,
    renders: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="Where the truth is, if not in --data.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed makes the same errors.")] = 0,
    data: DataDir = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Let programs annotate rendered persons over HTTP. Their truth is read from --data or --renders: no account gets
    it from the server.

    Add their accounts with `densemark user add NAME --simulated`, so that reports say what they are. The password, one
    for all, is asked for, or read from DENSEMARK_PASSWORD or standard input.
    """
    from cli.annotators import Annotator, from_data, from_folder
    from cli.api import Api

    if (study is None) == (project is None):
        stop("give either --study or --project")
    names = _names(user, annotators)
    password = _password()
    settings = {
        "noise": (noise_cm, 0.01), "swaps": (swaps, 1), "turns": (turns, 1), "flags": (flags, 1), "drift": (drift, 1),
        "boundary": (boundary, 1),
    }  # fmt: skip
    each = {key: [unit * v for v in _each(text, len(names), key)] for key, (text, unit) in settings.items()}
    begin = perf_counter()
    with ExitStack() as stack:
        truth = from_folder(renders) if renders else from_data(stack.enter_context(open_state(data)))
        bodies = lru_cache(maxsize=4)(lambda wanted: _body(wanted, data))
        workers = []
        for k, name in enumerate(names):
            api = stack.enter_context(Api(url, name, password))
            path, total, body = _work(api, study, project)
            model = _model({key: values[k] for key, values in each.items()}, bad_part or [], bodies(body))
            annotator = Annotator(api, model, bodies, truth, pixel_noise, seed * 1000 + k)
            workers.append((annotator, path, min(total, persons or total)))
        figures = _run(names, workers, persons)
    seconds = perf_counter() - begin
    if as_json:
        print_json({"seconds": round(seconds, 1), "annotators": figures})
        return
    print_table(("annotator", "persons", "points"), [(f["annotator"], f["persons"], f["points"]) for f in figures])
    points = sum(f["points"] for f in figures)
    console.print(f"{counted(points, 'point')} in {seconds:.1f} s ({points / seconds:.0f} a second)")


def _run(names: list[str], workers: list[tuple[Any, str, int]], most: int | None) -> list[dict[str, Any]]:
    """All annotators at once, each in a thread; the first failure ends all and is raised."""
    stopped = threading.Event()
    figures: list[dict[str, Any]] = [{"annotator": name, "persons": 0, "points": 0} for name in names]
    with progress_bar() as bar, ThreadPoolExecutor(min(len(names), 16)) as pool:
        task = bar.add_task("annotating", total=sum(total for *_, total in workers) or None)

        def run(k: int) -> None:
            annotator, path, _ = workers[k]
            for points in annotator.work(path, most):
                figures[k]["persons"] += 1
                figures[k]["points"] += points
                bar.advance(task)
                if stopped.is_set():
                    return

        futures = [pool.submit(run, k) for k in range(len(workers))]
        try:
            ended, _ = wait(futures, return_when=FIRST_EXCEPTION)
            for future in ended:
                future.result()
        finally:  # the others stop after the person they are at
            stopped.set()
            pool.shutdown(cancel_futures=True)
    return figures


def _names(user: list[str], annotators: int | None) -> list[str]:
    if len(user) == 1 and annotators is not None and annotators > 1:
        return [f"{user[0]}-{k}" for k in range(1, annotators + 1)]
    if annotators not in (None, len(user)):
        stop(f"--annotators {annotators}, but {counted(len(user), 'account')}")
    return user


def _each(text: str, count: int, name: str) -> list[float]:
    """ "2" for all, or "1,2,3" one for each."""
    try:
        values = [float(word) for word in text.split(",")]
    except ValueError:
        stop(f"{name}: {text!r} is no list of numbers")
    if len(values) == 1:
        return values * count
    if len(values) != count:
        stop(f"{name}: {len(values)} numbers for {counted(count, 'annotator')}")
    return values


def _model(values: dict[str, float], bad_parts: list[str], body: Body) -> Model:
    from annotation.simulated import Model

    labels = {name.casefold(): label for label, name in enumerate(body.part_names, start=1)}
    bad = {}
    for text in bad_parts:
        name, _, size = text.rpartition("=")
        try:
            bad[labels[name.strip().casefold()]] = 0.01 * float(size)
        except KeyError:
            stop(f"--bad-part: no part {name!r}; there are: {', '.join(body.part_names)}")
        except ValueError:
            stop(f'--bad-part {text!r} is not like "{body.part_names[0]}=8"')
    return Model(bad=bad, **values)


def _work(api: Any, study: str | None, project: str | None) -> tuple[str, int, str]:
    """Where an account gets its tasks, how many there are, and the hash of the body."""
    if study is not None:
        mine = [s for s in api.items("/api/studies") if study in (s["name"], s["id"])]
        if not mine:
            raise ValueError(f"{api.me['username']} takes part in no open study {study!r}")
        if len(mine) > 1:
            raise ValueError(f"{len(mine)} open studies are called {study!r}; name one by its id")
        found = mine[0]
        body = api.get(f"/api/projects/{found['project_id']}")["body"]["hash"]
        total = found["total"] + found["practice_left"] - found["done"]
        return f"/api/studies/{found['id']}/next", total, body
    found = [p for p in api.items("/api/projects") if project in (p["name"], p["id"])]
    if len(found) != 1:
        raise ValueError(f"{api.me['username']} sees {len(found)} projects {project!r}")
    return f"/api/projects/{found[0]['id']}/tasks/next", 0, found[0]["body"]["hash"]


def _body(wanted: str, data: Path) -> Body:
    from server.bodies.registry import Bodies

    return Bodies(data / "bodies").by_hash(wanted).body


def _password() -> str:
    if known := os.environ.get(PASSWORD):
        return known
    if sys.stdin.isatty():
        return str(typer.prompt("Password of the accounts", hide_input=True))
    return sys.stdin.readline().rstrip("\r\n")
