import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { HUMAN } from "@/parts";
import { createLabelMap } from "../engine/labelMap";
import { MaskEditor } from "../engine/maskEditor";
import { DEFAULTS, type Settings } from "../settings";
import { Stage } from "../stage/Stage";
import { ValueStore } from "../valueStore";
import { clampBrush, MaskInput } from "./MaskInput";
import { PolygonSketch } from "./PolygonSketch";
import { createHand } from "./tools";

const REGION = { x: 10, y: 20, width: 40, height: 30 };

/** A stage of 100 x 100 CSS pixels that shows a photo of 100 x 100 one to one. */
function setUp() {
  const host = document.createElement("div");
  Object.defineProperties(host, { clientWidth: { value: 100 }, clientHeight: { value: 100 } });
  host.getBoundingClientRect = () => new DOMRect(0, 0, 100, 100);
  host.setPointerCapture = vi.fn();
  const cursor = document.createElement("div");
  cursor.innerHTML = "<span data-name></span>";
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const stage = new Stage(host, { width: 100, height: 100 }, { x: 0, y: 0, width: 100, height: 100 });
  stage.view = { scale: 1, x: 0, y: 0 };
  const map = createLabelMap(REGION.width, REGION.height);
  const editor = new MaskEditor(map, vi.fn(), vi.fn());
  const hand = createHand(HUMAN);
  const settings = new ValueStore<Settings>({ ...DEFAULTS, brush: 6 });
  const say = vi.fn();
  const sketch = new PolygonSketch(svg, stage);
  const input = new MaskInput({
    stage,
    editor,
    hand,
    bodyParts: HUMAN,
    pick: (label) => {
      hand.set({ label });
      return true;
    },
    settings,
    sketch,
    origin: REGION,
    cursor,
    say,
  });
  const send = (type: string, x: number, y: number, more: PointerEventInit = {}) =>
    host.dispatchEvent(new PointerEvent(type, { clientX: x, clientY: y, button: 0, ...more }));
  const at = (x: number, y: number) => map.data[(y - REGION.y) * REGION.width + (x - REGION.x)];
  const click = (x: number, y: number, more?: PointerEventInit) => {
    send("pointerdown", x, y, more);
    send("pointerup", x, y, more);
  };
  const drag = (points: [number, number][], more?: PointerEventInit) => {
    const [first = [0, 0], ...rest] = points;
    send("pointerdown", ...first, more);
    for (const point of rest) send("pointermove", ...point, more);
    send("pointerup", ...(points.at(-1) ?? first), more);
  };
  const painted = () => map.data.filter((label) => label !== 0).length;
  return { stage, editor, hand, settings, say, input, sketch, cursor, at, click, drag, send, painted };
}

beforeEach(() => {
  vi.stubGlobal(
    "ResizeObserver",
    class {
      observe() {}
      disconnect() {}
    },
  );
  vi.stubGlobal("requestAnimationFrame", () => 1);
});

afterEach(() => vi.unstubAllGlobals());

