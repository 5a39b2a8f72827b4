/** A body in 3D: draws it, follows the pointer over it, and shows what was clicked. */

import {
  type BufferAttribute,
  type BufferGeometry,
  Color,
  DataTexture,
  DoubleSide,
  Group,
  Mesh,
  MeshBasicMaterial,
  PerspectiveCamera,
  Raycaster,
  RGBAFormat,
  Scene,
  ShaderMaterial,
  SphereGeometry,
  UnsignedByteType,
  Vector2,
  Vector3,
  WebGLRenderer,
} from "three";
import { OrbitControls } from "three/examples/jsm/controls/OrbitControls.js";
import { MeshBVH } from "three-mesh-bvh";
import { ambientOcclusion } from "./ambient";
import { CameraMan } from "./camera";
import { cornerGeometry, indexGeometry, sphereAround, spreadToCorners, spreadToFaces } from "./geometry";
import { PathLines, SeamLines } from "./lines";
import { type BodyMesh, baryOf, type FacePoint, normalAt, positionOf, ringStep, type Vec3 } from "./mesh";
import { FRAGMENT, VERTEX } from "./shader";

export interface Shown {
  isoLines: boolean;
  seamLines: boolean;
  wireframe: boolean;
  byDistance: boolean;
}

/** How a chart is drawn: its colour, or not at all. */
export type ChartColour = string | null;

const FIELD_OF_VIEW = 28;
/** Pixels that a click may slip. */
const SLIP = 4;
/** Radius of the pin, CSS pixels. */
const PIN = 6;

export class BodyScene {
  readonly camera: CameraMan;
  /** The pointer is over a point of the surface, or beside the body. */
  onHover: (point: FacePoint | null) => void = () => {};
  onClick: (point: FacePoint | null, withShift: boolean) => void = () => {};

  private readonly renderer: WebGLRenderer;
  private readonly scene = new Scene();
  private readonly lens = new PerspectiveCamera(FIELD_OF_VIEW, 1, 0.01, 100);
  private readonly controls: OrbitControls;
  private readonly geometry: BufferGeometry;
  private readonly material: ShaderMaterial;
  private readonly charts = new DataTexture(new Uint8Array(4 * 256), 256, 1, RGBAFormat, UnsignedByteType);
  private readonly bvh: MeshBVH;
  private readonly pin = pinOf("#ffffff", "#d01f3c");
  private readonly twin = pinOf("#ffffff", "#5a43c9");
  private readonly path = new PathLines();
  private readonly seams: SeamLines;
  private readonly radius: number;
  private readonly abort = new AbortController();
  private readonly observer: ResizeObserver;
  /** Ambient occlusion is there, or will not come. */
  private readonly shaded: Promise<void>;
  private frame = 0;
  private pointer: { x: number; y: number } | null = null;
  private dragged = false;
  private pressed: { x: number; y: number } | null = null;

