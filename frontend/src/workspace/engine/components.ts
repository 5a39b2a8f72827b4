/** Connected areas of equal label (4-connected), found over runs so that a large empty region costs little. */

import type { Rect } from "./geometry";
import type { LabelMap } from "./labelMap";

export interface Component {
  label: number;
  /** Pixels. */
  area: number;
  rect: Rect;
  /** Reaches the border of the map. */
  atBorder: boolean;
  /** A pixel of it. */
  at: { x: number; y: number };
  /** Its stretches of rows, flat: y, x0, x1. */
  spans: number[];
}

interface Run {
  x0: number;
  x1: number;
  label: number;
  id: number;
}

class Sets {
  private parent: number[] = [];

  make(): number {
    this.parent.push(this.parent.length);
    return this.parent.length - 1;
  }

  find(id: number): number {
    let root = id;
    while (this.parent[root] !== root) root = this.parent[root] as number;
    let node = id;
    while (this.parent[node] !== root) {
      const next = this.parent[node] as number;
      this.parent[node] = root;
      node = next;
    }
    return root;
  }

  join(a: number, b: number): void {
    this.parent[this.find(a)] = this.find(b);
  }
}

function runsOfRow(map: LabelMap, y: number): Run[] {
  const runs: Run[] = [];
  const row = y * map.width;
  let x = 0;
  while (x < map.width) {
    const label = map.data[row + x] as number;
    const x0 = x;
    while (x < map.width && map.data[row + x] === label) x++;
    runs.push({ x0, x1: x, label, id: -1 });
  }
  return runs;
}

/** All connected areas, the empty ones (label 0) among them. */
export function connectedComponents(map: LabelMap): Component[] {
  const sets = new Sets();
  const spans: { y: number; run: Run }[] = [];
  let above: Run[] = [];
  for (let y = 0; y < map.height; y++) {
    const row = runsOfRow(map, y);
    let k = 0;
    for (const run of row) {
      while (k < above.length && (above[k] as Run).x1 <= run.x0) k++;
      for (let j = k; j < above.length && (above[j] as Run).x0 < run.x1; j++) {
        const other = above[j] as Run;
        if (other.label !== run.label) continue;
        if (run.id < 0) run.id = other.id;
        else sets.join(run.id, other.id);
      }
      if (run.id < 0) run.id = sets.make();
      spans.push({ y, run });
    }
    above = row;
  }
  const found = new Map<number, Component>();
  for (const { y, run } of spans) {
    const id = sets.find(run.id);
    let component = found.get(id);
    if (!component) {
      const rect = { x0: run.x0, y0: y, x1: run.x1, y1: y + 1 };
      component = { label: run.label, area: 0, rect, atBorder: false, at: { x: run.x0, y }, spans: [] };
      found.set(id, component);
    }
    component.area += run.x1 - run.x0;
    component.rect.x0 = Math.min(component.rect.x0, run.x0);
    component.rect.x1 = Math.max(component.rect.x1, run.x1);
    component.rect.y1 = y + 1;
    component.atBorder ||= run.x0 === 0 || run.x1 === map.width || y === 0 || y === map.height - 1;
    component.spans.push(y, run.x0, run.x1);
  }
  return [...found.values()];
}

/** Gives every pixel of an area a label. */
export function paintComponent(map: LabelMap, component: Component, label: number): void {
  for (let k = 0; k < component.spans.length; k += 3) {
    const row = (component.spans[k] as number) * map.width;
    map.data.fill(label, row + (component.spans[k + 1] as number), row + (component.spans[k + 2] as number));
  }
}
