import type { Project, Role } from "../api/types";

/** What the viewer should do next in a project: one thing. */
export type NextAction = "add-photos" | "draw-boxes" | "annotate" | "export" | "all-done" | "wait";

/**
 * Leads first fill the project and export it at the end; in between, and for annotators and reviewers, the next thing
 * is to annotate; engineers export. "wait": nothing that this person could do yet.
 */
export function nextAction({ progress, can }: Pick<Project, "progress" | "can">, role: Role): NextAction {
  const left = progress.persons - progress.points_done;
  if (progress.images === 0) return can.manage ? "add-photos" : "wait";
  if (progress.persons === 0) return can.annotate ? "draw-boxes" : "wait";
  if (role === "engineer" && can.export)
    return progress.points_done > 0 ? "export" : left > 0 && can.annotate ? "annotate" : "wait";
  if (left > 0) return can.annotate ? "annotate" : "wait";
  return can.export ? "export" : "all-done";
}
