import { expect, test } from "vitest";
import { ApiError } from "../api/error";
import { pathTrouble } from "./geodesics";

test("a busy server is no trouble to tell of, others are", () => {
  const refused = new ApiError(422, "Not accepted", "they lie on different pieces");
  expect(pathTrouble(new ApiError(503, "The server is busy", ""))).toBeNull();
  expect(pathTrouble(refused)).toBe(refused);
  expect(pathTrouble(null)).toBeNull();
});
