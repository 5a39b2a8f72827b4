import { describe, expect, it } from "vitest";
import type { Entry, Write } from "../workspace/journal/types";
import { taskLeftOver, unsentWrites } from "./unsent";

const write = (writeId: string, task_id: string): Write => ({ writeId, payload: { task_id }, seconds: 1 });
const entry = (inflight: Write | null, pending: Write | null): Entry => ({
  key: "k",
  user: "u",
  kind: "mark",
  id: "m",
  revision: 1,
  inflight,
  pending,
  conflict: null,
  refused: null,
});

describe("unsent work", () => {
  it("is what waits or is on its way", () => {
    const entries = [entry(null, null), entry(null, write("w1", "a")), entry(write("w2", "b"), write("w3", "b"))];
    expect([...unsentWrites(entries)]).toEqual([
      ["w1", "a"],
      ["w2", "b"],
    ]);
  });

  it("is told of only when it stays", () => {
    const earlier = unsentWrites([entry(write("w1", "a"), null)]);
    expect(taskLeftOver(unsentWrites([entry(write("w2", "a"), null)]), earlier)).toBeNull();
    expect(taskLeftOver(unsentWrites([]), earlier)).toBeNull();
    expect(taskLeftOver(unsentWrites([entry(write("w2", "b"), null), entry(write("w1", "a"), null)]), earlier)).toBe(
      "a",
    );
  });
});
