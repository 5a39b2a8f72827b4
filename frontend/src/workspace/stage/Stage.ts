/**
 * The photo on the screen: where it stands, and the layers drawn over each other.
 *
 * Free of React: between two frames any number of changes come in, and each layer is drawn at most once.
 */

import type { Point, Rect } from "../engine/geometry";
import {
  type Box,
  between,
  clampPan,
  fitBox,
  panBy,
  type Size,
  toImage,
  type Viewport,
  wheelFactor,
  zoomAt,
} from "../engine/viewport";

export interface Layer {
  readonly canvas: HTMLCanvasElement;
  /** Draws what is stale. The canvas has the size of the screen in device pixels. */
  draw(stage: Stage): void;
  /** Everything of it is stale: the view or the size has changed. */
  expire(): void;
}

const MOVE_MS = 220;

export class Stage {
  view: Viewport;
  screen: Size;
  pixelRatio = 1;
  private readonly layers: Layer[] = [];
  private readonly viewListeners = new Set<() => void>();
  private readonly observer: ResizeObserver;
  private frame = 0;
  private fitted = true;
  private move: { from: Viewport; to: Viewport; start: number } | null = null;

  /**
   * @param host the element that the layers fill; its mouse wheel zooms.
   * @param image size of the photo.
   * @param home what "fit" shows, in image coordinates.
   */
  constructor(
    readonly host: HTMLElement,
    readonly image: Size,
    private home: Box,
  ) {
    this.screen = { width: Math.max(host.clientWidth, 1), height: Math.max(host.clientHeight, 1) };
    this.view = fitBox(home, this.screen);
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(host);
    host.addEventListener("wheel", this.onWheel, { passive: false });
  }

  destroy(): void {
    this.observer.disconnect();
    this.host.removeEventListener("wheel", this.onWheel);
    cancelAnimationFrame(this.frame);
    this.viewListeners.clear();
  }

  add(layer: Layer): void {
    this.layers.push(layer);
    this.resize();
  }

  /** The view in device pixels. */
  get deviceView(): Viewport {
    const { scale, x, y } = this.view;
    const ratio = this.pixelRatio;
    return { scale: scale * ratio, x: x * ratio, y: y * ratio };
  }

  get deviceRect(): Rect {
    const { width, height } = this.layers[0]?.canvas ?? { width: 0, height: 0 };
    return { x0: 0, y0: 0, x1: width, y1: height };
  }

  /** Image point under a pointer event. */
  pointOf(event: { clientX: number; clientY: number }): Point {
    return toImage(this.view, this.screenPointOf(event));
  }

  screenPointOf(event: { clientX: number; clientY: number }): Point {
    const box = this.host.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  onView(listener: () => void): () => void {
    this.viewListeners.add(listener);
    return () => this.viewListeners.delete(listener);
  }

  fit(): void {
    this.show(this.home);
    this.fitted = true;
  }

  setHome(home: Box): void {
    this.home = home;
  }

  /** Shows a box at once. */
  show(box: Box): void {
    this.setView(fitBox(box, this.screen));
  }

  pan(dx: number, dy: number): void {
    this.setView(panBy(this.view, dx, dy));
  }

  zoom(factor: number, at: Point = { x: this.screen.width / 2, y: this.screen.height / 2 }): void {
    const whole = fitBox({ x: 0, y: 0, ...this.image }, this.screen).scale;
    this.setView(zoomAt(this.view, at, factor, whole / 2));
  }

  /** Moves to a view in a fifth of a second, or at once for those who want no motion. */
  moveTo(to: Viewport): void {
    const target = clampPan(to, this.image, this.screen);
    if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.setView(target);
      return;
    }
    this.fitted = false;
    this.move = { from: this.view, to: target, start: performance.now() };
    this.requestFrame();
  }

  requestFrame(): void {
    this.frame ||= requestAnimationFrame((now) => this.drawFrame(now));
  }

  private setView(view: Viewport): void {
    this.move = null;
    this.fitted = false;
    this.applyView(clampPan(view, this.image, this.screen));
  }

  private applyView(view: Viewport): void {
    this.view = view;
    for (const layer of this.layers) layer.expire();
    this.requestFrame();
    for (const listener of this.viewListeners) listener();
  }

  private drawFrame(now: number): void {
    this.frame = 0;
    if (this.move) {
      const { from, to, start } = this.move;
      const t = Math.min(Math.max((now - start) / MOVE_MS, 0), 1);
      if (t >= 1) this.move = null;
      this.applyView(between(from, to, t * (2 - t), this.screen));
    }
    for (const layer of this.layers) layer.draw(this);
  }

  private readonly onWheel = (event: WheelEvent): void => {
    event.preventDefault();
    if (event.altKey) return;
    this.zoom(wheelFactor(event), this.screenPointOf(event));
  };

  private resize(): void {
    const { clientWidth, clientHeight } = this.host;
    if (clientWidth === 0 || clientHeight === 0) return;
    const before = this.screen;
    this.pixelRatio = window.devicePixelRatio;
    this.screen = { width: clientWidth, height: clientHeight };
    const width = Math.round(clientWidth * this.pixelRatio);
    const height = Math.round(clientHeight * this.pixelRatio);
    for (const { canvas } of this.layers) {
      if (canvas.width !== width) canvas.width = width;
      if (canvas.height !== height) canvas.height = height;
    }
    if (this.fitted) this.fit();
    else this.applyView(panBy(this.view, (clientWidth - before.width) / 2, (clientHeight - before.height) / 2));
  }
}
