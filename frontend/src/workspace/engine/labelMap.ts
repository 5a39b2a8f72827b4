/**
 * The raster label map of one person: part labels, 0 for none, over the person's region, in region coordinates.
 *
 * Every operation writes in place and answers with the rectangle it may have changed (null: nothing), so that a stroke
 * on a panorama costs what the brush covers and not what the photo holds.
 */

import { bounds, intersect, isEmpty, type Point, type Rect } from "./geometry";

export interface LabelMap {
  readonly width: number;
  readonly height: number;
  /** Row-major labels, width x height. */
  readonly data: Uint8Array;
}

/** Four labels at a time, for looking through a large map quickly. */
export function wordsOf({ data }: LabelMap): Uint32Array {
  return new Uint32Array(data.buffer, data.byteOffset, data.length >> 2);
}

export function createLabelMap(width: number, height: number): LabelMap {
  if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0)) {
    throw new RangeError(`a label map has at least one pixel, not ${width}x${height}`);
  }
  return { width, height, data: new Uint8Array(width * height) };
}

export function wholeRect(map: LabelMap): Rect {
  return { x0: 0, y0: 0, x1: map.width, y1: map.height };
}

/** Label of the pixel that holds a point, or null outside the map. */
export function labelAt(map: LabelMap, point: Point): number | null {
  const x = Math.floor(point.x);
  const y = Math.floor(point.y);
  if (x < 0 || y < 0 || x >= map.width || y >= map.height) return null;
  return map.data[y * map.width + x] ?? null;
}

function paintSpan(map: LabelMap, y: number, x0: number, x1: number, label: number, onlyEmpty: boolean): void {
  const row = y * map.width;
  if (!onlyEmpty) {
    map.data.fill(label, row + x0, row + x1);
    return;
  }
  for (let i = row + x0; i < row + x1; i++) if (map.data[i] === 0) map.data[i] = label;
}

/**
 * Paints the pixels whose centre is at most `radius` from the segment a-b: one piece of a stroke of a round brush.
 * A brush thinner than a pixel still paints the pixel under it.
 */
export function paintSegment(
  map: LabelMap,
  a: Point,
  b: Point,
  radius: number,
  label: number,
  onlyEmpty = false,
): Rect | null {
  const r = Math.max(radius, Math.SQRT1_2);
  const dirty = intersect(bounds([a, b], r), wholeRect(map));
  if (isEmpty(dirty)) return null;
  for (let y = dirty.y0; y < dirty.y1; y++) {
    const span = capsuleSpan(a, b, r, y + 0.5);
    if (!span) continue;
    const x0 = Math.max(0, Math.ceil(span[0] - 0.5));
    const x1 = Math.min(map.width, Math.floor(span[1] - 0.5) + 1);
    if (x1 > x0) paintSpan(map, y, x0, x1, label, onlyEmpty);
  }
  return dirty;
}

/** The interval of x within `r` of the segment a-b on the line of height `y`; the shape is convex, so there is one. */
function capsuleSpan(a: Point, b: Point, r: number, y: number): [number, number] | null {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const end of [a, b]) {
    const square = r * r - (y - end.y) * (y - end.y);
    if (square < 0) continue;
    const half = Math.sqrt(square);
    low = Math.min(low, end.x - half);
    high = Math.max(high, end.x + half);
  }
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  const length = Math.hypot(dx, dy);
  if (length > 0) {
    // Between the caps: |cross| <= r * length and 0 <= dot <= length^2, both linear in x.
    const along = limits(dx, (y - a.y) * dy - a.x * dx, 0, length * length);
    const across = limits(-dy, (y - a.y) * dx + a.x * dy, -r * length, r * length);
    if (along && across) {
      const from = Math.max(along[0], across[0]);
      const to = Math.min(along[1], across[1]);
      if (from <= to) {
        low = Math.min(low, from);
        high = Math.max(high, to);
      }
    }
  }
  return low <= high ? [low, high] : null;
}

/** The interval of x with low <= slope * x + offset <= high. */
function limits(slope: number, offset: number, low: number, high: number): [number, number] | null {
  if (slope === 0) {
    return offset >= low && offset <= high ? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] : null;
  }
  const p = (low - offset) / slope;
  const q = (high - offset) / slope;
  return p < q ? [p, q] : [q, p];
}

