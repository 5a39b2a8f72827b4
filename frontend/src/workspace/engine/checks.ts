/** What may be wrong with a mask, found before it is submitted: sides mixed up, stray parts, islands, holes. */

import type { Parts } from "@/parts";
import { type Component, connectedComponents } from "./components";
import { type Rect, union } from "./geometry";
import type { LabelMap } from "./labelMap";

/** An area and the label that it gets. */
export interface Repair {
  component: Component;
  label: number;
}

export interface Warning {
  /** "stray": the whole part is no more than a slip of the hand. */
  kind: "side" | "stray" | "island" | "hole";
  /** The part it is about. */
  label: number;
  /** Where to look, in map pixels. */
  rect: Rect;
  /** Pixels. */
  area: number;
  /** What to paint to be rid of it; empty where only the annotator can tell. */
  repairs: Repair[];
  /** The part on whose side it lies (kind "side"). */
  beside?: number;
}

export interface MaskReport {
  /** Pixels of each label, index 0 unused. */
  areas: number[];
  /** What matters most comes first: sides, stray parts, then islands and holes, large before small. */
  warnings: Warning[];
}

/** An island or a hole smaller than this share of its part is taken for a slip of the hand. */
const SLIP_SHARE = 0.01;
/** ... and one of at most this many pixels always is. */
export const SLIP_PIXELS = 12;

export function inspectMask(map: LabelMap, parts: Parts): MaskReport {
  const components = connectedComponents(map);
  const areas = new Array<number>(parts.count + 1).fill(0);
  const largest = new Array<number>(parts.count + 1).fill(0);
  for (const { label, area } of components) {
    if (label === 0) continue;
    areas[label] = (areas[label] as number) + area;
    largest[label] = Math.max(largest[label] as number, area);
  }
  const slips: Warning[] = [];
  const isSolid = (label: number) => (areas[label] as number) > SLIP_PIXELS;
  const painted = areas.reduce((sum, area) => sum + area, 0);
  for (const component of components) {
    const { label, area, rect } = component;
    if (label === 0) {
      if (component.atBorder || !isSlip(area, painted)) continue;
      const around = labelAround(map, component);
      slips.push({ kind: "hole", label: around, rect, area, repairs: [{ component, label: around }] });
    } else if (isSolid(label) && area < (largest[label] as number) && isSlip(area, largest[label] as number)) {
      slips.push({ kind: "island", label, rect, area, repairs: [repairOf(map, component)] });
    }
  }
  slips.sort((a, b) => b.area - a.area);
  const strays = strayParts(map, components, areas);
  return { areas, warnings: [...mixedSides(map, components, isSolid, parts), ...strays, ...slips] };
}

/** Islands and holes of a few pixels, where there are several, apart from everything else. */
export function foldSpecks(warnings: readonly Warning[]): { specks: Warning[]; rest: Warning[] } {
  const isSpeck = ({ kind, area }: Warning) => (kind === "island" || kind === "hole") && area <= SLIP_PIXELS;
  const specks = warnings.filter(isSpeck);
  if (specks.length < 2) return { specks: [], rest: [...warnings] };
  return { specks, rest: warnings.filter((warning) => !isSpeck(warning)) };
}

/** Parts that are no more than a stray click, all of their pixels together. */
function strayParts(map: LabelMap, components: readonly Component[], areas: readonly number[]): Warning[] {
  return areas.flatMap((area, label) => {
    if (area === 0 || area > SLIP_PIXELS) return [];
    const own = components.filter((component) => component.label === label);
    const rect = own.reduce<Rect | null>((all, component) => union(all, component.rect), null) as Rect;
    return [{ kind: "stray" as const, label, rect, area, repairs: own.map((component) => repairOf(map, component)) }];
  });
}

function repairOf(map: LabelMap, component: Component): Repair {
  return { component, label: labelAround(map, component) };
}

function isSlip(area: number, whole: number): boolean {
  return area <= SLIP_PIXELS || area < SLIP_SHARE * whole;
}

/** The label that most pixels beside an area have; 0 (empty) counts for islands, never for holes. */
function labelAround(map: LabelMap, component: Component): number {
  const { width, height, data } = map;
  const counts = new Array<number>(256).fill(0);
  const count = (y: number, x: number) => {
    if (x < 0 || y < 0 || x >= width || y >= height) return;
    const label = data[y * width + x] as number;
    if (label !== component.label) counts[label] = (counts[label] as number) + 1;
  };
  for (let k = 0; k < component.spans.length; k += 3) {
    const y = component.spans[k] as number;
    const x0 = component.spans[k + 1] as number;
    const x1 = component.spans[k + 2] as number;
    count(y, x0 - 1);
    count(y, x1);
    for (let x = x0; x < x1; x++) {
      count(y - 1, x);
      count(y + 1, x);
    }
  }
  let best = 0;
  for (let label = 1; label < counts.length; label++) {
    if ((counts[label] as number) > (counts[best] as number)) best = label;
  }
  return best;
}

/** Which labels touch (4-connected), as label * 256 + label. */
function touching(map: LabelMap): Set<number> {
  const { width, data } = map;
  const pairs = new Set<number>();
  for (let i = 0; i < data.length; i++) {
    const own = data[i] as number;
    if (own === 0) continue;
    const right = (i + 1) % width === 0 ? own : (data[i + 1] as number);
    const below = data[i + width] ?? own;
    if (right !== 0 && right !== own) pairs.add(own * 256 + right).add(right * 256 + own);
    if (below !== 0 && below !== own) pairs.add(own * 256 + below).add(below * 256 + own);
  }
  return pairs;
}

/**
 * Ends of limbs that touch the limb of the other side but not that of their own although both are painted: most often
 * one of the two has the wrong side.
 */
function mixedSides(
  map: LabelMap,
  components: readonly Component[],
  isSolid: (label: number) => boolean,
  parts: Parts,
): Warning[] {
  const pairs = touching(map);
  const warnings: Warning[] = [];
  for (const [end, limb] of parts.limbs) {
    const other = parts.part(limb).mirror;
    if (!isSolid(end) || !isSolid(other)) continue;
    // Crossed hands touch the other arm too; only an end that does not hang on its own limb is suspicious.
    if (!pairs.has(end * 256 + other) || pairs.has(end * 256 + limb)) continue;
    const main = components.filter((c) => c.label === end).sort((a, b) => b.area - a.area)[0] as Component;
    warnings.push({ kind: "side", label: end, rect: main.rect, area: main.area, repairs: [], beside: other });
  }
  return warnings;
}
