/** Zoom of one view: which part of its square [0,1] is shown. */

export interface ViewZoom {
  factor: number;
  /** Corner of what is shown, in [0,1] of the square. */
  x: number;
  y: number;
}

export const WHOLE: ViewZoom = { factor: 1, x: 0, y: 0 };
export const MAX_FACTOR = 12;

const clampCorner = (value: number, factor: number) => Math.min(Math.max(value, 0), 1 - 1 / factor);

/** Zooms by `by` with the place under (px, py), fractions of the tile, staying where it is. */
export function zoomView(zoom: ViewZoom, px: number, py: number, by: number): ViewZoom {
  const factor = Math.min(Math.max(zoom.factor * by, 1), MAX_FACTOR);
  return {
    factor,
    x: clampCorner(zoom.x + px / zoom.factor - px / factor, factor),
    y: clampCorner(zoom.y + py / zoom.factor - py / factor, factor),
  };
}

/** Moves what is shown by fractions of the tile. */
export function panView(zoom: ViewZoom, dx: number, dy: number): ViewZoom {
  const { factor } = zoom;
  return { factor, x: clampCorner(zoom.x - dx / factor, factor), y: clampCorner(zoom.y - dy / factor, factor) };
}

/** Place in the view's square under a place in the tile, both in [0,1]. */
export function toView(zoom: ViewZoom, px: number, py: number): { x: number; y: number } {
  return { x: zoom.x + px / zoom.factor, y: zoom.y + py / zoom.factor };
}

/** Place in the tile of a place in the view's square; outside [0,1] when it is not shown. */
export function toTile(zoom: ViewZoom, x: number, y: number): { x: number; y: number } {
  return { x: (x - zoom.x) * zoom.factor, y: (y - zoom.y) * zoom.factor };
}
