/** Points and rectangles of an image: x right, y down, pixel (0,0) covers [0,1)x[0,1). */

export interface Point {
  x: number;
  y: number;
}

/** Whole pixels x0 <= x < x1, y0 <= y < y1. */
export interface Rect {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

export function isEmpty(rect: Rect): boolean {
  return rect.x1 <= rect.x0 || rect.y1 <= rect.y0;
}

export function intersect(a: Rect, b: Rect): Rect {
  return {
    x0: Math.max(a.x0, b.x0),
    y0: Math.max(a.y0, b.y0),
    x1: Math.min(a.x1, b.x1),
    y1: Math.min(a.y1, b.y1),
  };
}

/** Smallest rectangle around both; an absent or empty one adds nothing. */
export function union(a: Rect | null, b: Rect | null): Rect | null {
  if (!a || isEmpty(a)) return b && !isEmpty(b) ? b : null;
  if (!b || isEmpty(b)) return a;
  return {
    x0: Math.min(a.x0, b.x0),
    y0: Math.min(a.y0, b.y0),
    x1: Math.max(a.x1, b.x1),
    y1: Math.max(a.y1, b.y1),
  };
}

/** Smallest rectangle of whole pixels around the points, `margin` wider on each side. */
export function bounds(points: readonly Point[], margin = 0): Rect {
  let x0 = Number.POSITIVE_INFINITY;
  let y0 = Number.POSITIVE_INFINITY;
  let x1 = Number.NEGATIVE_INFINITY;
  let y1 = Number.NEGATIVE_INFINITY;
  for (const { x, y } of points) {
    x0 = Math.min(x0, x);
    y0 = Math.min(y0, y);
    x1 = Math.max(x1, x);
    y1 = Math.max(y1, y);
  }
  return {
    x0: Math.floor(x0 - margin),
    y0: Math.floor(y0 - margin),
    x1: Math.ceil(x1 + margin),
    y1: Math.ceil(y1 + margin),
  };
}
