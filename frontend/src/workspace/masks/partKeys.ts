import type { Shortcut } from "@/components/help";
import { type Part, type Parts, spoken } from "@/parts";

/** The keys of the parts for the keyboard help, in the order of lists; the two sides of a limb in one line. */
export function partKeys(parts: Parts): Shortcut[] {
  const own = parts.human ? "the person's" : "its own";
  const isSecond = ({ side, mirror, label }: Part) => side === "left" && mirror !== label;
  const first = parts.inPairs.filter((part) => part.key && !isSecond(part));
  return first.map((part) => shortcutOf(part, parts, own));
}

function shortcutOf(right: Part, parts: Parts, own: string): Shortcut {
  const { limb } = spoken(right);
  const name = limb.charAt(0).toUpperCase() + limb.slice(1);
  const left = parts.part(right.mirror);
  if (!right.side || left === right) return { keys: [`${right.key}`], does: name };
  const theirs = parts.human ? "their" : own;
  return {
    keys: [`${right.key}`, `${left.key}`],
    does: `${name}: ${right.key} ${own} right, ${left.key} ${theirs} left`,
  };
}
