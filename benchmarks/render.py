"""Rendered persons with their files: images a second, where the time goes, and other renderers on the same mesh.

The peers draw the undressed mesh in vertex colours, without truth: VTK with its z-buffer and one light, Mitsuba with
shadows from a light and a sky, 4 rays a pixel. Neither makes the clothes, the place and the truth that are timed here.
Both are optional: ``pip install vtk mitsuba``.
"""

from __future__ import annotations

import cProfile
import pstats
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

import surface
from surface.body import Body, vertex_normals
from surface.raster import rasterize
from synthesis import dataset
from synthesis.pool import make_all
from synthesis.render import Options, Person, Render, render

SIZE = 512
ALONE = 24  # images by one process
TOGETHER = 120  # by two
SKIPPED = 24  # of these, while the processes begin
_MISSING = "not installed"

Floats = NDArray[np.float64]


def measure() -> dict[str, Any]:
    """Figures by name; one person in each image."""
    body = surface.load("anny")
    return {**two_processes(body), **one_process(body), **peers(body)}


def two_processes(body: Body) -> dict[str, float]:
    """Images a second of two processes with one thread each, files written, once both have begun."""
    recipe = dataset.Recipe(1, Options(size=SIZE))
    with TemporaryDirectory() as name:
        folder = Path(name) / "renders"
        dataset.begin(body, folder, recipe)
        times = [perf_counter() for _ in make_all(body, folder, range(1, TOGETHER + 1), recipe, 2)]
        files = {kind: list((folder / kind).iterdir()) for kind in ("images", "truth")}
        size = {kind: sum(file.stat().st_size for file in found) / TOGETHER / 1000 for kind, found in files.items()}
    return {
        "images a second, 2 processes": (TOGETHER - SKIPPED) / (times[-1] - times[SKIPPED - 1]),
        "picture, kB": size["images"],
        "truth, kB": size["truth"],
    }


def one_process(body: Body) -> dict[str, float]:
    """Milliseconds of an image in one process, and the share of each stage."""
    recipe = dataset.Recipe(1, Options(size=SIZE))
    render(body, 0, recipe.options)  # compiles
    drawing: list[float] = []
    saving: list[float] = []
    profile = cProfile.Profile()
    with TemporaryDirectory() as name:
        folder = Path(name) / "renders"
        dataset.begin(body, folder, recipe)
        for number in range(1, ALONE + 1):
            begin = perf_counter()
            made = render(body, dataset.image_seed(1, number), recipe.options)
            drawn = perf_counter()
            dataset.save(folder, number, made)
            drawing.append(drawn - begin)
            saving.append(perf_counter() - drawn)
        profile.enable()
        for number in range(1, ALONE + 1):
            dataset.save(folder, number, render(body, dataset.image_seed(1, number), recipe.options))
        profile.disable()
    whole = float(np.mean(drawing) + np.mean(saving))
    return {
        "images a second, 1 process": 1 / whole,
        "one image, ms": 1000 * whole,
        "of it drawing, ms": 1000 * float(np.mean(drawing)),
        "of it files, ms": 1000 * float(np.mean(saving)),
        **stages(profile),
    }


def stages(profile: cProfile.Profile, least: float = 0.02) -> dict[str, float]:
    """The share of every function that ``render`` and ``save`` call, in percent of both, if it is not small."""
    stats: Any = pstats.Stats(profile)  # its tables are in no type stub
    stats.calc_callees()
    tops = {key: key[2] for key in stats.stats if key[2] in ("render", "save") and "synthesis" in key[0]}
    whole = sum(stats.stats[key][3] for key in tops)
    shares: dict[str, float] = {}
    todo = [(callee, times) for key in tops for callee, times in stats.all_callees[key].items()]
    while todo:
        callee, times = todo.pop()
        if callee[2] in ("<listcomp>", "<genexpr>"):
            todo += stats.all_callees[callee].items()
        else:
            shares[callee[2]] = shares.get(callee[2], 0.0) + times[3] / whole
    listed = sorted(shares.items(), key=lambda item: -item[1])
    return {f"share of {name.strip('_<>')}, %": 100 * share for name, share in listed if share >= least}


def peers(body: Body) -> dict[str, float | str]:
    """Milliseconds of one colour image of the same posed mesh by the same camera."""
    made = render(body, 7, Options(size=SIZE, occluders=0, cut=0))
    own = made.person

    def zbuffer() -> Any:
        xy, depth = made.camera.project(own.vertices)
        return rasterize(xy, depth, body.faces, SIZE, SIZE, perspective=True)[0] >= 0

    figures: dict[str, float | str] = {"bare z-buffer, ms": timed(zbuffer)[0]}
    silhouette = zbuffer()
    for name, begin in (("VTK", _vtk), ("Mitsuba, 4 rays a pixel", _mitsuba)):
        try:
            draw = begin(body, made, own)
        except ImportError:
            figures[f"{name}, ms"] = _MISSING
            continue
        figures[f"{name}, ms"], picture = timed(draw)
        there = np.abs(picture.astype(int) - picture[0, 0].astype(int)).max(axis=2) > 8
        overlap = float((there & silhouette).sum() / (there | silhouette).sum())
        figures[f"{name}: overlap of the silhouettes"] = overlap
    return figures


