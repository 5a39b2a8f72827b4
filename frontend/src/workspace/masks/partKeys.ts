import type { Shortcut } from "@/components/help";
import { type Part, part } from "@/parts";
import { spoken } from "../partNames";

/** The keys of the parts for the keyboard help, from head to foot; the two sides of a limb in one line. */
export const PART_KEYS: Shortcut[] = [14, 1, 11, 13, 2, 6, 8, 5].map((label) => shortcutOf(part(label)));

function shortcutOf(right: Part): Shortcut {
  const { limb } = spoken(right);
  const name = limb.charAt(0).toUpperCase() + limb.slice(1);
  if (!right.side) return { keys: [right.key], does: name };
  const left = part(right.mirror);
  return { keys: [right.key, left.key], does: `${name}: ${right.key} the person's right, ${left.key} their left` };
}
