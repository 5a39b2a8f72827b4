/**
 * Draws a label map straight into the pixels of the screen, nearest neighbour.
 *
 * Sampling at screen resolution costs what the screen holds, not what the photo holds: a panorama needs no second
 * picture of its own in memory, edges are crisp at every zoom, and a stroke redraws only the rectangle it touched.
 */

import { intersect, isEmpty, type Rect } from "./geometry";
import type { LabelMap } from "./labelMap";
import type { Viewport } from "./viewport";

/** Pixel values of a label as a little-endian RGBA word; label 0 is clear. */
export type Palette = Uint32Array;

export function makePalette(colours: readonly string[]): Palette {
  const palette = new Uint32Array(256);
  colours.forEach((colour, index) => {
    const value = Number.parseInt(colour.slice(1), 16);
    const [r, g, b] = [value >> 16, (value >> 8) & 255, value & 255];
    palette[index + 1] = ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
  });
  return palette;
}

/** Map pixel under the centre of each of `count` device pixels from `start`; -1 outside. */
function sourceIndices(start: number, count: number, scale: number, shift: number, size: number): Int32Array {
  const indices = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const source = Math.floor((start + i + 0.5 - shift) / scale);
    indices[i] = source >= 0 && source < size ? source : -1;
  }
  return indices;
}

/**
 * Fills a picture of the device pixels `rect` of the screen.
 *
 * @param view place of the map on the screen, in device pixels.
 * @param out words of the picture, (rect.x1 - rect.x0) x (rect.y1 - rect.y0).
 */
export function drawFilled(map: LabelMap, view: Viewport, rect: Rect, palette: Palette, out: Uint32Array): void {
  const width = rect.x1 - rect.x0;
  const columns = sourceIndices(rect.x0, width, view.scale, view.x, map.width);
  const rows = sourceIndices(rect.y0, rect.y1 - rect.y0, view.scale, view.y, map.height);
  const { data } = map;
  for (let y = 0; y < rows.length; y++) {
    const row = rows[y] as number;
    const to = y * width;
    if (row < 0) {
      out.fill(0, to, to + width);
    } else if (y > 0 && row === rows[y - 1]) {
      out.copyWithin(to, to - width, to);
    } else {
      const from = row * map.width;
      for (let x = 0; x < width; x++) {
        const column = columns[x] as number;
        out[to + x] = column < 0 ? 0 : (palette[data[from + column] as number] as number);
      }
    }
  }
}

/** As `drawFilled`, but only a line `thickness` device pixels wide inside the border of each part. */
export function drawOutlines(
  map: LabelMap,
  view: Viewport,
  rect: Rect,
  palette: Palette,
  out: Uint32Array,
  thickness: number,
): void {
  const t = thickness;
  const width = rect.x1 - rect.x0;
  const height = rect.y1 - rect.y0;
  const columns = sourceIndices(rect.x0 - t, width + 2 * t, view.scale, view.x, map.width);
  const rows = sourceIndices(rect.y0 - t, height + 2 * t, view.scale, view.y, map.height);
  const { data } = map;
  const label = (row: number, column: number) =>
    row < 0 || column < 0 ? 0 : (data[row * map.width + column] as number);
  for (let y = 0; y < height; y++) {
    const row = rows[y + t] as number;
    const above = rows[y] as number;
    const below = rows[y + 2 * t] as number;
    for (let x = 0; x < width; x++) {
      const column = columns[x + t] as number;
      const own = label(row, column);
      const edge =
        own !== 0 &&
        (label(above, column) !== own ||
          label(below, column) !== own ||
          label(row, columns[x] as number) !== own ||
          label(row, columns[x + 2 * t] as number) !== own);
      out[y * width + x] = edge ? (palette[own] as number) : 0;
    }
  }
}

/** The device pixels that show a rectangle of the map, `margin` wider, cut to the screen; null when out of sight. */
export function screenRect(rect: Rect, view: Viewport, screen: Rect, margin: number): Rect | null {
  const shown = intersect(
    {
      x0: Math.floor(rect.x0 * view.scale + view.x) - margin,
      y0: Math.floor(rect.y0 * view.scale + view.y) - margin,
      x1: Math.ceil(rect.x1 * view.scale + view.x) + margin,
      y1: Math.ceil(rect.y1 * view.scale + view.y) + margin,
    },
    screen,
  );
  return isEmpty(shown) ? null : shown;
}
