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
import { Line2 } from "three/examples/jsm/lines/Line2.js";
import { LineGeometry } from "three/examples/jsm/lines/LineGeometry.js";
import { LineMaterial } from "three/examples/jsm/lines/LineMaterial.js";
import { MeshBVH } from "three-mesh-bvh";
import { ambientOcclusion } from "./ambient";
import { cornerGeometry, indexGeometry, spreadToCorners } from "./geometry";
import { type BodyMesh, baryOf, type FacePoint, positionOf, ringStep, type Vec3 } from "./mesh";
import { FRAGMENT, VERTEX } from "./shader";
import { distanceToFit, turned, VIEWS } from "./views";

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
const TURN_MS = 260;

interface Turn {
  from: Vec3;
  to: Vec3;
  fromTarget: Vector3;
  toTarget: Vector3;
  start: number;
}

export class BodyScene {
  /** The pointer is over a point of the surface, or beside the body. */
  onHover: (point: FacePoint | null) => void = () => {};
  onClick: (point: FacePoint | null, withShift: boolean) => void = () => {};

  private readonly renderer: WebGLRenderer;
  private readonly scene = new Scene();
  private readonly camera = new PerspectiveCamera(FIELD_OF_VIEW, 1, 0.01, 100);
  private readonly controls: OrbitControls;
  private readonly geometry: BufferGeometry;
  private readonly material: ShaderMaterial;
  private readonly charts = new DataTexture(new Uint8Array(4 * 256), 256, 1, RGBAFormat, UnsignedByteType);
  private readonly bvh: MeshBVH;
  private readonly pin = pinOf("#ffffff", "#d01f3c");
  private readonly twin = pinOf("#ffffff", "#5a43c9");
  private readonly path: { group: Group; geometry: LineGeometry; materials: LineMaterial[] };
  private readonly centre: Vector3;
  private readonly radius: number;
  private readonly abort = new AbortController();
  private readonly observer: ResizeObserver;
  /** Ambient occlusion is there, or will not come. */
  private readonly shaded: Promise<void>;
  private frame = 0;
  private pointer: { x: number; y: number } | null = null;
  private pressed: { x: number; y: number } | null = null;
  private turn: Turn | null = null;

