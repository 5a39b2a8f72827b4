"""Marks written on another body: moved by the map, labelled, and read by the reference reader as ever."""

import json
from dataclasses import replace

import numpy as np
import pytest

import surface
from export.check import check
from export.on_body import require_charts, require_parts
from export.project import export_project
from export.reference import read_person
from surface.surfacemap import SurfaceMap
from surface.transfer import Transfer
from surface.transfer_figures import corners, figures_of
from tests.export.test_project_export import Fixture, annotations, stable_id, torso_over_head


@pytest.fixture(scope="module")
def mirrored():
    """The default body to a twin of it, every point to its mirror image: a map that shows."""
    body = surface.load()
    twin = replace(body, name="twin")
    way = SurfaceMap(*body.mirror(*corners(body)))
    return Transfer(body, twin, way, way, figures_of(body, twin, way, way, np.zeros(1), ()))


@pytest.fixture
def made(tmp_path, mirrored):
    fixture = Fixture(tmp_path)
    with fixture.database.write() as session:
        project = session.get(type(fixture.project), fixture.project.id)
        project.body_hash = mirrored.source.hash
    fixture.project.body_hash = mirrored.source.hash
    yield fixture
    fixture.database.close()


def test_marks_are_moved_and_the_file_and_every_person_with_points_say_so(made, mirrored, tmp_path):
    image = made.image("a.jpg")
    person, bare = made.person(image), made.person(image)
    made.mask(person, torso_over_head())
    points = [made.point(person, 20.5 + n, 35.5, n) for n in range(3)]
    for point in points:  # the corner of face 3, as the fixture has it
        made.mark(point, 0, body=mirrored.source.hash)
    result = made.export(tmp_path / "out", body=mirrored.source, transfer=mirrored)
    entries = annotations(result.files[0])
    read = read_person(entries[stable_id(person.id)])
    expected = mirrored.target.to_iuv(*mirrored.target.mirror([3], [[1.0, 0.0, 0.0]]))
    for got, want in zip((read.i, read.u, read.v), expected, strict=True):
        assert np.abs(got - want[0]).max() < 1e-9
    made_on = {"body": "anny", "body_hash": mirrored.source.hash}
    assert entries[stable_id(person.id)]["transferred_from"] == made_on
    assert "transferred_from" not in entries[stable_id(bare.id)]
    info = json.loads(result.files[0].read_text())["info"]["densemark"]
    assert (info["body"], info["body_hash"]) == ("twin", mirrored.target.hash)
    figures = info["transferred_from"].pop("figures")
    assert info["transferred_from"] == made_on
    assert figures["cycle"]["mean"] == mirrored.figures.cycle.mean
    assert check(result.files[0]).ok
    plain = made.export(tmp_path / "plain", body=mirrored.source)
    assert "transferred_from" not in plain.files[0].read_text()


def test_points_that_change_part_are_counted(made, mirrored, tmp_path):
    person = made.person(made.image("a.jpg"))
    made.mask(person, torso_over_head())
    made.mark(made.point(person, 20.5, 35.5, 0), 0, body=mirrored.source.hash)
    part = mirrored.source.part([3])[0]
    changes = int(mirrored.source.part_mirror[part] != part)
    assert made.export(tmp_path / "out", transfer=mirrored).other_part == changes
    shifted = replace(mirrored.target, name="third", face_chart=np.roll(mirrored.target.face_chart, 9000))
    moved = Transfer(mirrored.source, shifted, mirrored.forward, mirrored.backward, mirrored.figures)
    image = mirrored.source.mirror([3], [[1.0, 0.0, 0.0]])[0]
    assert made.export(tmp_path / "b", transfer=moved).other_part == int(shifted.part(image)[0] != part) == 1


def test_bodies_without_the_formats_charts_are_refused_in_one_line(made, mirrored, tmp_path):
    body = mirrored.source
    animal = replace(body, part_names=("Trunk", *body.part_names[1:]))
    with pytest.raises(ValueError, match=r"needs the 14 parts .*body 'anny' has 14: Trunk, Right Hand"):
        require_parts(animal)
    swapped = body.chart_part.copy()
    swapped[[0, 2]] = swapped[[2, 0]]
    with pytest.raises(ValueError, match="needs the 24 charts of DensePose in their order; body 'anny' has 24 charts"):
        require_charts(replace(body, chart_part=swapped))
    other = Transfer(body, replace(animal, name="cat"), mirrored.forward, mirrored.backward, mirrored.figures)
    with pytest.raises(ValueError, match="body 'cat' has 14"):
        made.export(tmp_path / "out", transfer=other)
    with pytest.raises(ValueError, match=r"the project is on body 'anny' .*, not "):
        made.export(tmp_path / "out", transfer=mirrored.inverse)
    with made.database.read() as session, pytest.raises(ValueError, match="there is no project"):
        export_project(session, made.users[0].id, tmp_path / "out", transfer=mirrored)
    assert not (tmp_path / "out").exists()