/** Paints the pixels whose centre lies in a closed polygon (even-odd rule). */
export function paintPolygon(map: LabelMap, points: readonly Point[], label: number, onlyEmpty = false): Rect | null {
  if (points.length < 3) return null;
  const dirty = intersect(bounds(points), wholeRect(map));
  if (isEmpty(dirty)) return null;
  for (let y = dirty.y0; y < dirty.y1; y++) {
    const crossings = polygonCrossings(points, y + 0.5);
    for (let k = 0; k + 1 < crossings.length; k += 2) {
      const x0 = Math.max(0, Math.ceil((crossings[k] as number) - 0.5));
      const x1 = Math.min(map.width, Math.ceil((crossings[k + 1] as number) - 0.5));
      if (x1 > x0) paintSpan(map, y, x0, x1, label, onlyEmpty);
    }
  }
  return dirty;
}

function polygonCrossings(points: readonly Point[], y: number): number[] {
  const crossings: number[] = [];
  let previous = points[points.length - 1] as Point;
  for (const point of points) {
    if (previous.y <= y !== point.y <= y) {
      // Always from the upper end: two polygons that share an edge round it alike, whichever way they go round.
      const [upper, lower] = previous.y < point.y ? [previous, point] : [point, previous];
      crossings.push(upper.x + ((y - upper.y) / (lower.y - upper.y)) * (lower.x - upper.x));
    }
    previous = point;
  }
  return crossings.sort((p, q) => p - q);
}

/** Copies the pixels of `rect` from one map to another of the same size. */
export function copyRect(from: LabelMap, to: LabelMap, rect: Rect): void {
  for (let y = rect.y0; y < rect.y1; y++) {
    const row = y * from.width;
    to.data.set(from.data.subarray(row + rect.x0, row + rect.x1), row + rect.x0);
  }
}

/** The smallest rectangle within `rect` outside which two maps of the same size agree; null when they agree. */
export function differingRect(a: LabelMap, b: LabelMap, rect: Rect): Rect | null {
  let x0 = rect.x1;
  let y0 = rect.y1;
  let x1 = rect.x0;
  let y1 = rect.y0;
  const wordsA = wordsOf(a);
  const wordsB = wordsOf(b);
  for (let y = rect.y0; y < rect.y1; y++) {
    const end = y * a.width + rect.x1;
    let first = y * a.width + rect.x0;
    while (first < end && a.data[first] === b.data[first]) {
      if (first % 4 === 0 && first + 4 <= end && wordsA[first >> 2] === wordsB[first >> 2]) first += 4;
      else first++;
    }
    if (first >= end) continue;
    let last = end;
    while (a.data[last - 1] === b.data[last - 1]) {
      if (last % 4 === 0 && last - 4 > first && wordsA[(last >> 2) - 1] === wordsB[(last >> 2) - 1]) last -= 4;
      else last--;
    }
    x0 = Math.min(x0, first - y * a.width);
    x1 = Math.max(x1, last - y * a.width);
    y0 = Math.min(y0, y);
    y1 = y + 1;
  }
  return x1 > x0 ? { x0, y0, x1, y1 } : null;
}

/** x0, y0, width, height in whole pixels of the image. */
export type Region = readonly number[];

export function sameRegion(a: Region, b: Region): boolean {
  return a.every((value, index) => value === b[index]);
}

/** The labels of a map over one region, over another region of the same image; what lies outside of it is cut off. */
export function moveToRegion(map: LabelMap, from: Region, to: Region): LabelMap {
  const [fromX = 0, fromY = 0] = from;
  const [toX = 0, toY = 0, width = 0, height = 0] = to;
  const moved = createLabelMap(width, height);
  const [dx, dy] = [fromX - toX, fromY - toY];
  const shown = intersect({ x0: dx, y0: dy, x1: dx + map.width, y1: dy + map.height }, wholeRect(moved));
  if (isEmpty(shown)) return moved;
  for (let y = shown.y0; y < shown.y1; y++) {
    const row = (y - dy) * map.width - dx;
    moved.data.set(map.data.subarray(row + shown.x0, row + shown.x1), y * width + shown.x0);
  }
  return moved;
}
