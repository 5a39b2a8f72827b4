/** What the form for a new snapshot holds, and what the server and the shell are told by it. */
import type { SnapshotSettings } from "./types";

export type Choice = SnapshotSettings["rendered"];
export type Marks = SnapshotSettings["marks"];

/** A split as it is entered: its name, and its share in per cent. */
export interface Share {
  name: string;
  percent: number | null;
}

export interface Draft {
  name: string;
  /** Persons whose masks are submitted and whose points are still being marked come, too. */
  unfinished: boolean;
  /** Other persons of the same photos stay, as not annotated. */
  others: boolean;
  /** Ids of those whose marks count; empty for everybody's. */
  annotators: string[];
  /** Mean error in a study, in centimetres, at most. */
  maxError: number | null;
  /** Per cent of a person's points that are flagged, at most. */
  maxFlagged: number | null;
  /** Distance of a point's marks in centimetres, at most. */
  maxSpread: number | null;
  minMarks: number;
  tags: string[];
  withoutTags: string[];
  rendered: Choice;
  /** Persons whose truth is known. */
  gold: Choice;
  marks: Marks;
  /** Hash of the body that the points are to be on; null for the project's own. */
  body: string | null;
  /** Empty where there is no split. */
  splits: Share[];
}

export const TWO: readonly Share[] = [
  { name: "train", percent: 80 },
  { name: "val", percent: 20 },
];
export const THREE: readonly Share[] = [
  { name: "train", percent: 70 },
  { name: "val", percent: 15 },
  { name: "test", percent: 15 },
];

/** All finished persons, unsplit: what the server takes where it is told nothing. */
export function freshDraft(name: string): Draft {
  return {
    name,
    unfinished: false,
    others: true,
    annotators: [],
    maxError: null,
    maxFlagged: null,
    maxSpread: null,
    minMarks: 1,
    tags: [],
    withoutTags: [],
    rendered: "with",
    gold: "with",
    marks: "consensus",
    body: null,
    splits: [],
  };
}

export function settingsOf(draft: Draft): SnapshotSettings {
  return {
    states: draft.unfinished ? ["done", "points"] : ["done"],
    others: draft.others,
    annotators: draft.annotators.length > 0 ? draft.annotators : null,
    max_error_cm: draft.maxError,
    max_flagged: draft.maxFlagged === null ? null : draft.maxFlagged / 100,
    max_spread_cm: draft.maxSpread,
    min_marks: draft.minMarks,
    tags: draft.tags,
    without_tags: draft.withoutTags,
    rendered: draft.rendered,
    gold: draft.gold,
    marks: draft.marks,
    body: draft.body,
    splits:
      draft.splits.length > 0
        ? Object.fromEntries(draft.splits.map(({ name, percent }) => [name.trim(), (percent ?? 0) / 100]))
        : null,
    near_distance: 6,
  };
}

/** Per cent in all, without what adding decimals leaves over. */
export function sumOf(splits: readonly Share[]): number {
  return Math.round(100 * splits.reduce((sum, { percent }) => sum + (percent ?? 0), 0)) / 100;
}

/** What is wrong with the splits, in one sentence; null when nothing is. */
export function splitsProblem(splits: readonly Share[]): string | null {
  if (splits.length === 0) return null;
  const names = splits.map(({ name }) => name.trim());
  const odd = names.find((name) => !SPLIT_NAME.test(name));
  if (odd === "") return "Each split needs a name.";
  if (odd !== undefined) return `“${odd}” cannot name a split: up to 50 letters, digits, - and _ can.`;
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) return `Two splits are called ${twice}.`;
  const empty = splits.find(({ percent }) => !percent || percent <= 0);
  if (empty) return `${empty.name.trim()} needs a share above 0%.`;
  const sum = sumOf(splits);
  if (sum === 100) return null;
  return sum < 100
    ? `The shares add up to ${sum}%: ${left(sum)}% are left over.`
    : `The shares add up to ${sum}%, more than there is.`;
}

const SPLIT_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,49}$/;
const left = (sum: number) => Math.round(100 * (100 - sum)) / 100;

/** The splits with another share of one; the last of the others takes what is left, as far as it can. */
export function withShare(splits: readonly Share[], index: number, percent: number | null): Share[] {
  const changed = splits.map((split, at) => (at === index ? { ...split, percent } : split));
  const last = changed.length - 1 === index ? changed.length - 2 : changed.length - 1;
  const rest = changed.reduce((sum, each, at) => (at === last ? sum : sum + (each.percent ?? 0)), 0);
  if (percent === null || last < 0 || rest >= 100) return changed;
  return changed.map((split, at) => (at === last ? { ...split, percent: left(rest) } : split));
}

/** The first of v1, v2, ... that no snapshot has. */
export function freeName(taken: readonly string[]): string {
  const names = new Set(taken);
  let number = 1;
  while (names.has(`v${number}`)) number++;
  return `v${number}`;
}

/** What the form still lacks, in one sentence; null when nothing. */
export function missingWords(draft: Draft, taken: readonly string[]): string | null {
  const name = draft.name.trim();
  if (!name) return "The snapshot needs a name.";
  if (taken.includes(name)) return `There is a snapshot “${name}” already. Choose another name.`;
  return splitsProblem(draft.splits);
}
