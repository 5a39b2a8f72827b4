import type { Entry } from "../workspace/journal/types";

/** The unsent writes of a journal: the task of each by the write's id. */
export function unsentWrites(entries: readonly Entry[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const { pending, inflight } of entries) {
    const write = inflight ?? pending;
    if (write && "task_id" in write.payload) found.set(write.writeId, write.payload.task_id as string);
  }
  return found;
}

/** The task of a write that was unsent at an earlier look already: one on its way needs no word. */
export function taskLeftOver(now: ReadonlyMap<string, string>, earlier: ReadonlyMap<string, string>): string | null {
  for (const [id, task] of now) if (earlier.has(id)) return task;
  return null;
}
