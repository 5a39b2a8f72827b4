import type { Point } from "../engine/geometry";
import { toScreen } from "../engine/viewport";
import type { Stage } from "../stage/Stage";

/** CSS pixels within which a click on the first corner closes the polygon. */
const CLOSE_AT = 9;
/** CSS pixels between the corners of a freehand line. */
const TRAIL_STEP = 3;

/** A polygon that is being drawn, shown over the photo. Points are image coordinates. */
export class PolygonSketch {
  points: Point[] = [];
  private hand: Point | null = null;
  private readonly line: SVGPolylineElement;
  private readonly casing: SVGPolylineElement;
  private readonly start: SVGCircleElement;
  private readonly release: () => void;

  constructor(
    private readonly svg: SVGSVGElement,
    private readonly stage: Stage,
  ) {
    this.casing = this.append("polyline", "casing");
    this.line = this.append("polyline", "line");
    this.start = this.append("circle", "start");
    this.start.setAttribute("r", "4");
    this.release = stage.onView(() => this.show());
    this.show();
  }

  destroy(): void {
    this.release();
    this.svg.replaceChildren();
  }

  get active(): boolean {
    return this.points.length > 0;
  }

  begin(colour: string): void {
    this.svg.style.setProperty("--part", colour);
  }

  add(point: Point): void {
    // The second click of a double click lands on the corner that the first one set.
    if (this.far(point, 2)) this.points.push(point);
    this.follow(point);
  }

  /** A freehand line: corners as the pointer goes. */
  trail(point: Point): void {
    if (this.far(point, TRAIL_STEP)) this.points.push(point);
  }

  follow(point: Point): void {
    this.hand = point;
    this.show();
  }

  closesAt(point: Point): boolean {
    const [first] = this.points;
    return first !== undefined && this.points.length >= 3 && this.distance(first, point) <= CLOSE_AT;
  }

  removeLast(): boolean {
    const removed = this.points.pop() !== undefined;
    this.show();
    return removed;
  }

  clear(): void {
    this.points = [];
    this.hand = null;
    this.show();
  }

  private far(point: Point, pixels: number): boolean {
    const last = this.points.at(-1);
    return last === undefined || this.distance(last, point) >= pixels;
  }

  private distance(a: Point, b: Point): number {
    return Math.hypot(a.x - b.x, a.y - b.y) * this.stage.view.scale;
  }

  private show(): void {
    const [first] = this.points;
    this.svg.toggleAttribute("data-empty", first === undefined);
    if (!first) return;
    const corners = this.hand ? [...this.points, this.hand] : this.points;
    const text = corners
      .map((point) => toScreen(this.stage.view, point))
      .map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`)
      .join(" ");
    this.line.setAttribute("points", text);
    this.casing.setAttribute("points", text);
    const { x, y } = toScreen(this.stage.view, first);
    this.start.setAttribute("cx", String(x));
    this.start.setAttribute("cy", String(y));
  }

  private append<K extends "polyline" | "circle">(name: K, role: string): SVGElementTagNameMap[K] {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    element.dataset.role = role;
    this.svg.append(element);
    return element;
  }
}
