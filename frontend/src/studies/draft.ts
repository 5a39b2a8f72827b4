/** What was entered for a study that is not made yet: kept in the tab, so that coming back goes on with it. */
import type { Person } from "../api/types";
import type { Job } from "../jobs/api";
import type { Choice } from "./PersonChoice";
import type { MasksWay } from "./types";

export interface Draft {
  name: string;
  description: string;
  choice: Choice;
  annotators: string[];
  /** Labels of the chosen parts. */
  parts: number[];
  perPart: number;
  masks: MasksWay;
  practice: number;
  twice: "none" | "sixth" | "third";
  /** The job that renders this study's persons, once it is begun. */
  jobId: string | null;
  /** Persons that were rendered before it. */
  before: string[];
}

const VERSION = 1;
const keyOf = (projectId: string) => `densemark:new-study:${projectId}`;

/** A draft as text; sets become lists. */
export function written(draft: Draft): string {
  const { choice, ...rest } = draft;
  return JSON.stringify({
    version: VERSION,
    ...rest,
    choice: { ...choice, picked: choice.picked && [...choice.picked] },
  });
}

/** The draft of a text; null where it is none of ours. */
export function readDraft(text: string | null): Draft | null {
  try {
    const { version, choice, ...rest } = JSON.parse(text ?? "null");
    if (version !== VERSION) return null;
    return { ...rest, choice: { ...choice, picked: choice.picked && new Set(choice.picked) } };
  } catch {
    return null;
  }
}

/** Where the browser blocks storage or it is full, what was entered lives as long as the page. */
export const drafts = {
  get(projectId: string): Draft | null {
    try {
      return readDraft(sessionStorage.getItem(keyOf(projectId)));
    } catch {
      return null;
    }
  },
  set(projectId: string, text: string): void {
    try {
      sessionStorage.setItem(keyOf(projectId), text);
    } catch {}
  },
  remove(projectId: string): void {
    try {
      sessionStorage.removeItem(keyOf(projectId));
    } catch {}
  },
};

/** What the form says of renders that were begun for it before one left the page. */
export function keptWords(job: Pick<Job, "state"> | null): string {
  const kept = "What you entered before is still here.";
  if (!job) return kept;
  if (job.state === "done") return `${kept} The persons for this study are rendered: it can be created with them.`;
  if (job.state === "failed" || job.state === "cancelled") return `${kept} The persons were not all rendered.`;
  return `${kept} The persons for this study are still being rendered: it can be created as soon as they are there.`;
}

/** The persons that are there now and were not there before. */
export function newOnes(before: readonly string[], now: readonly Pick<Person, "id">[]): string[] {
  const known = new Set(before);
  return now.map(({ id }) => id).filter((id) => !known.has(id));
}
