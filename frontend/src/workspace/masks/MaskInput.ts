/** The hand on the canvas: pointer and wheel become strokes, polygons, fills, panning and brush sizes. */

import type { Parts } from "@/parts";
import type { Point } from "../engine/geometry";
import { labelAt } from "../engine/labelMap";
import type { MaskEditor } from "../engine/maskEditor";
import { BRUSH_MAX, BRUSH_MIN, type Settings } from "../settings";
import type { Stage } from "../stage/Stage";
import type { ValueStore } from "../valueStore";
import type { PolygonSketch } from "./PolygonSketch";
import type { Hand } from "./tools";

export interface MaskInputParts {
  stage: Stage;
  editor: MaskEditor;
  hand: ValueStore<Hand>;
  bodyParts: Parts;
  /** Takes a part into the hand; false where it is not wanted. */
  pick: (label: number) => boolean;
  settings: ValueStore<Settings>;
  sketch: PolygonSketch;
  /** Image coordinates of the map's first pixel. */
  origin: Point;
  /** Follows the pointer: a circle of the brush's size and the name of what it paints. */
  cursor: HTMLElement;
  /** Says why nothing happened, beside the pointer. */
  say: (message: string, at: Point) => void;
}

type Drag =
  | { kind: "pan"; x: number; y: number }
  | { kind: "size"; x: number; brush: number; moved: boolean }
  | { kind: "stroke" }
  | { kind: "lasso" };

const NOT_ENCLOSED = "This area is open to the background. Close its outline first.";

export class MaskInput {
  private drag: Drag | null = null;
  private panHeld = false;
  private lastEnd: Point | null = null;
  private pointer: Point = { x: -1, y: -1 };
  private readonly abort = new AbortController();

  constructor(private readonly parts: MaskInputParts) {
    const { host } = parts.stage;
    const options = { signal: this.abort.signal };
    host.addEventListener("pointerdown", (event) => this.down(event), options);
    host.addEventListener("pointermove", (event) => this.moved(event), options);
    host.addEventListener("pointerup", (event) => this.up(event), options);
    host.addEventListener("pointercancel", () => this.cancel(), options);
    host.addEventListener("pointerenter", (event) => this.hover(event), options);
    host.addEventListener("pointerleave", () => this.parts.cursor.toggleAttribute("data-away", true), options);
    host.addEventListener("dblclick", () => this.closePolygon(), options);
    host.addEventListener("contextmenu", (event) => event.preventDefault(), options);
    host.addEventListener("wheel", (event) => this.wheel(event), { ...options, passive: true });
    const release = [
      parts.hand.subscribe(() => this.showCursor()),
      parts.settings.subscribe(() => this.showCursor()),
      parts.stage.onView(() => this.showCursor()),
    ];
    this.abort.signal.addEventListener("abort", () => {
      for (const stop of release) stop();
    });
    parts.cursor.toggleAttribute("data-away", true);
    this.showCursor();
  }

  destroy(): void {
    this.abort.abort();
  }

  /** Space is down: dragging pans. */
  holdPan(held: boolean): void {
    this.panHeld = held;
    this.showCursor();
  }

  /** Takes back what the hand is doing; false when it is doing nothing. */
  cancel(): boolean {
    const busy = this.drag !== null || this.parts.sketch.active;
    if (this.drag?.kind === "stroke") this.parts.editor.cancelStroke();
    this.parts.sketch.clear();
    this.drag = null;
    this.showCursor();
    return busy;
  }

  /** @returns whether there was a polygon to close. */
  closePolygon(): boolean {
    const { sketch, editor, hand, settings } = this.parts;
    if (!sketch.active) return false;
    const points = sketch.points.map((point) => this.toMap(point));
    sketch.clear();
    if (points.length >= 3) editor.polygon(points, hand.get().label, settings.get().onlyEmpty);
    return true;
  }

  removeLastCorner(): boolean {
    return this.parts.sketch.removeLast();
  }

  private down(event: PointerEvent): void {
    const { stage, editor } = this.parts;
    if (this.drag) {
      // A second button while one is down ends nothing and begins nothing.
      return;
    }
    stage.host.setPointerCapture(event.pointerId);
    // A pen or a finger comes down without having hovered.
    this.hover(event);
    const at = stage.pointOf(event);
    if (event.button === 1 || (event.button === 0 && this.panHeld)) {
      event.preventDefault();
      this.drag = { kind: "pan", x: event.clientX, y: event.clientY };
    } else if (event.button === 0 && event.altKey) {
      this.drag = { kind: "size", x: event.clientX, brush: this.parts.settings.get().brush, moved: false };
    } else if (event.button === 2) {
      this.beginStroke(at, 0);
    } else if (event.button === 0) {
      this.applyTool(at, event);
    }
    if (!editor.busy) this.showCursor();
  }

