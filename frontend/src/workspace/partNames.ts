import { type Part, part } from "@/parts";

/** A part as it is said: side first, since that is what gets mixed up. */
export interface SpokenPart {
  /** "Left", "Right" or nothing. */
  side: string;
  /** "upper arm", "hand", "head". */
  limb: string;
  /** "Left upper arm". */
  full: string;
}

export function spoken({ name, side }: Part): SpokenPart {
  const limb = name
    .replace(/\b(left|right)\b/i, "")
    .replace(/\s+/g, " ")
    .trim()
    .toLowerCase();
  if (!side) return { side: "", limb, full: limb.charAt(0).toUpperCase() + limb.slice(1) };
  const said = side === "left" ? "Left" : "Right";
  return { side: said, limb, full: `${said} ${limb}` };
}

export function partName(label: number): string {
  return spoken(part(label)).full;
}
