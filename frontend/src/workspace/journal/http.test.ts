import { describe, expect, it } from "vitest";
import { ApiError } from "@/api/error";
import { outcomeOf } from "./http";

const mask = { kind: "mask" as const, id: "m" };
const mark = { kind: "mark" as const, id: "p" };
const write = (kind?: string) => ({ writeId: "w", payload: { kind }, seconds: 0 });
const problem = (status: number, current?: unknown) => new ApiError(status, "title", "detail", { current });

describe("outcomeOf", () => {
  it.each([0, 408, 429, 500, 503])("keeps trying after %i", (status) => {
    expect(outcomeOf(problem(status), mask, write())).toEqual({ type: "later", offline: true });
  });

  it("keeps trying when the call broke off, and after a sign-in that ran out", () => {
    expect(outcomeOf(new DOMException("", "AbortError"), mask, write())).toEqual({ type: "later", offline: true });
    expect(outcomeOf(problem(401), mask, write())).toEqual({ type: "later", offline: false });
  });

  it("takes 409 with an object for a conflict, without one for a refusal", () => {
    const current = { id: "m", revision: 3 };
    expect(outcomeOf(problem(409, current), mask, write())).toEqual({ type: "stale", current });
    expect(outcomeOf(problem(409), mask, write())).toEqual({ type: "refused", message: "detail", drop: false });
  });

  it("drops a click beside the body and nothing else", () => {
    expect(outcomeOf(problem(422), mark, write("surface"))).toMatchObject({ type: "refused", drop: true });
    expect(outcomeOf(problem(422), mark, write("flag"))).toMatchObject({ type: "refused", drop: false });
    expect(outcomeOf(problem(422), mask, write())).toMatchObject({ type: "refused", drop: false });
    expect(outcomeOf(problem(403), mark, write("surface"))).toMatchObject({ type: "refused", drop: false });
  });
});