  /** @throws Error when the browser has no WebGL 2. */
  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly mesh: BodyMesh,
    partOfChart: ArrayLike<number>,
  ) {
    this.renderer = new WebGLRenderer({ canvas, antialias: true, alpha: true, powerPreference: "high-performance" });
    this.geometry = cornerGeometry(mesh, partOfChart);
    this.geometry.computeBoundingSphere();
    const { center, radius } = this.geometry.boundingSphere ?? { center: new Vector3(), radius: 1 };
    this.centre = boxCentre(this.geometry) ?? center;
    this.radius = radius;
    this.bvh = new MeshBVH(indexGeometry(mesh), { indirect: true });
    this.charts.needsUpdate = true;
    this.material = new ShaderMaterial({
      vertexShader: VERTEX,
      fragmentShader: FRAGMENT,
      side: DoubleSide,
      uniforms: {
        charts: { value: this.charts },
        isoLines: { value: true },
        seamLines: { value: true },
        wireframe: { value: false },
        byDistance: { value: false },
        ring: { value: 0 },
        farthest: { value: 1 },
        ratio: { value: 1 },
        ink: { value: new Color(0.1, 0.1, 0.14) },
      },
    });
    this.scene.add(new Mesh(this.geometry, this.material), this.pin, this.twin);
    this.path = pathLine();
    this.scene.add(this.path.group);
    this.controls = new OrbitControls(this.camera, canvas);
    this.controls.zoomToCursor = true;
    this.controls.rotateSpeed = 0.9;
    this.controls.minDistance = 0.02 * radius;
    this.controls.maxDistance = 12 * radius;
    this.controls.addEventListener("change", () => this.invalidate());
    this.listen();
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(canvas.parentElement ?? canvas);
    this.resize();
    this.look(0, false);
    this.shaded = ambientOcclusion(mesh, this.bvh, this.abort.signal).then((shade) => {
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
    this.path.geometry.dispose();
    for (const material of this.path.materials) material.dispose();
    this.renderer.dispose();
    this.renderer.forceContextLoss();
  }

  // ------------------------------------------------------------------ what is shown

  show(shown: Shown): void {
    for (const [name, value] of Object.entries(shown)) this.uniform(name, value);
    this.invalidate();
  }

  /** @param colours by chart number; null hides a chart. */
  paint(colours: readonly ChartColour[]): void {
    const data = this.charts.image.data as Uint8Array;
    for (let chart = 0; chart < 256; chart++) {
      const colour = colours[chart] ?? null;
      const value = colour ? Number.parseInt(colour.slice(1), 16) : 0;
      data.set([value >> 16, (value >> 8) & 255, value & 255, colour ? 255 : 0], 4 * chart);
    }
    this.charts.needsUpdate = true;
    this.hover();
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

  setPin(point: FacePoint | null): void {
    this.place(this.pin, point);
  }

  setTwin(point: FacePoint | null): void {
    this.place(this.twin, point);
  }

  setPath(points: readonly Vec3[] | null): void {
    this.path.group.visible = points !== null && points.length > 1;
    if (points && points.length > 1) this.path.geometry.setPositions(points.flat());
    this.invalidate();
  }

  /** The surface point that is the mirror image of one, on a body that is symmetric about x = 0. */
  mirrored(point: FacePoint): FacePoint | null {
    const [x, y, z] = positionOf(this.mesh, point);
    const found = this.bvh.closestPointToPoint(new Vector3(-x, y, z));
    return found ? this.pointOn(found.faceIndex, found.point) : null;
  }

  // ------------------------------------------------------------------ the camera

  /** One of the six standard views; the distance stays, if the body has been framed before. */
  look(index: number, smooth = true): void {
    const view = VIEWS[index];
    if (!view) return;
    // A hair beside the pole: straight from above, "up" has no direction.
    const [x, y, z] = view.from;
    this.moveTo([x, y, z === 0 && x === 0 ? 1e-3 : z], this.centre, this.fitting(), smooth);
  }

  /** Shows the whole body from where the camera stands. */
  frameBody(): void {
    const { x, y, z } = this.camera.position.clone().sub(this.controls.target);
    this.moveTo([x, y, z], this.centre, this.fitting(), true);
  }

  orbit(around: number, up: number): void {
    const { x, y, z } = this.camera.position.clone().sub(this.controls.target);
    this.camera.position.set(...turned([x, y, z], around, up)).add(this.controls.target);
    this.controls.update();
    this.invalidate();
  }

  zoom(factor: number): void {
    const offset = this.camera.position.clone().sub(this.controls.target);
    const length = Math.min(Math.max(offset.length() / factor, this.controls.minDistance), this.controls.maxDistance);
    this.camera.position.copy(offset.setLength(length).add(this.controls.target));
    this.controls.update();
    this.invalidate();
  }

  private fitting(): number {
    return 1.04 * distanceToFit(this.radius, (FIELD_OF_VIEW * Math.PI) / 180, this.camera.aspect);
  }

  private moveTo(direction: Vec3, target: Vector3, distance: number, smooth: boolean): void {
    const to = new Vector3(...direction).setLength(distance);
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const { x, y, z } = this.camera.position.clone().sub(this.controls.target);
    this.turn = {
      from: [x, y, z],
      to: [to.x, to.y, to.z],
      fromTarget: this.controls.target.clone(),
      toTarget: target.clone(),
      start: smooth && !still ? performance.now() : Number.NEGATIVE_INFINITY,
    };
    if (!smooth || still) this.advance(performance.now());
    this.invalidate();
  }

  /** Follows the shorter way around the body to where the camera is going. */
  private advance(now: number): void {
    if (!this.turn) return;
    const { from, to, fromTarget, toTarget, start } = this.turn;
    const t = Math.min((now - start) / TURN_MS, 1);
    const eased = t * t * (3 - 2 * t);
    const [a, b] = [new Vector3(...from), new Vector3(...to)];
    const heading = (v: Vector3) => Math.atan2(v.x, v.z);
    const tilt = (v: Vector3) => Math.asin(Math.min(Math.max(v.y / (v.length() || 1), -1), 1));
    const around = Math.atan2(Math.sin(heading(b) - heading(a)), Math.cos(heading(b) - heading(a)));
    const length = a.length() + eased * (b.length() - a.length());
    const offset =
      t === 1 || a.length() === 0 ? b : new Vector3(...turned(from, eased * around, eased * (tilt(b) - tilt(a))));
    this.controls.target.lerpVectors(fromTarget, toTarget, eased);
    this.camera.position.copy(offset.setLength(t === 1 ? b.length() : length).add(this.controls.target));
    this.controls.update();
    if (t === 1) this.turn = null;
    else this.invalidate();
  }

  // ------------------------------------------------------------------ drawing

  invalidate(): void {
    if (this.frame === 0) this.frame = requestAnimationFrame((now) => this.draw(now));
  }

  private draw(now: number): void {
    this.frame = 0;
    this.advance(now);
    const distance = this.camera.position.distanceTo(this.controls.target);
    this.camera.near = Math.max(distance - 2 * this.radius, 0.002 * this.radius);
    this.camera.far = distance + 3 * this.radius;
    this.camera.updateProjectionMatrix();
    for (const pin of [this.pin, this.twin]) pin.scale.setScalar(PIN * this.metresPerPixel(pin.position));
    this.renderer.render(this.scene, this.camera);
    if (this.turn) this.invalidate();
  }

  /** What is shown now, as a PNG without background, once the shade is known. */
  async snapshot(): Promise<Blob> {
    await this.shaded;
    this.draw(performance.now());
    return new Promise((resolve, reject) => {
      this.canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture was made"))));
    });
  }

  private metresPerPixel(at: Vector3): number {
    const depth = at.distanceTo(this.camera.position);
    return (2 * depth * Math.tan((FIELD_OF_VIEW * Math.PI) / 360)) / Math.max(this.canvas.clientHeight, 1);
  }

  private resize(): void {
    const host = this.canvas.parentElement ?? this.canvas;
    const [width, height] = [Math.max(host.clientWidth, 1), Math.max(host.clientHeight, 1)];
    const ratio = Math.min(window.devicePixelRatio, 2);
    this.renderer.setPixelRatio(ratio);
    this.renderer.setSize(width, height, false);
    this.uniform("ratio", ratio);
    const before = this.camera.aspect;
    this.camera.aspect = width / height;
    this.camera.updateProjectionMatrix();
    for (const material of this.path.materials) material.resolution.set(width, height);
    // A body that filled a narrow place goes on filling it when the place gets wider, and never leaves it.
    if (before !== this.camera.aspect && this.camera.position.lengthSq() > 0) this.zoom(1);
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

  // ------------------------------------------------------------------ the pointer

  private listen(): void {
    const options = { signal: this.abort.signal };
    const { canvas } = this;
    canvas.addEventListener("pointermove", (event) => this.moved(event), options);
    canvas.addEventListener("pointerdown", (event) => this.down(event), options);
    canvas.addEventListener("pointerup", (event) => this.up(event), options);
    canvas.addEventListener("pointerleave", () => this.left(), options);
    canvas.addEventListener("contextmenu", (event) => event.preventDefault(), options);
  }

  private moved({ offsetX: x, offsetY: y, buttons }: PointerEvent): void {
    this.pointer = { x, y };
    if (buttons === 0) this.hover();
  }

  private down({ offsetX: x, offsetY: y, button }: PointerEvent): void {
    this.turn = null;
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
    this.camera.updateMatrixWorld();
    caster.setFromCamera(place, this.camera);
    const data = this.charts.image.data as Uint8Array;
    const isShown = (face: number) => data[4 * (this.mesh.chart[face] as number) + 3] === 255;
    let best: { faceIndex?: number | null; point: Vector3; distance: number } | null = null;
    for (const hit of this.bvh.raycast(caster.ray, DoubleSide)) {
      if (isShown(hit.faceIndex as number) && (!best || hit.distance < best.distance)) best = hit;
    }
    return best ? this.pointOn(best.faceIndex as number, best.point) : null;
  }

  private pointOn(face: number, { x, y, z }: Vector3): FacePoint {
    return { face, bary: baryOf(this.mesh, face, [x, y, z]) };
  }
}

function boxCentre(geometry: BufferGeometry): Vector3 | null {
  geometry.computeBoundingBox();
  return geometry.boundingBox?.getCenter(new Vector3()) ?? null;
}

/** A dot of radius 1 in a ring that keeps it apart from any colour. */
function pinOf(ring: string, dot: string): Group {
  const group = new Group();
  const ball = (radius: number, color: string, order: number) => {
    const mesh = new Mesh(new SphereGeometry(radius, 24, 16), new MeshBasicMaterial({ color }));
    mesh.renderOrder = order;
    return mesh;
  };
  group.add(ball(1, dot, 2));
  const outer = ball(1.3, ring, 1);
  outer.material.depthWrite = false;
  group.add(outer);
  group.visible = false;
  return group;
}

/** The shortest path: a light line in a dark casing, a little nearer to the camera than the surface it lies on. */
function pathLine(): { group: Group; geometry: LineGeometry; materials: LineMaterial[] } {
  const geometry = new LineGeometry();
  const group = new Group();
  const materials = [
    { color: 0x3b0410, linewidth: 6, bias: -8 },
    { color: 0xffe08a, linewidth: 3.2, bias: -16 },
  ].map(({ color, linewidth, bias }, order) => {
    const material = new LineMaterial({ color, linewidth });
    material.polygonOffset = true;
    material.polygonOffsetFactor = bias;
    material.polygonOffsetUnits = bias;
    const line = new Line2(geometry, material);
    line.renderOrder = order + 1;
    line.frustumCulled = false;
    group.add(line);
    return material;
  });
  group.visible = false;
  return { group, geometry, materials };
}
