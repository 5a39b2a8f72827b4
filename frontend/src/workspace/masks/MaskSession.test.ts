import { describe, expect, it, vi } from "vitest";
import { ApiError } from "@/api/error";
import type { Mask, Task } from "@/api/types";
import { HUMAN } from "@/parts";
import type { Journal } from "../journal/journal";
import { MaskSession } from "./MaskSession";

const REGION = [15, 5, 2, 2];
const RUNS = [1, 3, 0, 1];

/** A session on a mask of one saved revision, and a journal that counts revisions as the server would. */
function opened(wanted: number[] | null = null) {
  let revision = 1;
  const record = vi.fn(async () => {
    revision += 1;
  });
  const journal = { record, finish: async () => revision } as unknown as Journal;
  const task = { id: "t", mask_id: "m", region: REGION, study: { parts: wanted } } as unknown as Task;
  const mask = { revision, region: REGION, runs: RUNS } as unknown as Mask;
  return { session: new MaskSession(task, mask, null, journal, HUMAN), record };
}

const stale = (revision: number) =>
  new ApiError(409, "Changed meanwhile", "the box was changed", {
    problem: { type: "/problems/stale", current: { revision } },
  });

describe("MaskSession.pick", () => {
  it("takes no part into the hand that the study does not ask for", () => {
    const { session } = opened([2, 3]);
    expect(session.hand.get().label).toBe(2);
    expect(session.pick(14)).toBe(false);
    expect(session.hand.get().label).toBe(2);
    expect(session.pick(3)).toBe(true);
    expect(session.hand.get().label).toBe(3);
    expect(opened().session.pick(14)).toBe(true);
  });
});

describe("MaskSession.submit", () => {
  it("saves what is shown over the new window when only the window changed, and submits that", async () => {
    const { session, record } = opened();
    const send = vi.fn<(revision: number) => Promise<Task>>();
    send.mockRejectedValueOnce(stale(1)).mockResolvedValueOnce({ id: "points" } as Task);
    await expect(session.submit(send)).resolves.toEqual({ id: "points" });
    expect(send.mock.calls).toEqual([[1], [2]]);
    expect(record.mock.calls[0]?.slice(0, 2)).toEqual([session.ref, { task_id: "t", region: REGION, runs: RUNS }]);
  });

  it("writes over nobody: a mask that somebody else changed is refused as it is", async () => {
    const { session, record } = opened();
    const send = vi.fn<(revision: number) => Promise<Task>>().mockRejectedValue(stale(7));
    await expect(session.submit(send)).rejects.toBeInstanceOf(ApiError);
    expect(send).toHaveBeenCalledTimes(1);
    expect(record).not.toHaveBeenCalled();
  });
});
