import { describe, expect, it } from "vitest";
import type { Role } from "../api/types";
import { nextAction } from "./nextAction";

const can: Record<string, { manage: boolean; annotate: boolean; export: boolean }> = {
  lead: { manage: true, annotate: true, export: true },
  annotator: { manage: false, annotate: true, export: false },
  engineer: { manage: false, annotate: false, export: true },
};

function next(role: Role, images: number, persons: number, points_done: number) {
  const progress = { images, persons, masks_done: points_done, points_done, points: 0, marks: 0 };
  return nextAction({ progress, can: can[role] ?? { manage: false, annotate: false, export: false } }, role);
}

describe("nextAction", () => {
  it("walks a lead from photos to the export", () => {
    expect(next("lead", 0, 0, 0)).toBe("add-photos");
    expect(next("lead", 3, 0, 0)).toBe("draw-boxes");
    expect(next("lead", 3, 4, 1)).toBe("annotate");
    expect(next("lead", 3, 4, 4)).toBe("export");
  });

  it("gives annotators work as long as there is some", () => {
    expect(next("annotator", 0, 0, 0)).toBe("wait");
    expect(next("annotator", 3, 4, 3)).toBe("annotate");
    expect(next("annotator", 3, 4, 4)).toBe("all-done");
  });

  it("lets engineers export what is finished, and wait before that", () => {
    expect(next("engineer", 3, 4, 0)).toBe("wait");
    expect(next("engineer", 3, 4, 1)).toBe("export");
  });
});
