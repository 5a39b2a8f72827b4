"""Cards of snapshots as they are kept: JSON."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from export.card import Card

_CARD: TypeAdapter[Card] = TypeAdapter(Card)


def card_of(said: dict[str, Any]) -> Card:
    """A card of its JSON."""
    return _CARD.validate_python(said)


def said_by(card: Card) -> dict[str, Any]:
    """The JSON of a card."""
    said: dict[str, Any] = _CARD.dump_python(card, mode="json")
    return said
