import { spoken } from "../../parts";
import type { Group } from "../report";

const worstFirst = (a: Group, b: Group) => (b.mean.value ?? 0) - (a.mean.value ?? 0);

/** "hand" for "Right Hand". */
const limbOf = ({ name }: Group) => spoken({ name, side: null }).limb;

/** Whether a part belongs to a group, by name: "Right Hand" to "hands", "Left Foot" to "feet", "Torso" to "torso". */
function isOf(part: Group, { name }: Group): boolean {
  const [limb, wanted] = [limbOf(part), name.toLowerCase()];
  return [limb, `${limb}s`, limb === "foot" ? "feet" : limb].includes(wanted);
}

/** All, then each group with its parts under it, then parts of no group. A group of one part is shown as the part. */
export function inOrder(groups: readonly Group[]): Group[] {
  const of = (kind: string) => groups.filter((group) => group.kind === kind).sort(worstFirst);
  const parts = of("part");
  const grouped = of("group").flatMap((group) => {
    const own = parts.filter((part) => isOf(part, group));
    return own.length === 1 ? own : [group, ...own];
  });
  return [...of("all"), ...grouped, ...parts.filter((part) => !grouped.includes(part))];
}

/** Whether a row stands under a group. */
export function isUnder(group: Group, rows: readonly Group[]): boolean {
  return group.kind === "part" && rows.some((other) => other.kind === "group" && isOf(group, other));
}

/** "Right hand", "Upper legs", "All parts". */
export function nameOf({ kind, name, label }: Pick<Group, "kind" | "name" | "label">): string {
  if (kind === "all") return "All parts";
  if (label === null) return name.charAt(0).toUpperCase() + name.slice(1);
  const side = /\bleft\b/i.test(name) ? "left" : /\bright\b/i.test(name) ? "right" : null;
  return spoken({ name, side }).full;
}
