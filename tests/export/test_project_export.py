"""A project's export holds what was submitted, and the same photo falls on the same side of a split forever."""

import hashlib
import io
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import numpy as np
import pytest

from annotation.masks import to_coco_rle
from annotation.words import MarkFlag, MarkKind, PersonSource, PersonState, Role
from annotation_db import Database, LocalBlobs, migrate
from annotation_db.models import Image, Mark, MarkRevision, MaskRevision, Person, Point, Project, User
from annotation_db.repositories import images, marks, masks, persons, projects
from export.check import check
from export.project import export_project
from export.reference import image_positions, read_masks, read_person
from export.splits import parse_split, side_of
from export.wanted import stable_id

BODY = "b" * 64
START = datetime(2026, 1, 1, tzinfo=UTC)


class Fixture:
    """A project in a real SQLite database, filled through the repositories."""

    def __init__(self, folder):
        url = f"sqlite:///{folder / 'd.db'}"
        migrate(url)
        self.database = Database(url)
        self.blobs = LocalBlobs(folder / "blobs")
        self.clock = START
        self.users = [User(username=n, login=n, name=n, role=Role.annotator, password_hash="-") for n in ("ann", "bob")]
        self.project = Project(name="Project", body_name="anny", body_hash=BODY)
        with self.database.write() as session:
            session.add_all(self.users)
            projects.add(session, self.project)

    def image(self, name):
        content = name.encode()
        key = self.blobs.put(io.BytesIO(content))
        image = Image(
            project_id=self.project.id, file_name=name, sha256=hashlib.sha256(content).hexdigest(), blob=key,
            media_type="image/jpeg", width=100, height=80,
        )  # fmt: skip
        with self.database.write() as session:
            images.add(session, image)
        return image

    def person(self, image, state=PersonState.done, box=(10.0, 10.0, 40.0, 40.0), **values):
        person = Person(
            project_id=self.project.id, image_id=image.id, x=box[0], y=box[1], w=box[2], h=box[3],
            area=box[2] * box[3], source=PersonSource.drawn, state=state, **values,
        )  # fmt: skip
        with self.database.write() as session:
            persons.add(session, person, uuid4())
        return person

    def mask(self, person, label_map):
        rles = to_coco_rle(label_map, (int(person.x), int(person.y)), 100, 80)
        with self.database.write() as session:
            mask = masks.of_person(session, person.id)
            row = MaskRevision(
                mask_id=mask.id, revision=mask.revision + 1, write_id=uuid4(), width=100, height=80,
                counts={str(part): rle["counts"] for part, rle in rles.items()}, parts=len(rles),
                area=int((label_map > 0).sum()), user_id=self.users[0].id, seconds=1.0,
            )  # fmt: skip
            masks.append(session, mask, row)

    def point(self, person, x, y, order):
        point = Point(person_id=person.id, part=1, x=x, y=y, order=order, mask_revision=1)
        with self.database.write() as session:
            marks.add_points(session, [point])
        return point

    def mark(self, point, user, kind=MarkKind.surface, i=1, u=0.5, v=0.5, body=BODY):
        self.clock += timedelta(seconds=1)
        with self.database.write() as session:
            mark = marks.of_point(session, point.id, self.users[user].id) or Mark(
                point_id=point.id, annotator_id=self.users[user].id, revision=0
            )
            session.add(mark)
            session.flush()
            row = MarkRevision(
                mark_id=mark.id, revision=mark.revision + 1, write_id=uuid4(), kind=kind,
                flag=MarkFlag.occluded if kind == MarkKind.flag else None, view=0, x=0.5, y=0.5, face=3, bary_0=1.0,
                bary_1=0.0, bary_2=0.0, i=i, u=u, v=v, body_hash=body, annotator_id=self.users[user].id, seconds=2.0,
                created_at=self.clock,
            )  # fmt: skip
            marks.append(session, mark, row)

    def export(self, folder, **options):
        with self.database.read() as session:
            return export_project(session, self.project.id, folder, **options)


@pytest.fixture
def made(tmp_path):
    fixture = Fixture(tmp_path)
    yield fixture
    fixture.database.close()


