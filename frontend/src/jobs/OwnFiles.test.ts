import { expect, it } from "vitest";
import { NOTHING, stillThere } from "./OwnFiles";

it("takes deleted files out of what is chosen", () => {
  const chosen = { poses: ["walk", "run"], backgrounds: ["sea"], textures: [] };
  expect(stillThere(chosen, [{ id: "run" }, { id: "wool" }])).toEqual({ ...NOTHING, poses: ["run"] });
});
