import { type Rect, union } from "../engine/geometry";
import type { LabelMap } from "../engine/labelMap";
import { drawFilled, drawOutlines, type Palette, screenRect } from "../engine/overlay";
import type { Viewport } from "../engine/viewport";
import type { Layer, Stage } from "./Stage";

/** Device pixels that an outline is wide, per CSS pixel. */
const OUTLINE = 2;

/** The label map over the photo. Opacity is the canvas's own style, so changing it draws nothing. */
export class MaskLayer implements Layer {
  private stale: Rect | "all" | null = "all";
  outlines = false;

  constructor(
    readonly canvas: HTMLCanvasElement,
    private readonly map: LabelMap,
    /** Image coordinates of the map's first pixel. */
    private readonly origin: { x: number; y: number },
    private readonly palette: Palette,
  ) {}

  expire(): void {
    this.stale = "all";
  }

  /** A rectangle of the map has changed. */
  expireRect(rect: Rect): void {
    if (this.stale !== "all") this.stale = union(this.stale, rect);
  }

  draw(stage: Stage): void {
    const { stale } = this;
    if (!stale) return;
    this.stale = null;
    const view = this.viewOf(stage);
    const thickness = Math.max(1, Math.round(OUTLINE * stage.pixelRatio));
    const screen = stage.deviceRect;
    const rect = stale === "all" ? screen : screenRect(stale, view, screen, this.outlines ? thickness : 0);
    if (!rect || rect.x1 <= rect.x0 || rect.y1 <= rect.y0) return;
    const picture = new ImageData(rect.x1 - rect.x0, rect.y1 - rect.y0);
    const words = new Uint32Array(picture.data.buffer);
    if (this.outlines) drawOutlines(this.map, view, rect, this.palette, words, thickness);
    else drawFilled(this.map, view, rect, this.palette, words);
    (this.canvas.getContext("2d") as CanvasRenderingContext2D).putImageData(picture, rect.x0, rect.y0);
  }

  private viewOf(stage: Stage): Viewport {
    const { scale, x, y } = stage.deviceView;
    return { scale, x: x + this.origin.x * scale, y: y + this.origin.y * scale };
  }
}
