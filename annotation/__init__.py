"""Pure functions of annotation: part masks, point sampling."""