def timed(draw: Callable[[], Any], repeats: int = 9) -> tuple[float, Any]:
    """Median milliseconds of a call that was made once before, and what it gives."""
    out = draw()
    times = []
    for _ in range(repeats):
        begin = perf_counter()
        out = draw()
        times.append(perf_counter() - begin)
    return 1000 * median(times), out


def _colours(body: Body, vertices: Floats) -> NDArray[np.uint8]:
    return (40 + 150 * np.abs(vertex_normals(vertices, body.faces))).astype(np.uint8)


def _vtk(body: Body, made: Render, person: Person) -> Callable[[], NDArray[np.uint8]]:
    import vtkmodules.vtkRenderingOpenGL2  # noqa: F401 - the window's kind
    from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
    from vtkmodules.vtkCommonCore import vtkPoints
    from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
    from vtkmodules.vtkRenderingCore import (
        vtkActor,
        vtkPolyDataMapper,
        vtkRenderer,
        vtkRenderWindow,
        vtkWindowToImageFilter,
    )

    cells, points, mesh = vtkCellArray(), vtkPoints(), vtkPolyData()
    offsets = numpy_to_vtk(3 * np.arange(len(body.faces) + 1, dtype=np.int64), deep=True)
    cells.SetData(offsets, numpy_to_vtk(body.faces.astype(np.int64).ravel(), deep=True))
    mesh.SetPoints(points)
    mesh.SetPolys(cells)
    mapper, actor, renderer, window = vtkPolyDataMapper(), vtkActor(), vtkRenderer(), vtkRenderWindow()
    mapper.SetInputData(mesh)
    actor.SetMapper(mapper)
    renderer.AddActor(actor)
    renderer.SetBackground(1, 1, 1)
    window.SetOffScreenRendering(1)
    window.SetSize(SIZE, SIZE)
    window.AddRenderer(renderer)
    camera, lens = made.camera, renderer.GetActiveCamera()
    lens.SetPosition(*camera.position)
    lens.SetFocalPoint(*(camera.position + camera.axes[2]))
    lens.SetViewUp(*(-camera.axes[1]))
    lens.SetViewAngle(float(np.degrees(2 * np.arctan(SIZE / 2 / camera.focal))))
    lens.SetWindowCenter(1 - 2 * camera.centre[0] / SIZE, 2 * camera.centre[1] / SIZE - 1)
    reader = vtkWindowToImageFilter()
    reader.SetInput(window)
    reader.ReadFrontBufferOff()

    def draw() -> NDArray[np.uint8]:
        points.SetData(numpy_to_vtk(person.vertices, deep=True))
        mesh.GetPointData().SetNormals(numpy_to_vtk(vertex_normals(person.vertices, body.faces), deep=True))
        mesh.GetPointData().SetScalars(numpy_to_vtk(_colours(body, person.vertices), deep=True))
        points.Modified()
        renderer.ResetCameraClippingRange()
        window.Render()
        reader.Modified()
        reader.Update()
        pixels = vtk_to_numpy(reader.GetOutput().GetPointData().GetScalars())
        return pixels.reshape(SIZE, SIZE, 3)[::-1]

    return draw


def _mitsuba(body: Body, made: Render, person: Person) -> Callable[[], NDArray[np.uint8]]:
    import drjit
    import mitsuba as mi

    mi.set_variant("scalar_rgb")
    drjit.set_thread_count(1)
    camera = made.camera
    to_world = np.eye(4)  # its camera looks along +z, x to the left, y up
    to_world[:3, :3] = np.stack([-camera.axes[0], -camera.axes[1], camera.axes[2]], axis=1)
    to_world[:3, 3] = camera.position
    sensor = {
        "type": "perspective",
        "fov": float(np.degrees(2 * np.arctan(SIZE / 2 / camera.focal))),
        "principal_point_offset_x": 0.5 - camera.centre[0] / SIZE,
        "principal_point_offset_y": 0.5 - camera.centre[1] / SIZE,
        "to_world": mi.ScalarTransform4f(to_world),
        "film": {"type": "hdrfilm", "width": SIZE, "height": SIZE, "rfilter": {"type": "box"}},
        "sampler": {"type": "independent", "sample_count": 4},
    }

    def draw() -> NDArray[np.uint8]:
        skin = {"type": "diffuse", "reflectance": {"type": "mesh_attribute", "name": "vertex_color"}}
        props = mi.Properties()
        props["mesh_bsdf"] = mi.load_dict(skin)
        mesh = mi.Mesh("person", len(body.vertices), len(body.faces), props=props, has_vertex_normals=True)
        mesh.add_attribute("vertex_color", 3, (_colours(body, person.vertices) / np.float32(255)).ravel())
        parameters = mi.traverse(mesh)
        parameters["vertex_positions"] = person.vertices.astype(np.float32).ravel()
        parameters["faces"] = body.faces.astype(np.uint32).ravel()
        parameters.update()
        sky = {"type": "constant", "radiance": 1.5}
        sun = {"type": "directional", "direction": [-0.3, -1, -0.6]}
        whole = {"type": "scene", "integrator": {"type": "direct"}, "mesh": mesh, "sky": sky, "sun": sun}
        picture = mi.Bitmap(mi.render(mi.load_dict({**whole, "sensor": sensor})))
        return np.asarray(picture.convert(mi.Bitmap.PixelFormat.RGB, mi.Struct.Type.UInt8, True))

    return draw