  /**
   * @param seams (F,3) see mesh.ts.
   * @param rays for the ambient occlusion of each vertex.
   * @throws Error when the browser has no WebGL 2.
   */
  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly mesh: BodyMesh,
    seams: Uint8Array,
    rays = 24,
  ) {
    this.renderer = new WebGLRenderer({ canvas, antialias: true, alpha: true, powerPreference: "high-performance" });
    this.geometry = cornerGeometry(mesh);
    this.bvh = new MeshBVH(indexGeometry(mesh), { indirect: true });
    this.charts.needsUpdate = true;
    this.material = new ShaderMaterial({
      vertexShader: VERTEX,
      fragmentShader: FRAGMENT,
      side: DoubleSide,
      uniforms: {
        charts: { value: this.charts },
        isoLines: { value: true },
        wireframe: { value: false },
        byDistance: { value: false },
        byError: { value: false },
        unknown: { value: new Color(0.5, 0.5, 0.5) },
        ring: { value: 0 },
        farthest: { value: 1 },
        ratio: { value: 1 },
        ink: { value: new Color(0.1, 0.1, 0.14) },
      },
    });
    this.seams = new SeamLines(mesh, seams);
    this.scene.add(new Mesh(this.geometry, this.material), this.seams.lines, this.path.lines, this.pin, this.twin);
    this.controls = new OrbitControls(this.lens, canvas);
    this.controls.zoomToCursor = true;
    this.controls.rotateSpeed = 0.9;
    this.controls.addEventListener("change", () => {
      this.invalidate();
      // Under a pointer that rests the body moves on; while it is dragged nothing is read.
      if (!this.dragged) this.hover();
    });
    this.camera = new CameraMan(this.lens, this.controls, () => this.invalidate());
    sphereAround(mesh, () => true, this.camera.subject);
    this.radius = this.camera.subject.radius;
    this.controls.minDistance = 0.02 * this.radius;
    this.controls.maxDistance = 12 * this.radius;
    this.listen();
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(canvas.parentElement ?? canvas);
    this.resize();
    this.camera.look(0, false);
    this.shaded = ambientOcclusion(mesh, this.bvh, rays, this.abort.signal).then((shade) => {
      if (!shade) return;
      spreadToCorners(mesh, shade, this.geometry.getAttribute("shade") as BufferAttribute, 255);
      this.invalidate();
    });
  }

  destroy(): void {
    this.abort.abort();
    this.observer.disconnect();
    cancelAnimationFrame(this.frame);
    this.controls.dispose();
    this.geometry.dispose();
    this.material.dispose();
    this.charts.dispose();
    this.path.dispose();
    this.seams.dispose();
    this.renderer.dispose();
    // Under StrictMode the same canvas is taken up again at once, and a lost context would not come back.
    setTimeout(() => {
      if (!this.canvas.isConnected) this.renderer.forceContextLoss();
    });
  }

  // ------------------------------------------------------------------ what is shown

  show({ seamLines, ...shown }: Shown): void {
    for (const [name, value] of Object.entries(shown)) this.uniform(name, value);
    this.seams.lines.visible = seamLines;
    this.invalidate();
  }

  /** @param colours by chart number; null hides a chart. */
  paint(colours: readonly ChartColour[]): void {
    const data = this.charts.image.data as Uint8Array;
    const before = data.filter((_, k) => k % 4 === 3).join();
    for (let chart = 0; chart < 256; chart++) {
      const colour = colours[chart] ?? null;
      const value = colour ? Number.parseInt(colour.slice(1), 16) : 0;
      data.set([value >> 16, (value >> 8) & 255, value & 255, colour ? 255 : 0], 4 * chart);
    }
    this.charts.needsUpdate = true;
    if (data.filter((_, k) => k % 4 === 3).join() !== before) {
      this.seams.set((chart) => this.isShown(chart));
      sphereAround(this.mesh, (chart) => this.isShown(chart), this.camera.subject);
      this.hover();
    }
    this.invalidate();
  }

  /** @param distances per vertex in metres, or null for none. */
  setDistances(distances: Float32Array | null): void {
    if (distances) {
      // Where no path leads, -1: the shader draws no rings there.
      const squared = distances.map((d) => (Number.isFinite(d) ? d * d : -1));
      spreadToCorners(this.mesh, squared, this.geometry.getAttribute("squared") as BufferAttribute, 1);
      const farthest = distances.reduce((most, d) => (Number.isFinite(d) ? Math.max(most, d) : most), 0);
      this.uniform("farthest", farthest || 1);
      this.uniform("ring", ringStep(farthest));
    } else {
      this.uniform("ring", 0);
    }
    this.invalidate();
  }

  /**
   * Colours the surface by a value per vertex, from 0 to `top`.
   *
   * @param errors (V), NaN where nothing is known; null ends the colouring.
   * @param unknown "#rrggbb" of where nothing is known.
   */
  setErrors(errors: Float32Array | null, top = 1, unknown = "#808080"): void {
    this.uniform("byError", errors !== null);
    this.uniform("ring", 0);
    if (errors) {
      spreadToFaces(this.mesh, errors, this.geometry.getAttribute("squared") as BufferAttribute);
      this.uniform("farthest", top);
      const value = Number.parseInt(unknown.slice(1), 16);
      this.uniform(
        "unknown",
        new Color().fromArray([value >> 16, (value >> 8) & 255, value & 255].map((c) => c / 255)),
      );
    }
    this.invalidate();
  }

  /** Whether the mouse wheel zooms; where it does not, it scrolls the page. */
  setWheel(zooms: boolean): void {
    this.controls.enableZoom = zooms;
  }

  /** Turns the camera to where a point of the surface is seen from straight above it. */
  face(point: FacePoint, smooth = true): void {
    this.camera.from(normalAt(this.mesh, point), smooth);
  }

  /** Turns the camera to where two points are both seen, as far as that is possible; the first matters more. */
  faceBoth(first: FacePoint, second: FacePoint): void {
    const [a, b] = [normalAt(this.mesh, first), normalAt(this.mesh, second)];
    const between = a.map((value, k) => 0.6 * value + 0.4 * (b[k] as number)) as Vec3;
    this.camera.from(Math.hypot(...between) > 0.3 ? between : a, true);
  }

  setPin(point: FacePoint | null): void {
    this.place(this.pin, point);
  }

  setTwin(point: FacePoint | null): void {
    this.place(this.twin, point);
  }

  setPath(points: readonly Vec3[] | null): void {
    this.path.set(points);
    this.invalidate();
  }

  /** The surface point that is the mirror image of one, on a body that is symmetric about x = 0. */
  mirrored(point: FacePoint): FacePoint | null {
    const [x, y, z] = positionOf(this.mesh, point);
    const found = this.bvh.closestPointToPoint(new Vector3(-x, y, z));
    return found ? this.pointOn(found.faceIndex, found.point) : null;
  }

  /** What is shown now, as a PNG without background, once the shade is known. */
  async snapshot(): Promise<Blob> {
    await this.shaded;
    this.draw(performance.now());
    return new Promise((resolve, reject) => {
      this.canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture was made"))));
    });
  }

  // ------------------------------------------------------------------ drawing

  private invalidate(): void {
    if (this.frame === 0) this.frame = requestAnimationFrame((now) => this.draw(now));
  }

  private draw(now: number): void {
    this.frame = 0;
    this.camera.advance(now);
    const distance = this.lens.position.distanceTo(this.controls.target);
    this.lens.near = Math.max(distance - 2 * this.radius, 0.004 * this.radius);
    this.lens.far = distance + 3 * this.radius;
    this.lens.updateProjectionMatrix();
    for (const pin of [this.pin, this.twin]) pin.scale.setScalar(PIN * this.metresPerPixel(pin.position));
    this.renderer.render(this.scene, this.lens);
    if (this.camera.moving) this.invalidate();
  }

  private metresPerPixel(at: Vector3): number {
    const depth = at.distanceTo(this.lens.position);
    return (2 * depth * Math.tan((FIELD_OF_VIEW * Math.PI) / 360)) / Math.max(this.canvas.clientHeight, 1);
  }

  private resize(): void {
    const host = this.canvas.parentElement ?? this.canvas;
    const [width, height] = [Math.max(host.clientWidth, 1), Math.max(host.clientHeight, 1)];
    const ratio = Math.min(window.devicePixelRatio, 2);
    this.renderer.setPixelRatio(ratio);
    this.renderer.setSize(width, height, false);
    this.uniform("ratio", ratio);
    this.lens.aspect = width / height;
    this.lens.updateProjectionMatrix();
    this.invalidate();
  }

  private uniform(name: string, value: unknown): void {
    const uniform = this.material.uniforms[name];
    if (uniform) uniform.value = value;
  }

  private place(pin: Group, point: FacePoint | null): void {
    pin.visible = point !== null;
    if (point) pin.position.set(...positionOf(this.mesh, point));
    this.invalidate();
  }

  private isShown(chart: number): boolean {
    return (this.charts.image.data as Uint8Array)[4 * chart + 3] === 255;
  }

  // ------------------------------------------------------------------ the pointer

  private listen(): void {
    const options = { signal: this.abort.signal };
    const { canvas } = this;
    canvas.addEventListener("pointermove", (event) => this.moved(event), options);
    canvas.addEventListener("pointerdown", (event) => this.down(event), options);
    canvas.addEventListener("pointerup", (event) => this.up(event), options);
    canvas.addEventListener("pointerleave", () => this.left(), options);
    canvas.addEventListener("wheel", () => this.camera.stop(), { ...options, passive: true });
    canvas.addEventListener("contextmenu", (event) => event.preventDefault(), options);
  }

  private moved({ offsetX: x, offsetY: y, buttons }: PointerEvent): void {
    this.pointer = { x, y };
    this.dragged = buttons !== 0;
    if (!this.dragged) this.hover();
  }

  private down({ offsetX: x, offsetY: y, button }: PointerEvent): void {
    this.camera.stop();
    this.pressed = button === 0 ? { x, y } : null;
  }

  private up({ offsetX: x, offsetY: y, shiftKey }: PointerEvent): void {
    const { pressed } = this;
    this.pressed = null;
    if (pressed && Math.hypot(x - pressed.x, y - pressed.y) <= SLIP) this.onClick(this.pick(x, y), shiftKey);
  }

  private left(): void {
    this.pointer = null;
    this.onHover(null);
  }

  private hover(): void {
    if (this.pointer) this.onHover(this.pick(this.pointer.x, this.pointer.y));
  }

  /** The surface point under a place of the canvas, CSS pixels; hidden charts are looked through. */
  private pick(x: number, y: number): FacePoint | null {
    const place = new Vector2((2 * x) / this.canvas.clientWidth - 1, 1 - (2 * y) / this.canvas.clientHeight);
    const caster = new Raycaster();
    this.lens.updateMatrixWorld();
    caster.setFromCamera(place, this.lens);
    let best: { faceIndex?: number | null; point: Vector3; distance: number } | null = null;
    for (const hit of this.bvh.raycast(caster.ray, DoubleSide)) {
      const chart = this.mesh.chart[hit.faceIndex as number] as number;
      if (this.isShown(chart) && (!best || hit.distance < best.distance)) best = hit;
    }
    return best ? this.pointOn(best.faceIndex as number, best.point) : null;
  }

  private pointOn(face: number, { x, y, z }: Vector3): FacePoint {
    return { face, bary: baryOf(this.mesh, face, [x, y, z]) };
  }
}

/** A dot of radius 1 in a ring that keeps it apart from any colour. */
function pinOf(ring: string, dot: string): Group {
  const group = new Group();
  const ball = (radius: number, color: string, order: number) => {
    const mesh = new Mesh(new SphereGeometry(radius, 24, 16), new MeshBasicMaterial({ color }));
    mesh.renderOrder = order;
    return mesh;
  };
  const outer = ball(1.3, ring, 4);
  outer.material.depthWrite = false;
  group.add(outer, ball(1, dot, 5));
  group.visible = false;
  return group;
}
