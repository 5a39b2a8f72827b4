"""`densemark demo`: a project to click through; or, with --check, the whole path driven by script."""

from __future__ import annotations

import threading
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from importlib.util import find_spec
from io import StringIO
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID, uuid5

import typer

from annotation.words import PersonSource, Role
from cli.common import (
    DEFAULT_DATA,
    DataDir,
    console,
    find_project,
    free_port,
    open_state,
    port_problem,
    progress_bar,
    settings_for,
    stop,
)
from cli.serve import DEFAULT_PORT, Host

if TYPE_CHECKING:
    from server.state import State
    from surface.body import Body

PROJECT = "Demo"
DESCRIPTION = (
    "A real photo and four rendered persons to try everything on. Paint the body parts you see, then say for each point"
    " where on the body it lies."
)
PASSWORD = "densemark-demo"  # noqa: S105 - published: see `demo` and `accounts_with_demo_password`
ACCOUNTS = (
    ("lead", "Lena Lead", Role.lead),
    ("annotator", "Anna Annotator", Role.annotator),
    ("reviewer", "Rui Reviewer", Role.reviewer),
    ("engineer", "Emil Engineer", Role.engineer),
    ("admin", "Ada Admin", Role.admin),
)
RENDERED_PERSONS, RENDERED_SIZE, RENDERED_SEED = 4, 640, 3
PHOTO_NAME = "astronaut.png"
PHOTO_BOX = (18.0, 14.0, 346.0, 498.0)
PHOTO_PARTS: dict[int, list[tuple[float, float]]] = {
    1: [(190, 190), (215, 194), (255, 190), (285, 215), (302, 242), (325, 258), (326, 330), (312, 365), (295, 395),
        (284, 430), (278, 470), (282, 512), (176, 512), (192, 495), (190, 478), (172, 462), (155, 468), (128, 440),
        (112, 400), (106, 330), (104, 270), (110, 228), (120, 205), (150, 190)],
    2: [(104, 512), (112, 502), (150, 487), (160, 494), (172, 506), (172, 512)],
    13: [(22, 414), (35, 432), (90, 424), (110, 402), (126, 440), (154, 470), (158, 486), (150, 487), (112, 502),
         (104, 512), (30, 512), (22, 460)],
    11: [(104, 233), (70, 255), (46, 290), (36, 340), (26, 385), (21, 412), (35, 430), (90, 422), (110, 400),
         (104, 330), (102, 270)],
    10: [(326, 260), (345, 268), (357, 300), (362, 348), (340, 351), (318, 366), (326, 330)],
    14: [(155, 90), (158, 60), (185, 28), (222, 16), (262, 22), (290, 42), (301, 78), (296, 105), (276, 130),
         (268, 152), (252, 180), (240, 190), (212, 190), (190, 180), (184, 152), (178, 120), (162, 112)],
}  # fmt: skip
"""The parts visible on the photo, by hand: polygons in image coordinates by coarse part (left and right hers)."""


def demo(
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port; 8000 or the next free one.")] = None,
    host: Host = "127.0.0.1",
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open a browser.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Drive one person from photo to dataset, then exit.")] = False,
    data: DataDir = DEFAULT_DATA,
) -> None:
    """Serve a demo project: a real photo and rendered persons, with an account for each role."""
    if not is_loopback(host) or settings_for(data).database_url:
        stop("the demo's passwords are published: it runs on this machine only, on a database file of its own")
    chosen = port or free_port(host, first=DEFAULT_PORT)
    if problem := port_problem(host, chosen):
        stop(problem)
    with open_state(data, create=True) as state:
        coming = seed(state)
    if check:
        with serving(data, host, chosen) as url:
            run_check(url, data)
        return
    url = f"http://{host}:{chosen}"
    console.print(f"\n  [bold]DenseMark demo[/bold]  {url}\n", markup=True)
    for username, _, role in ACCOUNTS:
        console.print(
            f"    {role:10} sign in as [bold]{username:10}[/bold] password [bold]{PASSWORD}[/bold]", markup=True
        )
    if coming:
        console.print(
            f"\n  {RENDERED_PERSONS} rendered persons are being made and appear in the project within a minute or two."
        )
    console.print(f"\n  Data in {data.absolute()}. Ctrl+C stops it.\n")
    if not no_browser:
        threading.Timer(1.0, webbrowser.open, [url]).start()
    import server

    server.run(settings_for(data), host=host, port=chosen)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server on `host`."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def accounts_with_demo_password(state: State) -> list[str]:
    """Demo accounts in this data folder that anybody who knows DenseMark can sign in to."""
    from annotation_db.repositories import users
    from server.session.service import PASSWORDS

    with state.database.read() as session:
        found = [user for username, _, _ in ACCOUNTS if (user := users.by_login(session, username)) and user.active]
        return [user.username for user in found if PASSWORDS.verify(PASSWORD, user.password_hash)]


