/**
 * The parts of a body as they are painted, named and picked. Left and right are the person's own.
 *
 * Labels, names, sides and mirrors come from the body. A body with the 14 parts of DensePose-COCO has colours and keys
 * that were made for it; any other has its own colours, and keys given out in order.
 *
 * Colours of the 14: a limb's two sides are one hue family, the person's right light, their left dark. They were chosen
 * so that mirror twins and parts that touch stay apart in normal vision and under protanopia, deuteranopia and
 * tritanopia (parts.test.ts measures it).
 *
 * Keys: physical positions (KeyboardEvent.code, so they hold on any layout). Those of the 14 are laid out under the left
 * hand like a person who faces you: their right on your left.
 *
 *     1 upper arm   2 head    3 upper arm
 *     Q lower arm   W torso   E lower arm     R upper leg   T upper leg
 *     A hand                  D hand          F lower leg   G lower leg
 *                                             V foot        B foot
 */
import type { Body, BodyPart } from "./api/types";

export type Side = "left" | "right";

export interface Part {
  label: number;
  name: string;
  side: Side | null;
  /** The label of the same part on the other side; its own label where there is none. */
  mirror: number;
  colour: string;
  /** The key as printed on a QWERTY keyboard, for showing; null when there are more parts than keys. */
  key: string | null;
  /** KeyboardEvent.code, for listening. */
  code: string | null;
}

const HUMAN_PARTS: readonly Part[] = [
  { label: 1, name: "Torso", side: null, mirror: 1, colour: "#685dd1", key: "W", code: "KeyW" },
  { label: 2, name: "Right Hand", side: "right", mirror: 3, colour: "#fbcda9", key: "A", code: "KeyA" },
  { label: 3, name: "Left Hand", side: "left", mirror: 2, colour: "#d43c28", key: "D", code: "KeyD" },
  { label: 4, name: "Left Foot", side: "left", mirror: 5, colour: "#cb7603", key: "B", code: "KeyB" },
  { label: 5, name: "Right Foot", side: "right", mirror: 4, colour: "#c1b55d", key: "V", code: "KeyV" },
  { label: 6, name: "Upper Leg Right", side: "right", mirror: 7, colour: "#cf82c9", key: "R", code: "KeyR" },
  { label: 7, name: "Upper Leg Left", side: "left", mirror: 6, colour: "#a1368a", key: "T", code: "KeyT" },
  { label: 8, name: "Lower Leg Right", side: "right", mirror: 9, colour: "#9ef35e", key: "F", code: "KeyF" },
  { label: 9, name: "Lower Leg Left", side: "left", mirror: 8, colour: "#559980", key: "G", code: "KeyG" },
  { label: 10, name: "Upper Arm Left", side: "left", mirror: 11, colour: "#3497eb", key: "3", code: "Digit3" },
  { label: 11, name: "Upper Arm Right", side: "right", mirror: 10, colour: "#a9bfed", key: "1", code: "Digit1" },
  { label: 12, name: "Lower Arm Left", side: "left", mirror: 13, colour: "#966784", key: "E", code: "KeyE" },
  { label: 13, name: "Lower Arm Right", side: "right", mirror: 12, colour: "#ef9397", key: "Q", code: "KeyQ" },
  { label: 14, name: "Head", side: null, mirror: 14, colour: "#f66a9d", key: "2", code: "Digit2" },
];

/** From head to foot, the person's right beside their left. */
const HUMAN_ORDER = [14, 1, 11, 10, 13, 12, 2, 3, 6, 7, 8, 9, 5, 4];

/** The neighbour that each end of a limb hangs on, on its own side: hand on lower arm, foot on lower leg. */
const HUMAN_LIMBS: readonly (readonly [end: number, limb: number])[] = [
  [2, 13],
  [3, 12],
  [4, 9],
  [5, 8],
  [13, 11],
  [12, 10],
  [8, 6],
  [9, 7],
];

/** Keys for parts, row by row; S, X, C, Z, L, O, H and 0 belong to tools and switches. */
const KEY_ROWS = ["123456789", "QWERTYUIP", "ADFGJK", "VBNM"];

type Named = Pick<BodyPart, "label" | "name" | "side" | "mirror" | "colour">;

/** The parts of one body. */
export class Parts {
  private readonly byLabel: ReadonlyMap<number, Part>;
  private readonly byCode: ReadonlyMap<string, Part>;

