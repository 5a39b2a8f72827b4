"""BVH motion files; their skeletons are mapped to SMPL's joint names by the usual conventions (CMU, Mixamo, Rokoko)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from surface.builders.smpl_joints import NAMES, PARENTS
from synthesis.pose_files import MOST_FRAMES, Motion, Vector

Floats = NDArray[np.float64]

MOST_BYTES = 500_000_000
_SMPLH = NAMES[52]
_NEEDED = tuple(f"{s}_{j}" for s in ("left", "right") for j in ("hip", "knee", "ankle", "shoulder", "elbow", "wrist"))
_AHEAD = {"hip": "knee", "knee": "ankle", "shoulder": "elbow", "elbow": "wrist", "wrist": "middle1"}
# What a joint is called without its side.
_WORDS = {
    "hip": ("upleg", "upperleg", "thigh", "femur", "hip"),
    "knee": ("leg", "lowleg", "lowerleg", "shin", "calf", "knee", "tibia"),
    "ankle": ("foot", "ankle"),
    "foot": ("toebase", "toe", "toes", "ball"),
    "collar": ("collar", "clavicle", "shoulder"),
    "shoulder": ("arm", "upperarm", "uparm", "shldr", "humerus", "shoulder"),
    "elbow": ("forearm", "lowerarm", "lowarm", "elbow", "radius"),
    "wrist": ("hand", "wrist"),
}


@dataclass(frozen=True, eq=False)
class Skeleton:
    """Joints of a BVH file in its order: names, parents (-1 the root), offsets (J,3), channels of each."""

    names: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: Floats
    channels: tuple[tuple[str, ...], ...]


def read(path: Path) -> Motion:
    """The motion of a file.

    Raises:
        ValueError: what is wrong with it.
    """
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"it is larger than {MOST_BYTES // 1_000_000} MB")
    try:
        text = path.read_text("utf-8", errors="strict")
    except UnicodeDecodeError:
        raise ValueError("is no text, so no BVH file") from None
    head, found, tail = text.partition("MOTION")
    if not found or "HIERARCHY" not in head:
        raise ValueError("has no HIERARCHY and MOTION, so it is no BVH file")
    skeleton = _hierarchy(head)
    frames, rate = _frames(tail, sum(len(own) for own in skeleton.channels))
    return _motion(skeleton, frames, rate)


def _hierarchy(text: str) -> Skeleton:
    tokens = text.split()
    names: list[str] = []
    parents: list[int] = []
    offsets: list[list[float]] = []
    channels: list[tuple[str, ...]] = []
    stack: list[int] = []
    k, at = tokens.index("HIERARCHY") + 1, -1
    try:
        while k < len(tokens):
            word = tokens[k]
            if word in ("ROOT", "JOINT", "End"):
                end = tokens.index("{", k)
                parents.append(stack[-1] if stack else -1)
                names.append("" if word == "End" else " ".join(tokens[k + 1 : end]))
                offsets.append([0.0, 0.0, 0.0])
                channels.append(())
                at = len(names) - 1
                stack.append(at)
                k = end + 1
            elif word == "OFFSET":
                offsets[at] = [float(x) for x in tokens[k + 1 : k + 4]]
                k += 4
            elif word == "CHANNELS":
                count = int(tokens[k + 1])
                if not 0 <= count <= 9:
                    raise ValueError(f"a joint of {count} channels")
                channels[at] = tuple(tokens[k + 2 : k + 2 + count])
                k += 2 + count
            elif word == "}":
                stack.pop()
                k += 1
            else:
                raise ValueError(f"unexpected {word!r} in its HIERARCHY")
    except (IndexError, ValueError) as error:
        raise ValueError(f"its HIERARCHY is damaged ({error})") from None
    if stack or not names or any(len(offset) != 3 for offset in offsets):
        raise ValueError("its HIERARCHY is cut off")
    known = re.compile(r"[XYZ](rotation|position)$", re.IGNORECASE)
    odd = next((c for own in channels for c in own if not known.match(c)), None)
    if odd is not None:
        raise ValueError(f"unknown channel {odd!r}")
    if not np.isfinite(offsets).all():
        raise ValueError("an OFFSET is not finite")
    return Skeleton(tuple(names), tuple(parents), np.array(offsets), tuple(channels))


def _frames(text: str, width: int) -> tuple[Floats, float]:
    match = re.match(r"\s*Frames:\s*(\d+)\s*Frame\s*Time:\s*(\S+)", text)
    if match is None:
        raise ValueError("its MOTION does not say how many frames there are")
    count, numbers = int(match[1]), text[match.end() :].split()
    if not 1 <= count <= MOST_FRAMES:
        raise ValueError(f"it has {count} frames; 1 to {MOST_FRAMES} can be read")
    if len(numbers) != count * width:
        raise ValueError(f"it has {len(numbers)} numbers; {count} frames of {width} channels need {count * width}")
    try:
        seconds, values = float(match[2]), np.array(numbers, dtype=np.float64)
    except ValueError:
        raise ValueError("its MOTION holds something that is no number") from None
    return values.reshape(count, width), 1 / seconds if np.isfinite(seconds) and seconds > 1e-4 else 0.0


def _motion(skeleton: Skeleton, frames: Floats, rate: float) -> Motion:
    bad = ~np.isfinite(frames).all(axis=1)
    if bad.any():
        raise ValueError(f"frame {int(np.argmax(bad))} has a value that is not finite")
    place = _places(skeleton)
    rest = np.zeros((len(skeleton.names), 3))
    world: list[Rotation] = []
    column = 0
    for j, (parent, own) in enumerate(zip(skeleton.parents, skeleton.channels, strict=True)):
        turns = [(c[0].upper(), column + k) for k, c in enumerate(own) if c.lower().endswith("rotation")]
        column += len(own)
        order, columns = "".join(c for c, _ in turns), [k for _, k in turns]
        if len(set(order)) != len(order):
            raise ValueError(f"joint {skeleton.names[j]!r} turns twice about one axis")
        local = (
            Rotation.from_euler(order, frames[:, columns] if len(order) > 1 else frames[:, columns[0]], degrees=True)
            if order
            else Rotation.identity(len(frames))
        )
        world.append(local if parent < 0 else world[parent] * local)
        rest[j] = skeleton.offsets[j] + (0 if parent < 0 else rest[parent])
    axes = _axes(rest, place)
    basis = Rotation.from_matrix(axes)
    turned = {name: basis * world[j] * basis.inv() for name, j in place.items()}
    names = tuple(name for name in _SMPLH if name in turned)
    rotations = np.zeros((len(frames), len(names), 3))
    for k, name in enumerate(names):
        above = _above(name, turned)
        rotations[:, k] = (turned[name] if above is None else turned[above].inv() * turned[name]).as_rotvec()
    return Motion(names, rotations, _rest(rest @ axes.T, place), rate)


def _above(name: str, there: dict[str, Rotation]) -> str | None:
    j = PARENTS[52][_SMPLH.index(name)]
    while j >= 0 and _SMPLH[j] not in there:
        j = PARENTS[52][j]
    return _SMPLH[j] if j >= 0 else None


def _axes(rest: Floats, place: dict[str, int]) -> Floats:
    """Rows left, up, front (3,3) of the file's skeleton; up is the axis along which it stands."""
    top = rest[place["head"]] if "head" in place else rest[place["left_shoulder"]] + rest[place["right_shoulder"]]
    spine = top - rest[[place["left_ankle"], place["right_ankle"]]].mean(axis=0)
    up = np.zeros(3)
    up[np.abs(spine).argmax()] = np.sign(spine[np.abs(spine).argmax()])
    hips = rest[[place["left_hip"], place["right_hip"]]].mean(axis=0)
    legs, trunk = rest[[place["left_ankle"], place["right_ankle"]]].mean(axis=0) - hips, top - hips
    if legs @ trunk > -0.5 * np.linalg.norm(legs) * np.linalg.norm(trunk):
        raise ValueError("its skeleton does not stand where all rotations are zero: trunk and legs do not point apart")
    left = rest[place["left_hip"]] - rest[place["right_hip"]]
    left = left - (left @ up) * up
    if np.linalg.norm(left) < 1e-6 * max(float(np.linalg.norm(spine)), 1e-9) or not up.any():
        raise ValueError("its skeleton has no width or no height")
    left /= np.linalg.norm(left)
    return np.stack([left, up, np.cross(left, up)])


