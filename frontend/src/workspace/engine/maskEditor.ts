/** One person's mask while it is edited: the label map, the stroke under the hand, undo and redo. */

import { type Component, paintComponent } from "./components";
import { type FillResult, floodFill } from "./fill";
import { type Point, type Rect, union } from "./geometry";
import { History } from "./history";
import {
  copyRect,
  createLabelMap,
  differingRect,
  type LabelMap,
  paintPolygon,
  paintSegment,
  wholeRect,
} from "./labelMap";

export interface StrokeStyle {
  /** A part's label, or 0 to erase. */
  label: number;
  /** Radius in image pixels. */
  radius: number;
  onlyEmpty: boolean;
}

interface Stroke extends StrokeStyle {
  last: Point;
  dirty: Rect | null;
}

export class MaskEditor {
  readonly map: LabelMap;
  readonly history = new History();
  /** The map as of the last finished step. */
  private readonly settled: LabelMap;
  private stroke: Stroke | null = null;

  /**
   * @param onDraw called with each rectangle whose pixels changed, for redrawing.
   * @param onEdit called once after each finished step, for saving.
   */
  constructor(
    map: LabelMap,
    private readonly onDraw: (rect: Rect) => void,
    private readonly onEdit: () => void,
  ) {
    this.map = map;
    this.settled = createLabelMap(map.width, map.height);
    this.settled.data.set(map.data);
  }

  get busy(): boolean {
    return this.stroke !== null;
  }

  beginStroke(at: Point, style: StrokeStyle): void {
    this.endStroke();
    this.stroke = { ...style, last: at, dirty: null };
    this.extendStroke(at);
  }

  extendStroke(to: Point): void {
    const stroke = this.stroke;
    if (!stroke) return;
    const rect = paintSegment(this.map, stroke.last, to, stroke.radius, stroke.label, stroke.onlyEmpty);
    stroke.last = to;
    if (!rect) return;
    stroke.dirty = union(stroke.dirty, rect);
    this.onDraw(rect);
  }

  endStroke(): void {
    const dirty = this.stroke?.dirty ?? null;
    this.stroke = null;
    if (dirty) this.settle(dirty);
  }

  /** Takes back the stroke under the hand, as if it had not begun. */
  cancelStroke(): void {
    const dirty = this.stroke?.dirty ?? null;
    this.stroke = null;
    if (!dirty) return;
    copyRect(this.settled, this.map, dirty);
    this.onDraw(dirty);
  }

  polygon(points: readonly Point[], label: number, onlyEmpty: boolean): void {
    this.endStroke();
    const dirty = paintPolygon(this.map, points, label, onlyEmpty);
    if (dirty) this.finish(dirty);
  }

  fill(at: Point, label: number): FillResult {
    this.endStroke();
    const result = floodFill(this.map, at, label);
    if ("dirty" in result) this.finish(result.dirty);
    return result;
  }

  /** Gives whole areas other labels in one step. */
  relabel(areas: readonly { component: Component; label: number }[]): void {
    this.endStroke();
    let dirty: Rect | null = null;
    for (const { component, label } of areas) {
      paintComponent(this.map, component, label);
      dirty = union(dirty, component.rect);
    }
    if (dirty) this.finish(dirty);
  }

  /** Puts another map in place of this one, as one step that undo takes back. */
  replace(other: LabelMap): void {
    this.endStroke();
    this.map.data.set(other.data);
    this.finish(wholeRect(this.map));
  }

  undo(): void {
    this.endStroke();
    this.step(this.history.undo(this.map));
  }

  redo(): void {
    this.endStroke();
    this.step(this.history.redo(this.map));
  }

  private step(rect: Rect | null): void {
    if (!rect) return;
    copyRect(this.map, this.settled, rect);
    this.onDraw(rect);
    this.onEdit();
  }

  private finish(dirty: Rect): void {
    this.onDraw(dirty);
    this.settle(dirty);
  }

  private settle(dirty: Rect): void {
    const changed = differingRect(this.settled, this.map, dirty);
    if (!changed) return;
    this.history.record(this.settled, this.map, changed);
    copyRect(this.map, this.settled, changed);
    this.onEdit();
  }
}