  private constructor(
    /** By label. */
    readonly all: readonly Part[],
    /** As they are listed, twins side by side, the right one first. */
    readonly inPairs: readonly Part[],
    /** Ends of limbs with the limb that each hangs on, as far as that is known. */
    readonly limbs: readonly (readonly [end: number, limb: number])[],
    /** Whether these are the 14 parts of a person, which the figure shows. */
    readonly human: boolean,
  ) {
    this.byLabel = new Map(all.map((each) => [each.label, each]));
    this.byCode = new Map(all.flatMap((each) => (each.code ? [[each.code, each] as const] : [])));
  }

  static human(): Parts {
    const order = HUMAN_ORDER.map((label) => HUMAN_PARTS[label - 1] as Part);
    return new Parts(HUMAN_PARTS, order, HUMAN_LIMBS, true);
  }

  static of(body: { parts: readonly Named[] }): Parts {
    const sorted = [...body.parts].sort((a, b) => a.label - b.label);
    if (isHuman(sorted)) return HUMAN;
    const units = paired(sorted);
    const keys = assignKeys(units.map((unit) => unit.length));
    const withKeys = units.flatMap((unit, n) =>
      unit.map((part, k) => {
        const key = keys[n]?.[k] ?? null;
        return { ...pick(part), key, code: key && (/\d/.test(key) ? `Digit${key}` : `Key${key}`) };
      }),
    );
    return new Parts(
      [...withKeys].sort((a, b) => a.label - b.label),
      withKeys,
      [],
      false,
    );
  }

  get count(): number {
    return this.all.length;
  }

  /** The part of a mask label; throws RangeError where there is none. */
  part(label: number): Part {
    const found = this.byLabel.get(label);
    if (!found) throw new RangeError(`no part has the label ${label}`);
    return found;
  }

  /** The part whose key was pressed, if any. */
  ofCode(code: string): Part | undefined {
    return this.byCode.get(code);
  }

  /** "Left upper arm": the side first, since that is what gets mixed up. */
  name(label: number): string {
    return spoken(this.part(label)).full;
  }
}

/** The 14 parts of DensePose-COCO. */
export const HUMAN = Parts.human();

export function partsOf(body: Body): Parts {
  return Parts.of(body);
}

function isHuman(parts: readonly Named[]): boolean {
  return (
    parts.length === HUMAN_PARTS.length &&
    HUMAN_PARTS.every(({ label, name, mirror }, n) => {
      const other = parts[n];
      return other?.label === label && other.name === name && other.mirror === mirror;
    })
  );
}

/** Mirror twins together, the right one first; the order is that of their smaller labels. */
function paired<T extends Named>(parts: readonly T[]): T[][] {
  return parts.flatMap((part) => {
    const twin = parts.find(({ label }) => label === part.mirror && label !== part.label);
    if (!twin) return [[part]];
    if (part.label > twin.label) return [];
    return [part.side === "left" ? [twin, part] : [part, twin]];
  });
}

/**
 * A key for each member of units of one or two: twins get neighbouring keys of a row, singles the first key left over.
 * A unit that finds no room gets none.
 */
export function assignKeys(sizes: readonly number[]): (string[] | null)[] {
  const free = KEY_ROWS.map((row) => [...row]);
  return sizes.map((size) => {
    const row = free.find((keys) => keys.length >= size);
    return row ? row.splice(0, size) : null;
  });
}

function pick({ label, name, side, mirror, colour }: Named): Omit<Part, "key" | "code"> {
  return { label, name, side, mirror, colour };
}

/** A part as it is said: side first, since that is what gets mixed up. */
export interface SpokenPart {
  /** "Left", "Right" or nothing. */
  side: string;
  /** "upper arm", "hand", "head". */
  limb: string;
  /** "Left upper arm". */
  full: string;
}

export function spoken({ name, side }: Pick<Part, "name" | "side">): SpokenPart {
  const limb = name
    .replace(/\b(left|right)\b/i, "")
    .replace(/[\s_]+/g, " ")
    .trim()
    .toLowerCase();
  if (!side) return { side: "", limb, full: limb.charAt(0).toUpperCase() + limb.slice(1) };
  const said = side === "left" ? "Left" : "Right";
  return { side: said, limb, full: `${said} ${limb}`.trim() };
}