def _rest(at: Floats, place: dict[str, int]) -> dict[str, Vector]:
    out: dict[str, Vector] = {}
    for name in place:
        side, _, joint = name.partition("_")
        ahead = f"{side}_{_AHEAD.get(joint, '')}"
        way = at[place[ahead]] - at[place[name]] if ahead in place else np.zeros(3)
        if joint == "wrist" and not way.any():
            way = at[place[name]] - at[place[f"{side}_elbow"]]
        size = float(np.linalg.norm(way))
        if joint in _AHEAD and size > 0:
            out[name] = (float(way[0] / size), float(way[1] / size), float(way[2] / size))
    return out


def _places(skeleton: Skeleton) -> dict[str, int]:
    """Which joint of the file is which of SMPL's."""
    plain = [_plain(name) for name in skeleton.names]
    place = {"pelvis": 0}
    for side in ("left", "right"):
        own = {joint: j for j, (where, joint) in reversed(list(enumerate(plain))) if where == side}
        for joint, words in _WORDS.items():
            found = next((own[word] for word in words if word in own), None)
            if found is not None:
                place[f"{side}_{joint}"] = found
        if place.get(f"{side}_collar") == place.get(f"{side}_shoulder"):
            place.pop(f"{side}_collar", None)
        for joint in _SMPLH[22:]:
            finger = joint.partition("_")[2]
            if joint.startswith(side) and (j := own.get(f"hand{finger}", own.get(finger))) is not None:
                place[joint] = j
    missing = [name for name in _NEEDED if name not in place]
    if missing:
        raise ValueError(f"no joint of its skeleton is known as {', '.join(missing)}")
    middle = {joint: j for j, (where, joint) in reversed(list(enumerate(plain))) if not where}
    for name in ("neck", "head"):
        if name in middle:
            place[name] = middle[name]
    return place | _spine(skeleton, place)


