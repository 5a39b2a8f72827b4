import { describe, expect, it } from "vitest";
import { suggestPassword } from "../accounts/password";
import { percent } from "../components/Meter";
import { neighbours } from "../images/neighbours";
import { fileName } from "./download";
import { safeNext } from "./navigation";
import { uuid } from "./uuid";

describe("safeNext", () => {
  it.each([
    ["/projects/1?x=2", "/projects/1?x=2"],
    [null, "/projects"],
    ["https://evil.example", "/projects"],
    ["//evil.example", "/projects"],
    ["/\\evil.example", "/projects"],
  ])("%s leads to %s", (next, path) => expect(safeNext(next)).toBe(path));
});

describe("uuid", () => {
  it("is a version 4 UUID, and another one each time", () => {
    const some = Array.from({ length: 200 }, uuid);
    for (const one of some)
      expect(one).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(some).size).toBe(200);
  });
});

describe("suggestPassword", () => {
  it("is long, in groups, and without letters that look alike", () => {
    for (let i = 0; i < 50; i++)
      expect(suggestPassword()).toMatch(/^([a-km-zA-HJ-NP-Z2-9]{4}-){3}[a-km-zA-HJ-NP-Z2-9]{4}$/);
    expect(suggestPassword()).not.toBe(suggestPassword());
  });
});

describe("fileName", () => {
  it("reads the name that the server gives a download", () => {
    expect(fileName('attachment; filename="street-densepose-coco.json"')).toBe("street-densepose-coco.json");
    expect(fileName("inline")).toBeNull();
    expect(fileName(null)).toBeNull();
  });
});

describe("percent", () => {
  it("says 100 only when nothing is left", () => {
    expect(percent(0, 0)).toBe(0);
    expect(percent(999, 1000)).toBe(99);
    expect(percent(1000, 1000)).toBe(100);
    expect(percent(1, 3)).toBe(33);
  });
});

describe("neighbours", () => {
  it("finds what lies before and after", () => {
    expect(neighbours(["a", "b", "c"], "b")).toEqual({ previous: "a", next: "c", position: 1 });
    expect(neighbours(["a"], "a")).toEqual({ previous: null, next: null, position: 0 });
    expect(neighbours(["a"], "x")).toEqual({ previous: null, next: null, position: null });
  });
});
