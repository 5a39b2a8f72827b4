/** What was entered for a snapshot that is not made yet: kept in the tab, so that coming back goes on with it. */
import type { Draft } from "./settings";

const VERSION = 3;
const keyOf = (projectId: string) => `densemark:new-snapshot:${projectId}`;

export const written = (draft: Draft): string => JSON.stringify({ version: VERSION, ...draft });

/** The draft of a text; null where it is none of ours. */
export function readDraft(text: string | null): Draft | null {
  try {
    const { version, ...draft } = JSON.parse(text ?? "null");
    return version === VERSION ? draft : null;
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