def torso_over_head():
    label_map = np.full((40, 40), 1, np.uint8)
    label_map[:10] = 14
    return label_map


def annotations(path):
    return {entry["id"]: entry for entry in json.loads(path.read_text())["annotations"]}


def test_submitted_persons_carry_their_mask_and_points_others_stand_beside(made, tmp_path):
    image = made.image("a.jpg")
    done, begun = made.person(image), made.person(image, PersonState.points, box=(50.0, 10.0, 40.0, 40.0))
    for person in (done, begun):
        made.mask(person, torso_over_head())
        made.mark(made.point(person, person.x + 20.5, 35.5, 0), 0, i=2, u=0.25, v=0.75)
    result = made.export(tmp_path / "out")
    assert result.files == [tmp_path / "out" / "densepose-coco.json"]
    assert result.counts == {"images": 1, "persons": 2, "annotated": 1, "points": 1}
    assert check(result.files[0]).problems == []
    entries = annotations(result.files[0])
    read = read_person(entries[stable_id(done.id)])
    assert np.abs(image_positions(read) - [[30.5, 35.5]]).max() < 1e-9
    assert [read.i.tolist(), read.u.tolist(), read.v.tolist()] == [[2.0], [0.25], [0.75]]
    assert np.array_equal(read_masks(entries[stable_id(done.id)]["dp_masks"])[:64], np.full((64, 256), 14))
    assert not any(key.startswith("dp_") for key in entries[stable_id(begun.id)])
    info = json.loads(result.files[0].read_text())["info"]
    assert info["densemark"] == {"project": str(made.project.id), "body": "anny", "body_hash": BODY}


def test_flagged_cleared_unmarked_and_foreign_points_are_left_out_and_the_latest_mark_counts(made, tmp_path):
    person = made.person(made.image("a.jpg"))
    made.mask(person, torso_over_head())
    points = [made.point(person, 20.5 + n, 35.5, n) for n in range(7)]
    made.mark(points[0], 0, u=0.1)
    made.mark(points[0], 1, u=0.2)  # bob is later
    made.mark(points[1], 1, u=0.3)
    made.mark(points[1], 0, u=0.4)  # ann is later
    made.mark(points[2], 0, kind=MarkKind.flag)
    made.mark(points[3], 0, kind=MarkKind.cleared)
    made.mark(points[4], 0, body="c" * 64)
    made.mark(points[5], 0, u=0.6)
    made.mark(points[5], 1, kind=MarkKind.cleared)  # bob takes back his own, not ann's
    result = made.export(tmp_path / "out")
    (entry,) = annotations(result.files[0]).values()
    assert entry["dp_U"] == [0.2, 0.4, 0.6]
    assert result.left_out == {"flagged": 1, "unmarked": 2, "marked on another body": 1}


def test_points_outside_a_box_that_was_moved_later_are_left_out(made, tmp_path):
    person = made.person(made.image("a.jpg"))
    made.mask(person, torso_over_head())
    made.mark(made.point(person, 20.5, 35.5, 0), 0)
    made.mark(made.point(person, 55.5, 35.5, 1), 0)
    result = made.export(tmp_path / "out")
    assert result.left_out == {"outside the box": 1}
    assert check(result.files[0]).ok


def test_a_submitted_person_without_marks_or_mask_is_not_annotated(made, tmp_path):
    image = made.image("a.jpg")
    unmarked, unmasked = made.person(image), made.person(image)
    made.mask(unmarked, torso_over_head())
    made.point(unmarked, 20.5, 35.5, 0)
    made.mark(made.point(unmasked, 20.5, 35.5, 0), 0)
    result = made.export(tmp_path / "out")
    assert result.counts["annotated"] == 0
    assert result.left_out == {"unmarked": 1}
    assert check(result.files[0]).problems == []


def test_coco_values_come_back_as_they_came(made, tmp_path):
    keypoints = [12.0, 13.0, 2.0] * 17
    person = made.person(
        made.image("a.jpg"), PersonState.new, segmentation=[[10, 10, 30, 10, 30, 30]], keypoints=keypoints
    )
    entry = annotations(made.export(tmp_path / "out").files[0])[stable_id(person.id)]
    assert entry["segmentation"] == [[10.0, 10.0, 30.0, 10.0, 30.0, 30.0]]
    assert entry["keypoints"] == keypoints
    assert entry["bbox"] == [10.0, 10.0, 40.0, 40.0]


