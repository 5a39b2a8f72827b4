/** The standard views of a body, and turning around it. */
import type { Vec3 } from "./mesh";

export interface StandardView {
  /** Where the camera stands, seen from the body's middle. The body faces +z, its left is +x. */
  from: Vec3;
  title: string;
}

/** By the keys 1..6. */
export const VIEWS: readonly StandardView[] = [
  { from: [0, 0, 1], title: "Front" },
  { from: [0, 0, -1], title: "Back" },
  { from: [1, 0, 0], title: "Left side" },
  { from: [-1, 0, 0], title: "Right side" },
  { from: [0, 1, 0], title: "Above" },
  { from: [0, -1, 0], title: "Below" },
];

/** As far as the camera may tilt: straight up or down has no side to turn to. */
const STEEPEST = Math.PI / 2 - 0.001;

/** The offset of a camera from its target, turned by angles around the vertical and towards the pole, radians. */
export function turned([x, y, z]: Vec3, around: number, up: number): Vec3 {
  const length = Math.hypot(x, y, z);
  const heading = Math.atan2(x, z) + around;
  const tilt = Math.min(Math.max(Math.asin(y / length) + up, -STEEPEST), STEEPEST);
  const flat = length * Math.cos(tilt);
  return [flat * Math.sin(heading), length * Math.sin(tilt), flat * Math.cos(heading)];
}

/** How far a camera of a vertical field of view (radians) stands from a ball that it shows whole. */
export function distanceToFit(radius: number, fieldOfView: number, aspect: number): number {
  const half = Math.min(fieldOfView / 2, Math.atan(Math.tan(fieldOfView / 2) * aspect));
  return radius / Math.sin(half);
}
