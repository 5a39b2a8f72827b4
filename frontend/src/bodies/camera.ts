/** The camera's place: standard views, turning, framing, and moving between them. */

import { type PerspectiveCamera, Sphere, Vector3 } from "three";
import type { OrbitControls } from "three/examples/jsm/controls/OrbitControls.js";
import type { Vec3 } from "./mesh";
import { distanceToFit, turned, VIEWS } from "./views";

const TURN_MS = 260;
/** Air around what is framed. */
const MARGIN = 1.04;

interface Move {
  from: Vec3;
  to: Vec3;
  fromTarget: Vector3;
  toTarget: Vector3;
  start: number;
}

export class CameraMan {
  /** What standard views and framing show. */
  readonly subject = new Sphere();
  private move: Move | null = null;

  constructor(
    private readonly camera: PerspectiveCamera,
    private readonly controls: OrbitControls,
    private readonly invalidate: () => void,
  ) {}

  get moving(): boolean {
    return this.move !== null;
  }

  /** Stays where it is: somebody took the camera into the hand. */
  stop(): void {
    this.move = null;
  }

  /** One of the six standard views. */
  look(index: number, smooth = true): void {
    const view = VIEWS[index];
    if (!view) return;
    // A hair beside the pole: straight from above, "up" has no direction.
    const [x, y, z] = view.from;
    this.moveTo([x, y, z === 0 && x === 0 ? 1e-3 : z], smooth);
  }

  /** The whole subject from a direction; level with it, so that up stays up. */
  from([x, , z]: Vec3, smooth = true): void {
    this.moveTo(Math.hypot(x, z) > 1e-3 ? [x, 0.15, z] : [0, 0.15, 1], smooth);
  }

  /** Shows the whole subject from where the camera stands. */
  frame(smooth = true): void {
    this.moveTo(this.offset, smooth);
  }

  orbit(around: number, up: number): void {
    this.stop();
    this.camera.position.set(...turned(this.offset, around, up)).add(this.controls.target);
    this.controls.update();
    this.invalidate();
  }

  zoom(factor: number): void {
    this.stop();
    const offset = new Vector3(...this.offset);
    const { minDistance, maxDistance } = this.controls;
    offset.setLength(Math.min(Math.max(offset.length() / factor, minDistance), maxDistance));
    this.camera.position.copy(offset.add(this.controls.target));
    this.controls.update();
    this.invalidate();
  }

  /** Goes on to where the camera is going, the shorter way around. */
  advance(now: number): void {
    if (!this.move) return;
    const { from, to, fromTarget, toTarget, start } = this.move;
    const t = Math.min((now - start) / TURN_MS, 1);
    const eased = t * t * (3 - 2 * t);
    const [a, b] = [new Vector3(...from), new Vector3(...to)];
    const around = Math.atan2(Math.sin(heading(b) - heading(a)), Math.cos(heading(b) - heading(a)));
    const offset =
      t === 1 || a.length() === 0 ? b : new Vector3(...turned(from, eased * around, eased * (tilt(b) - tilt(a))));
    offset.setLength(t === 1 ? b.length() : a.length() + eased * (b.length() - a.length()));
    this.controls.target.lerpVectors(fromTarget, toTarget, eased);
    this.camera.position.copy(offset.add(this.controls.target));
    this.controls.update();
    if (t === 1) this.move = null;
  }

  private get offset(): Vec3 {
    const { x, y, z } = this.camera.position.clone().sub(this.controls.target);
    return [x, y, z];
  }

  private moveTo(direction: Vec3, smooth: boolean): void {
    const angle = (this.camera.fov * Math.PI) / 180;
    const distance = MARGIN * distanceToFit(this.subject.radius, angle, this.camera.aspect);
    const to = new Vector3(...direction).setLength(distance);
    const still = !smooth || matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.move = {
      from: this.offset,
      to: [to.x, to.y, to.z],
      fromTarget: this.controls.target.clone(),
      toTarget: this.subject.center.clone(),
      start: still ? Number.NEGATIVE_INFINITY : performance.now(),
    };
    if (still) this.advance(performance.now());
    this.invalidate();
  }
}

const heading = ({ x, z }: Vector3) => Math.atan2(x, z);
const tilt = (v: Vector3) => Math.asin(Math.min(Math.max(v.y / (v.length() || 1), -1), 1));
