import { afterEach, describe, expect, it, vi } from "vitest";
import { draftsOf } from "./drafts";

interface Entered {
  name: string;
  picked: ReadonlySet<number>;
}

const drafts = draftsOf<Entered>("test-form", 2, ({ picked, ...rest }) => ({ ...rest, picked: new Set(picked) }));
const ENTERED = { name: "a", picked: new Set([1, 2]) };

afterEach(() => vi.unstubAllGlobals());

describe("what was entered", () => {
  it("comes back, until it is removed", () => {
    drafts.set("p", drafts.written(ENTERED));
    expect([drafts.get("p"), drafts.get("q")]).toEqual([ENTERED, null]);
    drafts.remove("p");
    expect(drafts.get("p")).toBeNull();
  });

  it("is forgotten when another version of the form wrote it, or nothing that can be read", () => {
    const older = draftsOf<Entered>("test-form", 1).written(ENTERED);
    for (const text of [older, null, "", "{", "7"]) expect(drafts.read(text)).toBeNull();
  });

  it("lives as long as the page where the browser blocks storage", () => {
    vi.stubGlobal("sessionStorage", undefined);
    drafts.set("p", drafts.written(ENTERED));
    drafts.remove("p");
    expect(drafts.get("p")).toBeNull();
  });
});
