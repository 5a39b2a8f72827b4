import type { Project, Role } from "../api/types";

/** What the viewer should do next in a project: one thing. */
export type NextAction = "add-photos" | "draw-boxes" | "annotate" | "export" | "all-done" | "wait";

/**
 * Leads first fill the project and export it at the end; in between, and for annotators and reviewers, the next thing
 * is to annotate; engineers export. "wait": nothing that this person could do yet.
 */
export function nextAction({ progress, can }: Pick<Project, "progress" | "can">, role: Role): NextAction {
  const { images, persons, points_done } = progress;
  const work = persons > points_done && can.annotate;
  if (images === 0) return can.manage ? "add-photos" : "wait";
  if (persons === 0) return can.annotate ? "draw-boxes" : "wait";
  if (role === "engineer" && points_done > 0 && can.export) return "export";
  if (work) return "annotate";
  if (persons > points_done) return "wait";
  return can.export ? "export" : "all-done";
}