def photo_path() -> Path:
    """The public-domain photo that scikit-image ships; found without importing it."""
    spec = find_spec("skimage")
    if spec is None or spec.origin is None:
        stop("scikit-image is not installed, and the demo's photo comes with it")
    return Path(spec.origin).parent / "data" / PHOTO_NAME


def seed(state: State) -> bool:
    """Makes accounts, project and photo that are not there yet; returns whether rendered persons are still to come."""
    from annotation_db.repositories import users
    from server.projects.service import add_member
    from server.users.service import create_user

    with state.database.write() as session:
        for username, name, role in ACCOUNTS:
            if users.by_login(session, username) is None:
                console.print(f"adding the account {username}")
                create_user(session, username, name, PASSWORD, role)
    project_id, _ = find_project(state, PROJECT, create=True, description=DESCRIPTION)
    with state.database.write() as session:
        for username, _, _ in ACCOUNTS:
            user = users.by_login(session, username)
            if user is not None:
                add_member(session, project_id, user.id)
    add_photo(state, project_id)
    return add_renders(state, project_id)


def add_photo(state: State, project_id: UUID) -> None:
    """The photo and the box of the person on it."""
    from annotation_db.repositories import images, persons
    from server.images.service import import_paths
    from server.persons.service import clip_box, new_person

    result = import_paths(state, project_id, None, [photo_path()])
    stored = result.stored or result.duplicates
    if not stored:
        stop(f"the demo's photo was refused: {result.refused[0].reason}")
    image_id = stored[0].image.id
    person_id = uuid5(image_id, "the person on the demo's photo")
    with state.database.write() as session:
        image = images.by_id(session, image_id, lock=True)
        if image is not None and persons.by_id(session, person_id) is None:
            person = new_person(image, clip_box(PHOTO_BOX, image.width, image.height), PersonSource.drawn, None)
            person.id = person_id
            persons.add(session, person, person_id)


def add_renders(state: State, project_id: UUID) -> bool:
    """Has rendered persons, whose true surface points are known, made by the worker beside the server, once.

    A first start compiles the renderer, which takes a minute that nobody should wait for. Returns whether they are
    still to come.
    """
    from annotation_db.models import JobState
    from annotation_db.repositories import images, users
    from server.jobs import service as jobs
    from server.renders.schemas import RenderRequest

    subject = uuid5(project_id, "the demo's rendered persons")
    request = RenderRequest(count=RENDERED_PERSONS, size=RENDERED_SIZE, seed=RENDERED_SEED, occluders=0)
    with state.database.write() as session:
        if images.name_taken(session, project_id, "rendered-1.png"):  # a demo of before there were jobs
            return False
        before = jobs.latest(session, "render", subject)
        if before is None or before.state == JobState.failed:
            lead = users.by_login(session, "lead")
            before = jobs.start(
                session,
                "render",
                {**request.model_dump(mode="json"), "project": str(project_id)},
                title=f"Render {RENDERED_PERSONS} persons",
                project_id=project_id,
                subject_id=subject,
                user_id=lead.id if lead else None,
            )
        return before.state in (JobState.queued, JobState.running)


