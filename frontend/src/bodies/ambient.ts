/** How open each vertex lies, found little by little while the page is idle. */

import { FrontSide, Ray, Vector3 } from "three";
import type { MeshBVH } from "three-mesh-bvh";
import { type BodyMesh, vertexNormals } from "./mesh";

/** The most vertices: larger meshes are shown without. */
const MOST_VERTICES = 60_000;
/** Milliseconds of work before the page gets a turn. */
const SLICE_MS = 8;

/** Directions spread evenly over the sphere (a Fibonacci lattice). */
export function directions(count: number): Vector3[] {
  return Array.from({ length: count }, (_, n) => {
    const z = 1 - (2 * n + 1) / count;
    const turn = Math.PI * (1 + Math.sqrt(5)) * (n + 0.5);
    const flat = Math.sqrt(1 - z * z);
    return new Vector3(flat * Math.cos(turn), flat * Math.sin(turn), z);
  });
}

/**
 * The share of the sky (V), weighted by cosine, that is free of the body within a sixth of its size; null for large
 * meshes and when the signal fires first.
 */
export async function ambientOcclusion(
  mesh: BodyMesh,
  bvh: MeshBVH,
  rays: number,
  signal: AbortSignal,
): Promise<Float32Array | null> {
  const vertices = mesh.positions.length / 3;
  if (vertices > MOST_VERTICES) return null;
  const normals = vertexNormals(mesh);
  const sky = directions(2 * rays);
  const shade = new Float32Array(vertices).fill(1);
  const reach = sizeOf(mesh) / 6;
  const [ray, normal] = [new Ray(), new Vector3()];
  let vertex = 0;
  while (vertex < vertices) {
    await new Promise((resolve) => setTimeout(resolve));
    if (signal.aborted) return null;
    const until = performance.now() + SLICE_MS;
    for (; vertex < vertices && performance.now() < until; vertex++) {
      normal.fromArray(normals, 3 * vertex);
      ray.origin.fromArray(mesh.positions, 3 * vertex).addScaledVector(normal, 1e-4 * reach);
      let [open, all] = [0, 1e-9];
      for (const direction of sky) {
        const weight = normal.dot(direction);
        if (weight <= 0) continue;
        ray.direction.copy(direction);
        const hit = bvh.raycastFirst(ray, FrontSide, 0, reach);
        all += weight;
        // What is near takes the light, what is far takes some of it.
        open += weight * (hit ? Math.min(hit.distance / reach, 1) ** 0.7 : 1);
      }
      shade[vertex] = open / all;
    }
  }
  return shade;
}

function sizeOf({ positions }: BodyMesh): number {
  let size = 0;
  for (let axis = 0; axis < 3; axis++) {
    let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let k = axis; k < positions.length; k += 3) {
      const x = positions[k] as number;
      least = Math.min(least, x);
      most = Math.max(most, x);
    }
    size = Math.max(size, most - least);
  }
  return size;
}
