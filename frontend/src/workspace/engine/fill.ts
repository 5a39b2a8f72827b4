/** Flood fill over a label map, by spans of rows, 4-connected. */

import type { Point, Rect } from "./geometry";
import { type LabelMap, labelAt } from "./labelMap";

export type FillResult = { dirty: Rect } | { refused: "outside" | "same" | "open" };

/**
 * Gives the connected area of equal label around a point another label.
 *
 * An empty area that reaches the border of the region is the background, not an outline to fill: it is refused as
 * "open" and nothing changes.
 */
export function floodFill(map: LabelMap, point: Point, label: number): FillResult {
  const from = labelAt(map, point);
  if (from === null) return { refused: "outside" };
  if (from === label) return { refused: "same" };
  const { width, height, data } = map;
  const spans: number[] = []; // y, x0, x1 of what was filled, to take it back when the area is open
  const stack = [Math.floor(point.y), Math.floor(point.x)];
  const dirty: Rect = { x0: width, y0: height, x1: 0, y1: 0 };
  let open = false;
  while (stack.length > 0) {
    const x = stack.pop() as number;
    const y = stack.pop() as number;
    const row = y * width;
    if (data[row + x] !== from) continue;
    let x0 = x;
    let x1 = x + 1;
    while (x0 > 0 && data[row + x0 - 1] === from) x0--;
    while (x1 < width && data[row + x1] === from) x1++;
    data.fill(label, row + x0, row + x1);
    spans.push(y, x0, x1);
    dirty.x0 = Math.min(dirty.x0, x0);
    dirty.x1 = Math.max(dirty.x1, x1);
    dirty.y0 = Math.min(dirty.y0, y);
    dirty.y1 = Math.max(dirty.y1, y + 1);
    if (from === 0 && (x0 === 0 || x1 === width || y === 0 || y === height - 1)) {
      open = true;
      break;
    }
    if (y > 0) pushStarts(data, row - width, x0, x1, from, y - 1, stack);
    if (y < height - 1) pushStarts(data, row + width, x0, x1, from, y + 1, stack);
  }
  if (open) {
    for (let k = 0; k < spans.length; k += 3) {
      const row = (spans[k] as number) * width;
      data.fill(from, row + (spans[k + 1] as number), row + (spans[k + 2] as number));
    }
    return { refused: "open" };
  }
  return { dirty };
}

/** Puts the start of each stretch of `from` in x0..x1 of a row on the stack (y below x, as it is popped). */
function pushStarts(
  data: Uint8Array,
  row: number,
  x0: number,
  x1: number,
  from: number,
  y: number,
  stack: number[],
): void {
  let inside = false;
  for (let x = x0; x < x1; x++) {
    const match = data[row + x] === from;
    if (match && !inside) stack.push(y, x);
    inside = match;
  }
}
