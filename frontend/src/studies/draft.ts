/** What was entered for a study that is not made yet: kept in the tab, so that coming back goes on with it. */
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
}

const VERSION = 4;
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
