/** Which pictures of the body's views are fetched, and when. */

import type { Point } from "@/api/types";

/** Sides in which the server draws views, pixels. */
const SIZES = [256, 384, 512, 768, 1024];

/** The picture that is sharp at a number of device pixels: the next larger one, or the largest. */
export function pictureSize(devicePixels: number): number {
  return SIZES.find((each) => each >= devicePixels) ?? 1024;
}

/**
 * Whether a picture shows nothing of its part around a place: pixels beside the part come with an alpha below 255, so
 * little that it is not seen. The server would refuse a click there.
 *
 * @param x, y in [0,1] of the picture.
 */
export function isBeside(picture: HTMLImageElement, x: number, y: number): boolean {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  if (!context) return false;
  const [column, row] = [Math.floor(x * picture.naturalWidth), Math.floor(y * picture.naturalHeight)];
  context.drawImage(picture, column - 1, row - 1, 3, 3, 0, 0, 3, 3);
  return !hasOpaque(context.getImageData(0, 0, 3, 3).data);
}

/** Whether any of some pixels, R G B A each, is opaque. */
export function hasOpaque(pixels: ArrayLike<number>): boolean {
  for (let at = 3; at < pixels.length; at += 4) if (pixels[at] === 255) return true;
  return false;
}

/** The part whose points come after those of a part; undefined after the last. */
export function partAfter(points: readonly Pick<Point, "part">[], label: number): number | undefined {
  return points[points.findLastIndex((point) => point.part === label) + 1]?.part;
}