def test_exports_are_byte_identical_and_a_split_parts_images_without_overlap(made, tmp_path):
    for number in range(40):
        made.person(made.image(f"{number}.jpg"), PersonState.new)
    whole = [made.export(tmp_path / name).files[0].read_bytes() for name in ("x", "y")]
    assert whole[0] == whole[1]
    result = made.export(tmp_path / "s", split="train=.8,val=.2")
    assert [path.name for path in result.files] == ["densepose-coco-train.json", "densepose-coco-val.json"]
    assert result.counts["images"] == result.counts["persons"] == 40
    sides = [json.loads(path.read_text()) for path in result.files]
    names = [{image["file_name"] for image in side["images"]} for side in sides]
    assert names[0] | names[1] == {f"{n}.jpg" for n in range(40)}
    assert names[0] & names[1] == set()
    assert 24 <= len(names[0]) <= 38
    assert all(check(path).ok for path in result.files)


def test_images_are_copied_beside_the_file(made, tmp_path):
    made.image("a.jpg")
    made.image("folder/b.jpg")
    made.export(tmp_path / "out", blobs=made.blobs)
    assert (tmp_path / "out/images/a.jpg").read_bytes() == b"a.jpg"
    assert (tmp_path / "out/images/folder/b.jpg").read_bytes() == b"folder/b.jpg"
    assert not (tmp_path / "out/images/a.jpg").is_symlink()


def test_what_cannot_be_exported_is_refused(made, tmp_path):
    with pytest.raises(ValueError, match="format 'voc' is not one of: densepose-coco"):
        made.export(tmp_path, format="voc")
    with made.database.read() as session, pytest.raises(ValueError, match="there is no project"):
        export_project(session, uuid4(), tmp_path)
    made.image("../evil.jpg")
    with pytest.raises(ValueError, match=r"'\.\./evil\.jpg' would leave images/"):
        made.export(tmp_path / "out", blobs=made.blobs)
    assert not (tmp_path / "out").exists()


def test_an_export_that_fails_half_way_leaves_what_was_there(made, tmp_path):
    first, second = made.image("a.jpg"), made.image("b.jpg")
    made.person(first, PersonState.new)
    out = tmp_path / "out"
    made.export(out, blobs=made.blobs)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert {path.name for path in before} == {"densepose-coco.json", "a.jpg", "b.jpg"}
    made.person(second, PersonState.new)
    made.image("c.jpg")
    made.blobs.delete(second.blob)
    with pytest.raises(FileNotFoundError):
        made.export(out, blobs=made.blobs)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    assert {path.name for path in out.iterdir()} == {"densepose-coco.json", "images"}
    with pytest.raises(FileNotFoundError):
        made.export(tmp_path / "new" / "folder", blobs=made.blobs)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "text", ["a=.8", "a=.8,a=.2", "a=x,b=.5", "a=1.5,b=-.5", "=1", "a/b=1", "a=nan", "", "a=.8,b=.3"]
)
def test_bad_splits_are_refused(text):
    with pytest.raises(ValueError, match="split"):
        parse_split(text)


def test_sides_follow_the_shares_and_the_photo_alone():
    split = parse_split("a=.7, b=.2, c=.1")
    keys = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(4000)]
    sides = [side_of(key, split) for key in keys]
    assert [round(sides.count(name) / len(sides), 1) for name in "abc"] == [0.7, 0.2, 0.1]
    assert side_of("f" * 64, split) == "c"
    assert side_of("0" * 64, split) == "a"


def test_ids_are_stable_positive_and_exact_in_a_double():
    ids = [stable_id(UUID(int=n)) for n in range(2000)]
    assert len(set(ids)) == 2000
    assert min(ids) >= 1
    assert all(int(float(key)) == key for key in ids)
    assert stable_id(UUID(int=5)) == int(hashlib.sha256(UUID(int=5).bytes).hexdigest()[:12], 16)
