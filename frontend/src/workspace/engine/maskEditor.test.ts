import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { History } from "./history";
import { createLabelMap, paintSegment } from "./labelMap";
import { MaskEditor } from "./maskEditor";

const WIDTH = 24;
const HEIGHT = 20;

const points = fc.record({
  x: fc.double({ min: -3, max: WIDTH + 3, noNaN: true }),
  y: fc.double({ min: -3, max: HEIGHT + 3, noNaN: true }),
});
const labels = fc.integer({ min: 0, max: 14 });

const operations = fc.oneof(
  fc.record({
    kind: fc.constant("stroke" as const),
    path: fc.array(points, { minLength: 1, maxLength: 6 }),
    label: labels,
    radius: fc.double({ min: 0.3, max: 7, noNaN: true }),
    onlyEmpty: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant("polygon" as const),
    path: fc.array(points, { maxLength: 6 }),
    label: labels,
    onlyEmpty: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("fill" as const), at: points, label: labels }),
  fc.record({ kind: fc.constant("cancelled" as const), at: points, label: labels }),
  fc.record({ kind: fc.constantFrom("undo" as const, "redo" as const) }),
);

type Operation = typeof operations extends fc.Arbitrary<infer T> ? T : never;

function apply(editor: MaskEditor, operation: Operation): void {
  switch (operation.kind) {
    case "stroke":
      for (const [k, point] of operation.path.entries()) {
        if (k === 0) editor.beginStroke(point, operation);
        else editor.extendStroke(point);
      }
      editor.endStroke();
      break;
    case "polygon":
      editor.polygon(operation.path, operation.label, operation.onlyEmpty);
      break;
    case "fill":
      editor.fill(operation.at, operation.label);
      break;
    case "cancelled":
      editor.beginStroke(operation.at, { label: operation.label, radius: 4, onlyEmpty: false });
      editor.cancelStroke();
      break;
    default:
      editor[operation.kind]();
  }
}

describe("MaskEditor", () => {
  it("takes everything back to the first map and brings all of it again, whatever was done", () => {
    fc.assert(
      fc.property(fc.array(operations, { maxLength: 25 }), (steps) => {
        const editor = new MaskEditor(
          createLabelMap(WIDTH, HEIGHT),
          () => {},
          () => {},
        );
        for (const step of steps) apply(editor, step);
        while (editor.history.canRedo) editor.redo();
        const last = editor.map.data.slice();
        while (editor.history.canUndo) editor.undo();
        expect(editor.map.data.every((label) => label === 0)).toBe(true);
        while (editor.history.canRedo) editor.redo();
        expect(editor.map.data).toEqual(last);
      }),
    );
  });

  it("says every change to redraw and counts every finished step", () => {
    fc.assert(
      fc.property(fc.array(operations, { maxLength: 12 }), (steps) => {
        const shown = createLabelMap(WIDTH, HEIGHT);
        let edits = 0;
        const editor: MaskEditor = new MaskEditor(
          createLabelMap(WIDTH, HEIGHT),
          (rect) => {
            for (let y = rect.y0; y < rect.y1; y++) {
              for (let x = rect.x0; x < rect.x1; x++) shown.data[y * WIDTH + x] = editor.map.data[y * WIDTH + x] ?? 0;
            }
          },
          () => {
            edits++;
          },
        );
        for (const step of steps) {
          const before = editor.map.data.slice();
          const editsBefore = edits;
          apply(editor, step);
          expect(shown.data).toEqual(editor.map.data);
          const changed = editor.map.data.some((label, i) => label !== before[i]);
          expect(edits - editsBefore).toBe(changed ? 1 : 0);
        }
      }),
    );
  });

  it("forgets what was undone once something new is painted", () => {
    const editor = new MaskEditor(createLabelMap(8, 8), vi.fn(), vi.fn());
    editor.beginStroke({ x: 2, y: 2 }, { label: 1, radius: 1, onlyEmpty: false });
    editor.endStroke();
    editor.undo();
    editor.beginStroke({ x: 5, y: 5 }, { label: 2, radius: 1, onlyEmpty: false });
    editor.endStroke();
    expect(editor.history.canRedo).toBe(false);
  });
});

describe("History", () => {
  const stroke = (history: History, n: number) => {
    const before = createLabelMap(40, 40);
    const after = createLabelMap(40, 40);
    const rect = paintSegment(after, { x: n, y: n }, { x: n, y: n }, 3, 1);
    history.record(before, after, rect ?? { x0: 0, y0: 0, x1: 0, y1: 0 });
  };

  it("keeps the newest steps within its limits", () => {
    const history = new History({ steps: 5, bytes: 1 << 20 });
    for (let n = 1; n < 30; n++) stroke(history, n);
    expect(history.size.steps).toBe(5);
    const bytes = history.size.bytes;
    const small = new History({ steps: 100, bytes: Math.floor(bytes / 2) });
    for (let n = 1; n < 30; n++) stroke(small, n);
    expect(small.size.bytes).toBeLessThanOrEqual(bytes / 2);
    expect(small.size.steps).toBeGreaterThan(0);
  });

  it("keeps the last step even when it alone is over the limit", () => {
    const history = new History({ steps: 5, bytes: 1 });
    stroke(history, 10);
    expect(history.canUndo).toBe(true);
  });
});
