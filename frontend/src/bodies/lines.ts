/** Lines of an even width on the screen, drawn on the surface. */

import { Group } from "three";
import { Line2 } from "three/examples/jsm/lines/Line2.js";
import { LineGeometry } from "three/examples/jsm/lines/LineGeometry.js";
import { LineMaterial } from "three/examples/jsm/lines/LineMaterial.js";
import { LineSegments2 } from "three/examples/jsm/lines/LineSegments2.js";
import { LineSegmentsGeometry } from "three/examples/jsm/lines/LineSegmentsGeometry.js";
import { type BodyMesh, cornerVertex, SEAM, type Vec3, vertexPosition } from "./mesh";

/** A little nearer to the camera than the surface that it lies on. */
function material(color: number, linewidth: number, bias: number, opacity = 1): LineMaterial {
  const made = new LineMaterial({ color, linewidth, opacity, transparent: opacity < 1 });
  made.polygonOffset = true;
  made.polygonOffsetFactor = -bias;
  made.polygonOffsetUnits = -bias;
  return made;
}

/** Lines that can be given other places; `lines` goes into the scene. */
interface SurfaceLines {
  lines: Group;
  dispose: () => void;
}

/** The shortest path: a light line in a dark casing. */
export class PathLines implements SurfaceLines {
  readonly lines = new Group();
  private readonly materials = [material(0x3b0410, 6, 6), material(0xffe08a, 3.2, 24)];

  set(points: readonly Vec3[] | null): void {
    clear(this.lines);
    if (!points || points.length < 2) return;
    // A geometry of its own each time: three.js keeps the number of segments that it saw first.
    const geometry = new LineGeometry();
    geometry.setPositions(points.flat());
    this.materials.forEach((each, order) => {
      const line = new Line2(geometry, each);
      line.frustumCulled = false;
      line.renderOrder = order + 2;
      this.lines.add(line);
    });
  }

  dispose(): void {
    clear(this.lines);
    for (const each of this.materials) each.dispose();
  }
}

/** The seams between parts, and thinner ones between charts of a part. */
export class SeamLines implements SurfaceLines {
  readonly lines = new Group();
  private readonly thin = material(0x14141c, 1.3, 2, 0.7);
  private readonly thick = material(0x14141c, 2.4, 3);

  constructor(
    private readonly mesh: BodyMesh,
    /** (F,3) see mesh.ts. */
    private readonly seams: Uint8Array,
  ) {}

  /** Those of the charts that are shown. */
  set(isShown: (chart: number) => boolean): void {
    clear(this.lines);
    for (const [kind, look] of [
      [SEAM.chart, this.thin],
      [SEAM.part, this.thick],
    ] as const) {
      const points = segments(this.mesh, this.seams, kind, isShown);
      if (points.length === 0) continue;
      const geometry = new LineSegmentsGeometry();
      geometry.setPositions(points);
      const line = new LineSegments2(geometry, look);
      line.frustumCulled = false;
      line.renderOrder = 1;
      this.lines.add(line);
    }
  }

  dispose(): void {
    clear(this.lines);
    this.thin.dispose();
    this.thick.dispose();
  }
}

function clear(group: Group): void {
  for (const child of [...group.children]) {
    if (child instanceof LineSegments2) child.geometry.dispose();
    group.remove(child);
  }
}

/** The ends (6 numbers a segment) of the seams of a kind; those that two shown charts share come once. */
function segments(mesh: BodyMesh, seams: Uint8Array, kind: number, isShown: (chart: number) => boolean): Float32Array {
  const seen = new Set<number>();
  const vertices = mesh.positions.length / 3;
  const out: number[] = [];
  seams.forEach((seam, side) => {
    const face = Math.floor(side / 3);
    if (seam !== kind || !isShown(mesh.chart[face] as number)) return;
    const a = cornerVertex(mesh, face, (side + 1) % 3);
    const b = cornerVertex(mesh, face, (side + 2) % 3);
    const key = Math.min(a, b) * vertices + Math.max(a, b);
    if (seen.has(key)) return;
    seen.add(key);
    out.push(...vertexPosition(mesh, a), ...vertexPosition(mesh, b));
  });
  return Float32Array.from(out);
}
