/** What the server counts by short reasons, in words. */
import { count } from "../components/Meter";

const PERSONS: Record<string, string> = {
  "in the state new": "not begun",
  "in the state mask": "masks not submitted",
  "in the state points": "points still being marked",
  "in the state done": "finished",
  rendered: "rendered",
  "not rendered": "not rendered",
  "truth known": "their truth is known",
  "truth not known": "their truth is not known",
  "too many points flagged": "too many of their points are flagged",
};
const POINTS: Record<string, string> = {
  flagged: "flagged instead of marked",
  unmarked: "not marked",
  "outside the box": "outside of the person's box",
  "marked on another body": "marked on another body",
};

export interface LeftOut {
  what: "Photos" | "Persons" | "Points";
  why: string;
  count: number;
}

const ORDER: LeftOut["what"][] = ["Photos", "Persons", "Points"];

/** What was left out and why: photos first, then persons, then points; of each the most first. */
export function leftOut(counts: Readonly<Record<string, number>>): LeftOut[] {
  return Object.entries(counts)
    .filter(([, n]) => n > 0)
    .map(([reason, n]): LeftOut => {
      const [, kind, why = reason] = /^(images|persons|points): (.*)$/.exec(reason) ?? [];
      if (kind === "images") return { what: "Photos", why, count: n };
      if (kind === "persons") return { what: "Persons", why: PERSONS[why] ?? why, count: n };
      return { what: "Points", why: POINTS[why] ?? why, count: n };
    })
    .sort((a, b) => ORDER.indexOf(a.what) - ORDER.indexOf(b.what) || b.count - a.count);
}

export const photos = (n: number) => `${count(n)} ${n === 1 ? "photo" : "photos"}`;

/** "a", "a and b", "a, b and c". */
export function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

interface Affected {
  withdrawn: number;
  withdrawn_persons: number;
  counts: { images: number } | null;
}

/** What a snapshot has lost since it was made: "2 of 6 photos withdrawn since, with 3 persons". */
export function withdrawnWords({ withdrawn, withdrawn_persons: persons, counts }: Affected): string {
  const of = counts ? `${count(withdrawn)} of ${photos(counts.images)}` : photos(withdrawn);
  return `${of} withdrawn since, with ${count(persons)} ${persons === 1 ? "person" : "persons"}`;
}

/** The beginning of a hash, as long as commands take it. */
export const shortHash = (hash: string) => hash.slice(0, 12);