  private applyTool(at: Point, event: PointerEvent): void {
    const { hand, sketch, editor, bodyParts } = this.parts;
    const { tool, label } = hand.get();
    if (tool === "brush" || tool === "eraser") {
      const from = event.shiftKey && this.lastEnd ? this.lastEnd : at;
      this.beginStroke(from, tool === "eraser" ? 0 : label);
      if (from !== at) editor.extendStroke(this.toMap(at));
    } else if (tool === "polygon") {
      if (sketch.closesAt(at)) {
        this.closePolygon();
        return;
      }
      sketch.begin(bodyParts.part(label).colour);
      sketch.add(at);
      this.drag = { kind: "lasso" };
    } else {
      this.fill(at, label);
    }
  }

  private beginStroke(at: Point, label: number): void {
    const { stage, editor, settings } = this.parts;
    const { brush, onlyEmpty } = settings.get();
    const radius = brush / 2 / stage.view.scale;
    this.drag = { kind: "stroke" };
    this.lastEnd = at;
    editor.beginStroke(this.toMap(at), { label, radius, onlyEmpty: onlyEmpty && label !== 0 });
  }

  private fill(at: Point, label: number): void {
    const { editor, settings, say, bodyParts } = this.parts;
    const point = this.toMap(at);
    const found = labelAt(editor.map, point);
    if (found !== 0 && found !== null && found !== label && settings.get().onlyEmpty) {
      say(`"Only empty" is on: this stays ${bodyParts.name(found)}.`, this.pointer);
      return;
    }
    const result = editor.fill(point, label);
    if (!("refused" in result)) return;
    if (result.refused === "open") say(NOT_ENCLOSED, this.pointer);
    else if (result.refused === "outside") say("This is outside the person's box.", this.pointer);
  }

  private moved(event: PointerEvent): void {
    this.hover(event);
    const { drag } = this;
    const { stage, editor, settings, sketch } = this.parts;
    if (drag?.kind === "pan") {
      stage.pan(event.clientX - drag.x, event.clientY - drag.y);
      this.drag = { kind: "pan", x: event.clientX, y: event.clientY };
    } else if (drag?.kind === "size") {
      const by = event.clientX - drag.x;
      if (Math.abs(by) > 3) drag.moved = true;
      if (drag.moved) settings.set({ brush: clampBrush(drag.brush + by) });
    } else if (drag?.kind === "stroke") {
      // The pointer reports more often than the screen shows: a fast stroke stays round.
      const all = event.getCoalescedEvents();
      for (const each of all.length > 0 ? all : [event]) editor.extendStroke(this.toMap(stage.pointOf(each)));
      this.lastEnd = stage.pointOf(event);
    } else if (drag?.kind === "lasso") {
      for (const each of event.getCoalescedEvents()) sketch.trail(stage.pointOf(each));
    }
    if (sketch.active) sketch.follow(stage.pointOf(event));
  }

  private up(event: PointerEvent): void {
    const { drag } = this;
    this.drag = null;
    if (drag?.kind === "stroke") this.parts.editor.endStroke();
    if (drag?.kind === "size" && !drag.moved) this.pickLabel(this.parts.stage.pointOf(event));
    this.showCursor();
  }

  /** Takes the part under the pointer into the hand. */
  private pickLabel(at: Point): void {
    const label = labelAt(this.parts.editor.map, this.toMap(at));
    if (label) this.parts.pick(label);
  }

  private wheel(event: WheelEvent): void {
    if (!event.altKey) return;
    const { settings } = this.parts;
    const step = event.deltaY < 0 || event.deltaX < 0 ? 1.12 : 1 / 1.12;
    settings.set({ brush: clampBrush(settings.get().brush * step) });
  }

  private hover(event: PointerEvent): void {
    this.pointer = this.parts.stage.screenPointOf(event);
    this.parts.cursor.toggleAttribute("data-away", false);
    this.parts.cursor.style.transform = `translate(${this.pointer.x}px, ${this.pointer.y}px)`;
  }

  private showCursor(): void {
    const { cursor, hand, settings, stage, bodyParts } = this.parts;
    const { tool, label } = hand.get();
    const panning = this.panHeld || this.drag?.kind === "pan";
    cursor.dataset.tool = panning ? "pan" : tool;
    stage.host.dataset.cursor = panning ? (this.drag ? "grabbing" : "grab") : tool;
    cursor.style.setProperty("--brush", `${settings.get().brush}px`);
    cursor.style.setProperty("--part", tool === "eraser" ? "#fff" : bodyParts.part(label).colour);
    const name = cursor.querySelector("[data-name]");
    if (name) name.textContent = tool === "eraser" ? "Erase" : bodyParts.name(label);
  }

  private toMap(point: Point): Point {
    return { x: point.x - this.parts.origin.x, y: point.y - this.parts.origin.y };
  }
}

export function clampBrush(brush: number): number {
  return Math.round(Math.min(Math.max(brush, BRUSH_MIN), BRUSH_MAX) * 10) / 10;
}
