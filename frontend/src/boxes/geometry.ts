import type { Box } from "../api/types";

/** Boxes are [x, y, width, height] in pixels of the upright image; edges may lie between pixels. */
export interface Size {
  width: number;
  height: number;
}

export interface XY {
  x: number;
  y: number;
}

/** The eight handles, by compass point. */
export type Handle = "n" | "ne" | "e" | "se" | "s" | "sw" | "w" | "nw";
export const HANDLES: readonly Handle[] = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];

/** Anything smaller is a slip of the hand, not a person. */
export const MIN_SIDE = 4;

const clamp = (value: number, low: number, high: number) => Math.min(Math.max(value, low), Math.max(low, high));
const round = (value: number) => Math.round(value * 100) / 100;

/** The box between two corners, cut to the image; null if a side is shorter than MIN_SIDE. */
export function boxBetween(a: XY, b: XY, image: Size): Box | null {
  const x0 = clamp(Math.min(a.x, b.x), 0, image.width);
  const x1 = clamp(Math.max(a.x, b.x), 0, image.width);
  const y0 = clamp(Math.min(a.y, b.y), 0, image.height);
  const y1 = clamp(Math.max(a.y, b.y), 0, image.height);
  if (x1 - x0 < MIN_SIDE || y1 - y0 < MIN_SIDE) return null;
  return [round(x0), round(y0), round(x1 - x0), round(y1 - y0)];
}

/** The box moved by (dx, dy), kept whole inside the image. */
export function moveBox([x, y, width, height]: Box, dx: number, dy: number, image: Size): Box {
  return [round(clamp(x + dx, 0, image.width - width)), round(clamp(y + dy, 0, image.height - height)), width, height];
}

/** The box with one handle dragged by (dx, dy). Edges stop at the image and MIN_SIDE before the opposite edge. */
export function resizeBox([x, y, width, height]: Box, handle: Handle, dx: number, dy: number, image: Size): Box {
  let [x0, y0, x1, y1] = [x, y, x + width, y + height];
  if (handle.includes("w")) x0 = clamp(x0 + dx, 0, x1 - MIN_SIDE);
  if (handle.includes("e")) x1 = clamp(x1 + dx, x0 + MIN_SIDE, image.width);
  if (handle.includes("n")) y0 = clamp(y0 + dy, 0, y1 - MIN_SIDE);
  if (handle.includes("s")) y1 = clamp(y1 + dy, y0 + MIN_SIDE, image.height);
  return [round(x0), round(y0), round(x1 - x0), round(y1 - y0)];
}

/** Where on the box a handle sits. */
export function handleAt([x, y, width, height]: Box, handle: Handle): XY {
  return {
    x: handle.includes("w") ? x : handle.includes("e") ? x + width : x + width / 2,
    y: handle.includes("n") ? y : handle.includes("s") ? y + height : y + height / 2,
  };
}

export const sameBox = (a: Box, b: Box): boolean => a.every((value, i) => value === b[i]);

/** How the image lies in the viewport: screen = image * scale + offset. */
export interface View {
  scale: number;
  x: number;
  y: number;
}

export const MAX_SCALE = 32;

/** The largest whole view of the image, centred, with a margin around it. */
export function fitView(image: Size, viewport: Size, margin = 24): View {
  const wide = Math.max(viewport.width - 2 * margin, 1) / image.width;
  const high = Math.max(viewport.height - 2 * margin, 1) / image.height;
  const scale = Math.min(wide, high, MAX_SCALE);
  return {
    scale,
    x: (viewport.width - image.width * scale) / 2,
    y: (viewport.height - image.height * scale) / 2,
  };
}

/** Zooms by `factor` and keeps the image point under the screen position `at` where it is. */
export function zoomView(view: View, factor: number, at: XY, minScale: number): View {
  const scale = clamp(view.scale * factor, minScale, MAX_SCALE);
  const change = scale / view.scale;
  return { scale, x: at.x - (at.x - view.x) * change, y: at.y - (at.y - view.y) * change };
}

/** The image point at a position of the viewport. */
export function toImage(view: View, at: XY): XY {
  return { x: (at.x - view.x) / view.scale, y: (at.y - view.y) / view.scale };
}