describe("MaskInput", () => {
  it("paints the part in the hand where the pointer goes, in the region's own place", () => {
    const { hand, drag, at } = setUp();
    hand.set({ label: 3 });
    drag([
      [20, 30],
      [40, 30],
    ]);
    expect([at(20, 30), at(30, 31), at(40, 30), at(30, 36)]).toEqual([3, 3, 3, 0]);
  });

  it("erases with the right button and with the eraser", () => {
    const { hand, drag, at } = setUp();
    drag([
      [20, 30],
      [40, 30],
    ]);
    drag([[30, 30]], { button: 2 });
    expect([at(30, 30), at(20, 30)]).toEqual([0, 14]);
    hand.set({ tool: "eraser" });
    drag([[20, 30]]);
    expect(at(20, 30)).toBe(0);
  });

  it("draws a straight line from the last stroke with Shift", () => {
    const { click, at } = setUp();
    click(15, 25);
    click(45, 45, { shiftKey: true });
    expect(at(30, 35)).toBe(14);
  });

  it("is finer on the photo when zoomed in", () => {
    const { stage, click, painted } = setUp();
    click(30, 35);
    const wide = painted();
    const fine = setUp();
    fine.stage.view = { scale: 2, x: 0, y: 0 };
    fine.click(60, 70);
    expect(stage.view.scale).toBe(1);
    expect(fine.painted()).toBeLessThan(wide / 2);
  });

  it("leaves other parts alone when only the empty is painted, but still erases", () => {
    const { hand, settings, click, at } = setUp();
    click(30, 30);
    settings.set({ onlyEmpty: true });
    hand.set({ label: 5 });
    click(30, 30);
    expect(at(30, 30)).toBe(14);
    click(30, 30, { button: 2 });
    expect(at(30, 30)).toBe(0);
  });

  it("closes a polygon of clicks, and takes corners back", () => {
    const { hand, input, click, at } = setUp();
    hand.set({ tool: "polygon", label: 7 });
    for (const [x, y] of [
      [15, 25],
      [45, 25],
      [45, 45],
      [90, 90],
    ] as const)
      click(x, y);
    expect(input.removeLastCorner()).toBe(true);
    expect(input.closePolygon()).toBe(true);
    expect([at(40, 28), at(20, 40), at(48, 48)]).toEqual([7, 0, 0]);
    expect(input.closePolygon()).toBe(false);
  });

  it("closes a polygon by a click on its first corner", () => {
    const { hand, click, sketch, at } = setUp();
    hand.set({ tool: "polygon", label: 7 });
    for (const [x, y] of [
      [15, 25],
      [45, 25],
      [45, 45],
      [16, 26],
    ] as const)
      click(x, y);
    expect(sketch.active).toBe(false);
    expect(at(40, 28)).toBe(7);
  });

  it("drops a polygon and a stroke under the hand on cancel", () => {
    const { hand, input, click, send, painted } = setUp();
    send("pointerdown", 30, 30);
    expect(painted()).toBeGreaterThan(0);
    expect(input.cancel()).toBe(true);
    expect(painted()).toBe(0);
    send("pointerup", 30, 30);
    hand.set({ tool: "polygon" });
    click(15, 25);
    expect(input.cancel()).toBe(true);
    expect(input.closePolygon()).toBe(false);
    expect(input.cancel()).toBe(false);
  });

  it("says why a fill does nothing", () => {
    const { hand, click, say, painted } = setUp();
    hand.set({ tool: "fill" });
    click(30, 30);
    expect(say).toHaveBeenLastCalledWith(expect.stringContaining("open to the background"), { x: 30, y: 30 });
    click(90, 90);
    expect(say).toHaveBeenLastCalledWith(expect.stringContaining("outside"), { x: 90, y: 90 });
    expect(painted()).toBe(0);
  });

  it("moves the photo while Space is held and with the middle button", () => {
    const { input, stage, drag, painted } = setUp();
    input.holdPan(true);
    drag([
      [50, 50],
      [60, 45],
    ]);
    input.holdPan(false);
    drag(
      [
        [50, 50],
        [55, 50],
      ],
      { button: 1 },
    );
    expect(stage.view).toMatchObject({ x: 15, y: -5 });
    expect(painted()).toBe(0);
  });

  it("changes the brush by Alt and drag, and takes the part under it by Alt and click", () => {
    const { hand, settings, click, drag, painted } = setUp();
    click(30, 30);
    const before = painted();
    drag(
      [
        [30, 30],
        [50, 30],
      ],
      { altKey: true },
    );
    expect(settings.get().brush).toBe(26);
    hand.set({ label: 4 });
    click(30, 30, { altKey: true });
    expect(hand.get().label).toBe(14);
    expect(painted()).toBe(before);
  });

  it("names what it paints beside the pointer", () => {
    const { hand, cursor } = setUp();
    hand.set({ label: 6 });
    expect(cursor.textContent).toBe("Right upper leg");
    hand.set({ tool: "eraser" });
    expect(cursor.textContent).toBe("Erase");
  });

  it("keeps the brush within its limits", () => {
    expect(clampBrush(0)).toBe(2);
    expect(clampBrush(1000)).toBe(240);
  });
});
