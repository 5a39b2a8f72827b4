"""Rendered images of persons with exact surface truth per pixel."""