@contextmanager
def serving(data: Path, host: str, port: int) -> Iterator[str]:
    """The server in a thread of this process; yields its URL once it answers."""
    import uvicorn

    from server.app import create_app

    app = create_app(settings_for(data))
    listener = uvicorn.Server(uvicorn.Config(app, host=host, port=port, log_level="warning", access_log=False))
    thread = threading.Thread(target=listener.run, daemon=True)
    thread.start()
    while not listener.started:
        if not thread.is_alive():
            stop(f"the server did not start on {host}:{port}")
        thread.join(0.02)
    try:
        yield f"http://{host}:{port}"
    finally:
        listener.should_exit = True
        thread.join()


def run_check(url: str, data: Path) -> None:
    """From photo to dataset over HTTP; ends with a line of figures, or with an error."""
    from pycocotools.coco import COCO

    from cli.api import Api
    from cli.scripted import annotate, paint, relative_clicks
    from export.check import check
    from server.bodies.registry import Bodies

    with Api(url, "annotator", PASSWORD) as api, progress_bar() as bar:
        project = next(p for p in api.items("/api/projects") if p["name"] == PROJECT)
        body = Bodies(data / "bodies").by_hash(project["body"]["hash"]).body
        image = next(i for i in api.items(f"/api/projects/{project['id']}/images") if i["file_name"] == PHOTO_NAME)
        person = api.get(f"/api/images/{image['id']}")["persons"][0]
        task = bar.add_task("marking points", total=None)
        work = annotate(
            api,
            person["id"],
            lambda region: paint(PHOTO_PARTS, region),
            lambda points: relative_clicks(body, points),
            lambda done, total: bar.update(task, completed=done, total=total),
        )
    out = data / "exports" / "demo-check.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    with Api(url, "engineer", PASSWORD) as api:
        out.write_bytes(api.download(f"/api/projects/{project['id']}/export", format="densepose-coco"))
    report = check(out)
    if report.problems:
        stop(f"{out}: {report.problems[0]}")
    with redirect_stdout(StringIO()):
        coco = COCO(str(out))
        annotated = [entry for entry in coco.loadAnns(coco.getAnnIds()) if "dp_x" in entry]
    entry = max(annotated, key=lambda entry: len(entry["dp_x"]))
    problems = problems_of(work, entry, body)
    if problems:
        stop("; ".join(problems))
    console.print(
        f"masks of {len(work['parts'])} parts (all {len(PHOTO_PARTS)} visible on the photo),"
        f" {len(work['points'])} points marked by script, {len(entry['dp_x'])} points in the dataset"
    )
    console.print(f"wrote {out}; pycocotools and `densemark check` read it without a complaint")


def problems_of(work: dict[str, Any], entry: dict[str, Any], body: Body) -> list[str]:
    """What is wrong with the exported person: parts, points, charts."""
    problems = []
    painted = {part for part, mask in enumerate(entry["dp_masks"], start=1) if mask}
    if painted != set(PHOTO_PARTS):
        problems.append(f"the masks of the dataset hold parts {sorted(painted)}, drawn were {sorted(PHOTO_PARTS)}")
    if len(entry["dp_x"]) != len(work["points"]) or len(entry["dp_x"]) < 40:
        problems.append(f"{len(work['points'])} points were marked, {len(entry['dp_x'])} are in the dataset")
    asked = {point["id"]: int(point["part"]) for point in work["points"]}
    strays = [m for m in work["marks"] if int(body.chart_part[m["i"] - 1]) != asked[m["point_id"]]]
    if strays:
        problems.append(f"{len(strays)} marks are on charts of another part than their point's")
    wrong = set(map(int, entry["dp_I"])) - {
        chart for chart in range(1, len(body.chart_part) + 1) if int(body.chart_part[chart - 1]) in PHOTO_PARTS
    }
    if wrong:
        problems.append(f"the dataset holds charts {sorted(wrong)} of parts that are not on the photo")
    return problems
