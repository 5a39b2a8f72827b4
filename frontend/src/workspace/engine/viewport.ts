/** Where the image stands on the screen: screen = image * scale + (x, y), in CSS pixels. */

import type { Point } from "./geometry";

export interface Viewport {
  scale: number;
  x: number;
  y: number;
}

export interface Size {
  width: number;
  height: number;
}

/** A box in image coordinates. */
export interface Box extends Point, Size {}

export const MAX_SCALE = 64;

export function toScreen(view: Viewport, point: Point): Point {
  return { x: point.x * view.scale + view.x, y: point.y * view.scale + view.y };
}

export function toImage(view: Viewport, point: Point): Point {
  return { x: (point.x - view.x) / view.scale, y: (point.y - view.y) / view.scale };
}

/** The view that shows a whole box in the middle of the screen, `padding` CSS pixels from its edges. */
export function fitBox(box: Box, screen: Size, padding = 24): Viewport {
  const width = Math.max(screen.width - 2 * padding, 1);
  const height = Math.max(screen.height - 2 * padding, 1);
  const scale = Math.min(width / box.width, height / box.height, MAX_SCALE);
  return centreOn({ x: box.x + box.width / 2, y: box.y + box.height / 2 }, scale, screen);
}

/** The view of a scale with an image point in the middle of the screen. */
export function centreOn(point: Point, scale: number, screen: Size): Viewport {
  return { scale, x: screen.width / 2 - point.x * scale, y: screen.height / 2 - point.y * scale };
}

export function panBy(view: Viewport, dx: number, dy: number): Viewport {
  return { scale: view.scale, x: view.x + dx, y: view.y + dy };
}

/** Zooms by a factor with the image point under `at` (screen) staying where it is. */
export function zoomAt(view: Viewport, at: Point, factor: number, minScale: number): Viewport {
  const scale = Math.min(Math.max(view.scale * factor, Math.min(minScale, MAX_SCALE)), MAX_SCALE);
  const ratio = scale / view.scale;
  return { scale, x: at.x - (at.x - view.x) * ratio, y: at.y - (at.y - view.y) * ratio };
}

/** Keeps at least `margin` CSS pixels of the image on the screen, so that a photo is never lost out of sight. */
export function clampPan(view: Viewport, image: Size, screen: Size, margin = 80): Viewport {
  const width = image.width * view.scale;
  const height = image.height * view.scale;
  return {
    scale: view.scale,
    x: Math.min(Math.max(view.x, Math.min(margin, width) - width), screen.width - Math.min(margin, width)),
    y: Math.min(Math.max(view.y, Math.min(margin, height) - height), screen.height - Math.min(margin, height)),
  };
}

/** The view between two, for a gentle move: position of the centre and logarithm of the scale change evenly. */
export function between(from: Viewport, to: Viewport, t: number, screen: Size): Viewport {
  if (t >= 1) return to;
  const middle = { x: screen.width / 2, y: screen.height / 2 };
  const a = toImage(from, middle);
  const b = toImage(to, middle);
  const scale = from.scale * (to.scale / from.scale) ** t;
  return centreOn({ x: a.x + (b.x - a.x) * t, y: a.y + (b.y - a.y) * t }, scale, screen);
}

/** Zoom factor of one wheel event; trackpads send many small ones. */
export function wheelFactor(event: { deltaY: number; deltaMode: number; ctrlKey: boolean }): number {
  const pixels = event.deltaMode === 1 ? event.deltaY * 33 : event.deltaMode === 2 ? event.deltaY * 300 : event.deltaY;
  const clamped = Math.max(-240, Math.min(240, pixels));
  // A pinch arrives as a wheel with the control key and small deltas.
  return Math.exp(-clamped * (event.ctrlKey ? 0.01 : 0.0018));
}
