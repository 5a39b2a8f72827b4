/** Which pictures of the body's views are fetched, and when. */

import type { Point } from "@/api/types";

/** Sides in which the server draws views, pixels. */
const SIZES = [256, 384, 512, 768, 1024];

/** The picture that is sharp at a number of device pixels: the next larger one, or the largest. */
export function pictureSize(devicePixels: number): number {
  return SIZES.find((each) => each >= devicePixels) ?? 1024;
}

/** The part whose points come after those of a part; undefined after the last. */
export function partAfter(points: readonly Pick<Point, "part">[], label: number): number | undefined {
  return points[points.findLastIndex((point) => point.part === label) + 1]?.part;
}
