"""From the settings of a snapshot to what is taken, and to sentences."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from export.wanted import Wanted
from server.snapshots.schemas import Selection, SnapshotSettingsUsed


def wanted(settings: Selection, as_of: datetime | None, good_enough: Collection[UUID] | None) -> Wanted:
    """What is taken. `good_enough`: who was measured to annotate well enough; None where that is not asked for."""
    named = None if settings.annotators is None else set(settings.annotators)
    if good_enough is not None:
        named = set(good_enough) if named is None else named & set(good_enough)
    return Wanted(
        as_of=as_of,
        states=frozenset(settings.states),
        others=settings.others,
        whole=False,
        annotators=None if named is None else frozenset(user.hex for user in named),
        max_flagged=settings.max_flagged,
        max_spread=None if settings.max_spread_cm is None else settings.max_spread_cm / 100,
        min_marks=settings.min_marks,
        tags=frozenset(settings.tags),
        without_tags=frozenset(settings.without_tags),
        rendered=settings.rendered,
        gold=settings.gold,
        consensus=settings.marks == "consensus",
    )


def sentences(settings: SnapshotSettingsUsed) -> list[str]:
    """The settings in words; nobody is named."""
    states = ", ".join(settings.states)
    said = [f"Persons carry their masks and points when the work on them is in the state: {states}."]
    said.append(
        "Other persons in the same photos stand as not annotated."
        if settings.others
        else "Other persons in the same photos are left out, though they are to be seen."
    )
    said.append(
        "Of several marks on a point, the one with the least sum of geodesic distances to the others counts; a point"
        " that no majority marked is left out."
        if settings.marks == "consensus"
        else "Of several marks on a point, the latest counts."
    )
    if settings.body is not None:
        said.append(
            f"Points are on the body {settings.body.name}, to which the marks were transferred; they were compared on"
            " the body they were made on."
        )
    if settings.annotators is not None:
        said.append(f"Only marks of {len(settings.annotators):,} chosen annotators count.")
    if settings.max_error_cm is not None:
        said.append(f"Only marks of annotators with a mean error of at most {settings.max_error_cm:g} cm count.")
    if settings.max_flagged is not None:
        said.append(f"Only persons of whose points at most {settings.max_flagged:.0%} are flagged are annotated.")
    if settings.max_spread_cm is not None:
        said.append(f"Only points whose marks lie at most {settings.max_spread_cm:g} cm from the chosen one are in.")
    if settings.min_marks > 1:
        said.append(f"Only points marked by at least {settings.min_marks:,} annotators are in.")
    if settings.tags:
        said.append(f"Only photos with one of the tags {', '.join(sorted(settings.tags))}.")
    if settings.without_tags:
        said.append(f"No photos with any of the tags {', '.join(sorted(settings.without_tags))}.")
    words = {"without": "No {}.", "only": "Only {}."}
    for choice, what in ((settings.rendered, "rendered persons"), (settings.gold, "persons whose truth is known")):
        if choice != "with":
            said.append(words[choice].format(what))
    return said