def _spine(skeleton: Skeleton, place: dict[str, int]) -> dict[str, int]:
    """The joints of the trunk: those that both shoulders hang on, below the root and the neck."""
    chains = []
    for name in ("left_shoulder", "right_shoulder"):
        chain, j = [], skeleton.parents[place[name]]
        while j > 0:
            chain.append(j)
            j = skeleton.parents[j]
        chains.append(chain[::-1])
    taken = set(place.values())
    trunk = [j for j in chains[0] if j in chains[1] and j not in taken]
    if not trunk:
        return {}
    if len(trunk) == 1:
        return {"spine2": trunk[0]}
    if len(trunk) == 2:
        return {"spine1": trunk[0], "spine3": trunk[1]}
    return {"spine1": trunk[0], "spine2": trunk[len(trunk) // 2], "spine3": trunk[-1]}


def _plain(name: str) -> tuple[str, str]:
    """Side and name of a joint without prefix, in small letters."""
    word = re.sub(r"[^a-z0-9]+", "_", re.sub(r"([a-z])([A-Z])", r"\1_\2", name.split(":")[-1]).lower()).strip("_")
    word = re.sub(r"^(mixamorig\d*|bip\d*|character\d*)_", "", word)
    for side in ("left", "right"):
        pieces = word.split("_")
        if side in pieces or side[0] in pieces:
            return side, "".join(p for p in pieces if p not in (side, side[0]))
        if word.startswith(side):
            return side, word[len(side) :].replace("_", "")
        if word[0:1] == side[0] and any(word[1:].replace("_", "") in words for words in _WORDS.values()):
            return side, word[1:].replace("_", "")
    return "", word.replace("_", "")
