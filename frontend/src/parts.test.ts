import { describe, expect, it } from "vitest";
import { assignKeys, HUMAN, Parts, spoken } from "./parts";
import { TOOLS } from "./workspace/masks/tools";

const { all: PARTS } = HUMAN;
const part = (label: number) => HUMAN.part(label);

type Vector = [number, number, number];

/** Simulations of full colour blindness on linear RGB: Machado, Oliveira, Fernandes, IEEE TVCG 2009, severity 1. */
const VISIONS: Record<string, Vector[]> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

const times = (matrix: Vector[], v: Vector): Vector =>
  matrix.map(([a, b, c]) => a * v[0] + b * v[1] + c * v[2]) as Vector;

function linear(hex: string): Vector {
  return [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as Vector;
}

/** OKLab of linear RGB (Ottosson 2020); distances in it are even to the eye, 0.02 being just noticeable. */
function oklab(rgb: Vector): Vector {
  const lms = times(
    [
      [0.4122214708, 0.5363325363, 0.0514459929],
      [0.2119034982, 0.6806995451, 0.1073969566],
      [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    rgb.map((x) => Math.min(Math.max(x, 0), 1)) as Vector,
  ).map(Math.cbrt) as Vector;
  return times(
    [
      [0.2104542553, 0.793617785, -0.0040720468],
      [1.9779984951, -2.428592205, 0.4505937099],
      [0.0259040371, 0.7827717662, -0.808675766],
    ],
    lms,
  );
}

function distance(a: number, b: number, vision: Vector[]): number {
  const [p, q] = [a, b].map((label) => oklab(times(vision, linear(part(label).colour)))) as [Vector, Vector];
  return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
}

const TOUCHING: [number, number][] = [
  [1, 14],
  [1, 10],
  [1, 11],
  [1, 6],
  [1, 7],
  [10, 12],
  [11, 13],
  [12, 3],
  [13, 2],
  [6, 8],
  [7, 9],
  [8, 5],
  [9, 4],
];

describe("parts", () => {
  it("carry the labels and mirrors of DensePose-COCO", () => {
    expect(PARTS.map((p) => p.label)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
    expect(PARTS.map((p) => p.mirror)).toEqual([1, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 14]);
  });

  it("name the side that they are on, and mirror to the same name on the other side", () => {
    for (const one of PARTS) {
      const twin = part(one.mirror);
      expect(one.name.toLowerCase().includes("left")).toBe(one.side === "left");
      expect(one.name.toLowerCase().includes("right")).toBe(one.side === "right");
      expect(twin.name.replace(/Left|Right/, "")).toBe(one.name.replace(/Left|Right/, ""));
      expect(twin.mirror).toBe(one.label);
    }
  });

  it("have a key each, found by its physical position", () => {
    expect(new Set(PARTS.map((p) => p.code)).size).toBe(14);
    for (const one of PARTS) expect(HUMAN.ofCode(`${one.code}`)).toBe(one);
    expect(HUMAN.ofCode("KeyM")).toBeUndefined();
    expect(() => part(15)).toThrow(RangeError);
  });

  it.each(Object.entries(VISIONS))("touching parts and mirror twins stay apart with %s", (_, vision) => {
    const twins = PARTS.filter((p) => p.mirror > p.label).map((p): [number, number] => [p.label, p.mirror]);
    for (const [a, b] of [...TOUCHING, ...twins]) {
      expect(distance(a, b, vision), `${part(a).name} and ${part(b).name}`).toBeGreaterThan(0.1);
    }
  });

  it("the right side of a limb is the lighter one", () => {
    for (const right of PARTS.filter((p) => p.side === "right")) {
      const [light] = oklab(linear(right.colour));
      const [dark] = oklab(linear(part(right.mirror).colour));
      expect(light, right.name).toBeGreaterThan(dark + 0.1);
    }
  });
});

/** A body of `pairs` mirrored limbs and `singles` more, lefts before rights, as nothing says they could not be. */
function creature(pairs: number, singles: number): Parts {
  const limbs = Array.from({ length: pairs }, (_, n) => [
    { label: 2 * n + 1, name: `Left Leg ${n}`, side: "left" as const, mirror: 2 * n + 2, colour: "#112233" },
    { label: 2 * n + 2, name: `Right Leg ${n}`, side: "right" as const, mirror: 2 * n + 1, colour: "#445566" },
  ]).flat();
  const rest = Array.from({ length: singles }, (_, n) => {
    const label = 2 * pairs + n + 1;
    return { label, name: `Ring ${n}`, side: null, mirror: label, colour: "#778899" };
  });
  return Parts.of({ parts: [...limbs, ...rest] });
}

describe("parts of other bodies", () => {
  it("that are the 14 of a person are the person's, in whatever order they come", () => {
    expect(Parts.of({ parts: [...PARTS].reverse() })).toBe(HUMAN);
    expect(Parts.of({ parts: PARTS.slice(1) }).human).toBe(false);
    expect(Parts.of({ parts: PARTS.map((p) => ({ ...p, name: p.name.replace("Hand", "Paw") })) }).human).toBe(false);
  });

  it("keep their own names, sides, mirrors and colours", () => {
    const own = creature(1, 1);
    expect(own.part(1)).toMatchObject({ name: "Left Leg 0", side: "left", mirror: 2, colour: "#112233" });
    expect(own.name(2)).toBe("Right leg 0");
    expect(own.count).toBe(3);
    expect(() => own.part(4)).toThrow(RangeError);
  });

  it("stand in pairs, the right one first, on neighbouring keys", () => {
    const own = creature(2, 2);
    expect(own.inPairs.map(({ label }) => label)).toEqual([2, 1, 4, 3, 5, 6]);
    expect(own.inPairs.map(({ key }) => key)).toEqual(["1", "2", "3", "4", "5", "6"]);
    expect(own.ofCode("Digit2")).toBe(own.part(1));
  });

  it.each([
    [0, 1],
    [0, 40],
    [20, 0],
    [7, 30],
  ])("of %i pairs and %i singles have keys of their own that no tool has, as far as keys go", (pairs, singles) => {
    const own = creature(pairs, singles);
    const codes = own.all.flatMap(({ code }) => code ?? []);
    expect(new Set(codes).size).toBe(codes.length);
    expect(codes.length).toBeGreaterThanOrEqual(Math.min(own.count, 26));
    for (const { code } of TOOLS) expect(codes).not.toContain(code);
    for (const taken of ["KeyL", "KeyO", "KeyH", "Digit0"]) expect(codes).not.toContain(taken);
  });

  it("never part twins between two rows of keys", () => {
    expect(assignKeys([2, 2, 2, 2, 2, 1])).toEqual([["1", "2"], ["3", "4"], ["5", "6"], ["7", "8"], ["Q", "W"], ["9"]]);
  });

  it("are said without a side where they have none", () => {
    expect(spoken({ name: "tail_tip", side: null })).toEqual({ side: "", limb: "tail tip", full: "Tail tip" });
    expect(spoken({ name: "Wing Left", side: "left" })).toEqual({ side: "Left", limb: "wing", full: "Left wing" });
  });
});
