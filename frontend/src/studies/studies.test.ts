import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Draft, drafts } from "./draft";
import { estimate, paceOf, rounded } from "./estimate";
import { stepped, unmarkedWords } from "./FeedbackView";
import { ago, cm, cmInterval, duration, marks, mm, pText, rate, rateBasis, share, unitless } from "./format";
import { spans } from "./IntervalBar";
import { shortageWords, stillThere } from "./PersonChoice";
import { stateOf, thinWords } from "./ReportPanel";
import type { Curve, Difference, Group } from "./report";
import { ratioAt } from "./report/Correct";
import { oriented } from "./report/Differences";
import { inOrder } from "./report/order";
import { firstChoice, missingWords } from "./StudyForm";
import { rampColour, ticksTo, topOf } from "./scale";
import type { AnnotatorProgress, PointFeedback, StudyReport } from "./types";
import { afterWords, placeWords } from "./work";

describe("figures in words", () => {
  it("are centimetres with one decimal", () => {
    expect(cm(0.02449)).toBe("2.4 cm");
    expect(cm(null)).toBe("–");
    expect(cm(0.0004)).toBe("0.4 mm");
    expect(cm(0)).toBe("0.0 cm");
    expect(cmInterval({ low: 0.021, high: 0.028 })).toBe("2.1 to 2.8");
    expect(cmInterval({ low: null, high: 0.028 })).toBe("–");
  });

  it("are shares, areas and probabilities as they are reported", () => {
    expect(share(0.0421)).toBe("4.2%");
    expect(share(0.562)).toBe("56%");
    expect(unitless(0.5634)).toBe("0.563");
    expect(unitless(1)).toBe("1.000");
    expect(pText(0.0004)).toBe("< 0.001");
    expect(pText(0.034)).toBe("0.034");
  });

  it("are swaps with what they rest on, and no share where that is too little", () => {
    const few = { value: null, low: null, high: null, count: 0, of: 5 };
    expect([rate(few), rateBasis(few)]).toEqual(["too few to say", "0 of 5"]);
    const many = { value: 0.0421, low: 0.024, high: 0.071, count: 12, of: 1285 };
    expect([rate(many), rateBasis(many)]).toEqual(["4.2%", "12 of 1,285 (2.4 to 7.1%)"]);
    expect(rate({ ...many, value: 0 })).toBe("0%");
    expect([rate({ ...few, of: 0 }), rateBasis({ ...few, of: 0 })]).toEqual(["–", "0 of 0"]);
  });

  it("tell the floor in millimetres however large it is", () => {
    expect([mm(0.0004), mm(0.0021), mm(null)]).toEqual(["0.4 mm", "2.1 mm", "–"]);
  });

  it("are times", () => {
    expect(duration(44.6)).toBe("45 s");
    expect(duration(718)).toBe("12 min");
    expect(duration(4270)).toBe("1 h 10 min");
    expect(duration(7190)).toBe("2 h");
    const now = Date.parse("2026-01-02T12:00:00Z");
    expect(ago("2026-01-02T11:59:30Z", now)).toBe("just now");
    expect(ago("2026-01-02T09:00:00Z", now)).toBe("3 hours ago");
  });
});

describe("the estimate", () => {
  const outline = { persons: 30, annotators: 8, parts: 14, pointsPerPart: 6, practice: 2, again: 5 } as const;

  it("counts what everybody is given, and only measured points in the report", () => {
    const { pointsPerPerson, personsEach, points, secondsEach } = estimate({ ...outline, masks: "given" });
    expect(pointsPerPerson).toBe(67);
    expect(personsEach).toBe(37);
    expect(points).toBe(8 * 35 * 67);
    expect(secondsEach).toBe((35 * 67 + 2 * 22) * 6);
  });

  it("is told with two digits", () => {
    expect([7, 67, 938, 16_080].map(rounded)).toEqual([7, 65, 940, 16_000]);
  });

  it("adds the painting where masks are drawn, and takes a measured pace where there is one", () => {
    const given = estimate({ ...outline, masks: "given", measured: 3 }).secondsEach;
    expect(given).toBe((35 * 67 + 2 * 22) * 3);
    expect(estimate({ ...outline, masks: "drawn", measured: 3 }).secondsEach - given).toBe(37 * 240);
  });
});

describe("the measured pace", () => {
  const person = (marks: number, seconds: number, simulated = false) =>
    ({ marks, seconds, simulated }) as AnnotatorProgress;

  it("is that of all people's marks together, without programs", () => {
    const studies = [
      { annotators: [person(100, 400), person(5000, 1, true)] },
      { annotators: [person(300, 2400), person(0, 0)] },
    ];
    expect(paceOf(studies)).toBe(7);
  });

  it("is not told by a few marks", () => {
    expect(paceOf([])).toBeNull();
    expect(paceOf([{ annotators: [person(49, 300)] }])).toBeNull();
    expect(paceOf([{ annotators: [person(5000, 3, true)] }])).toBeNull();
  });
});

describe("interval bars", () => {
  it("stay within the scale, and say when they are cut", () => {
    expect(spans({ value: 0.02, low: 0.01, high: 0.03 }, 0.04)).toEqual({ value: 50, low: 25, high: 75, cut: false });
    expect(spans({ value: 0.02, low: -0.01, high: 0.09 }, 0.04)).toEqual({ value: 50, low: 0, high: 100, cut: true });
    expect(spans({ value: null, low: null, high: null }, 0.04)).toBeNull();
    expect(spans({ value: 0.02, low: null, high: null }, 0.04)).toEqual({ value: 50, low: 50, high: 50, cut: false });
  });
});

describe("the colours of errors", () => {
  it("go from violet to yellow", () => {
    expect(rampColour(0)).toBe("#440154");
    expect(rampColour(1)).toBe("#fde725");
    expect(rampColour(-3)).toBe(rampColour(0));
    expect(rampColour(0.5)).toBe("#21918c");
  });

  it("have round ticks", () => {
    expect(ticksTo(31.5)).toEqual([0, 10, 20, 30]);
    expect(ticksTo(9.5)).toEqual([0, 2, 4, 6, 8]);
    expect(ticksTo(1.5)).toEqual([0, 0.5, 1, 1.5]);
    expect(ticksTo(0.5)).toEqual([0, 0.1, 0.2, 0.3, 0.4, 0.5]);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), (halves) => {
        const ticks = ticksTo(halves / 2);
        expect(ticks.length).toBeGreaterThanOrEqual(3);
        expect(ticks.length).toBeLessThanOrEqual(7);
        expect(ticks.at(-1)).toBeLessThanOrEqual(halves / 2);
      }),
    );
  });

  it("end at half centimetres that hold nearly all of the errors", () => {
    expect(topOf(Float32Array.from([0.01, Number.NaN, 0.0312]))).toBeCloseTo(0.035, 9);
    expect(topOf([])).toBe(0.01);
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1 }), (errors) => {
        const top = topOf(errors);
        expect(errors.filter((error) => error <= top + 1e-9).length).toBeGreaterThanOrEqual(0.9 * errors.length - 1);
        expect(Math.round(top * 200)).toBeCloseTo(top * 200, 6);
      }),
    );
  });
});

describe("the report", () => {
  const none = { value: null, low: null, high: null, count: 0 };

  it("reads a curve between its thresholds, and says nothing beyond them", () => {
    const curve: Curve = {
      source: "annotators",
      name: "all",
      thresholds: [0, 0.1, 0.2],
      ratio: [0, 0.6, 0.8],
      low: [],
      high: [],
      auc10: none,
      auc30: none,
    };
    expect(ratioAt(curve, 0.05)).toBeCloseTo(0.3);
    expect(ratioAt(curve, 0.1)).toBe(0.6);
    expect(ratioAt(curve, 0.3)).toBeNull();
  });

  it("lists the parts under their groups, the worst first, and no group of one part twice", () => {
    const group = (kind: string, name: string, mean: number) =>
      ({ kind, name, label: kind === "part" ? 1 : null, mean: { ...none, value: mean } }) as Group;
    const groups = [
      group("all", "all", 3),
      group("group", "hands", 2),
      group("group", "upper legs", 5),
      group("group", "head", 1),
      group("part", "Upper Leg Right", 4),
      group("part", "Left Hand", 2.5),
      group("part", "Right Hand", 1.5),
      group("part", "Upper Leg Left", 6),
      group("part", "Head", 1),
      group("part", "Tail", 9),
    ];
    expect(inOrder(groups).map(({ name }) => name)).toEqual([
      "all",
      "upper legs",
      "Upper Leg Left",
      "Upper Leg Right",
      "hands",
      "Left Hand",
      "Right Hand",
      "Head",
      "Tail",
    ]);
  });

  it("counts marks in words", () => {
    expect([marks(1), marks(1200)]).toEqual(["1 mark", "1,200 marks"]);
  });

  it("names the more accurate one of a pair first", () => {
    const pair: Difference = {
      first: "Ann",
      second: "Ben",
      points: 100,
      persons: 10,
      difference: { value: 0.01, low: 0.004, high: 0.016, count: 100 },
      p: 0.001,
      p_corrected: 0.01,
      differs: true,
    };
    // Ann's error is larger by a centimetre: Ben is the more accurate one.
    expect(oriented(pair)).toMatchObject({ first: "Ben", second: "Ann", difference: { value: 0.01, low: 0.004 } });
    const other = { ...pair, difference: { value: -0.01, low: -0.016, high: 0.002, count: 100 } };
    expect(oriented(other)).toMatchObject({ first: "Ann", difference: { value: 0.01, low: -0.002, high: 0.016 } });
  });
});

describe("the state of a report", () => {
  const common = { pairs: 28, enough: 0, most: 4, needed: 6 };

  it("tells that annotators have done too few of the same persons, and how many", () => {
    expect(thinWords(common)).toMatch(/at most 4 persons in common, and a test takes 6/);
    expect(thinWords({ ...common, most: 9, enough: 3 })).toMatch(/compare 3 of 28 pairs .* 6 persons or more/);
    expect(thinWords({ ...common, most: 20, enough: 28 })).toBeNull();
  });

  it("never says that there is none while one is being made", () => {
    const none = { report: null, computed_at: null, stale: false, outdated: false } as StudyReport;
    expect(stateOf(none, true, true)).toBe("It is being made.");
    expect(stateOf(none, true, false)).toMatch(/^Not made yet/);
    expect(stateOf(none, false, false)).toMatch(/^As soon as a person/);
    const there = { ...none, report: {}, computed_at: new Date().toISOString() } as StudyReport;
    expect(stateOf(there, true, true)).toBe("Made just now; being made anew.");
    expect(stateOf({ ...there, stale: true, outdated: true }, true, false)).toMatch(/Marks have been added since/);
    expect(stateOf({ ...there, outdated: true }, true, false)).toMatch(/DenseMark has changed since/);
  });
});

describe("feedback on practice", () => {
  it("goes through the marked points only", () => {
    expect([stepped(29, 1, 30), stepped(0, -1, 30), stepped(3, 1, 30)]).toEqual([0, 29, 4]);
    expect([stepped(50, 1, 30), stepped(50, -1, 30), stepped(0, 1, 0)]).toEqual([0, 29, 0]);
  });

  it("tells what the grey points are", () => {
    const point = (kind: string, marked: unknown) => ({ kind, marked }) as PointFeedback;
    const points = [point("surface", {}), point("flag", null), point("flag", null), point("cleared", null)];
    expect(unmarkedWords(points)).toBe("2 flagged, 1 without a mark: no distance is known");
  });
});

describe("setting up and doing a study", () => {
  it("says what is missing, one thing at a time", () => {
    const whole = { name: "A", persons: 1, annotators: 1, parts: 1 };
    expect(missingWords(whole)).toBeNull();
    expect(missingWords({ ...whole, name: " " })).toMatch(/name/);
    expect(missingWords({ ...whole, annotators: 0, parts: 0 })).toMatch(/annotator/);
  });

  it("asks at first for no more persons than there are beside those for practice", () => {
    expect([12, 22, 500].map((there) => firstChoice(there).count)).toEqual([10, 20, 20]);
    expect(firstChoice(3)).toMatchObject({ source: "render", count: 20 });
    expect(shortageWords(10, 2, 12)).toBeNull();
    expect(shortageWords(11, 2, 12)).toMatch(/^With 2 for practice only 10 persons can be measured/);
    expect(shortageWords(13, 0, 12)).toMatch(/^Only 12 persons are rendered/);
    expect(shortageWords(1, 2, 2)).toMatch(/nobody is left/);
  });

  it("keeps what was entered", () => {
    const draft: Draft = {
      name: "Spring",
      description: "",
      choice: {
        source: "render",
        count: 8,
        seed: 5,
        size: 1024,
        own: { poses: ["walk"], backgrounds: [], textures: [] },
        picked: new Set(["a", "b"]),
      },
      annotators: ["u1"],
      parts: [1, 14],
      perPart: 3,
      masks: "drawn",
      practice: 0,
      twice: "none",
    };
    drafts.set("p", drafts.written(draft));
    expect(drafts.get("p")).toEqual(draft);
    drafts.remove("p");
    expect(drafts.get("p")).toBeNull();
    for (const text of ["{", '{"version": 1}', null]) expect(drafts.read(text)).toBeNull();
    expect(stillThere(draft.choice, [{ id: "b" }, { id: "c" }]).picked).toEqual(new Set(["b"]));
  });

  it("tells practice from what counts", () => {
    expect(placeWords({ practice: true, number: 2, total: 32 }, 2)).toBe("Practice 2 of 2");
    expect(placeWords({ practice: false, number: 14, total: 32 }, 2)).toBe("Person 12 of 30");
    expect(placeWords({ practice: false, number: 14, total: 32 }, undefined)).toBe("Person");
  });

  it("counts the same persons on the way as at the start", () => {
    const place = { practice: false, number: 2, total: 12 };
    expect(placeWords(place, 1)).toBe("Person 1 of 11");
    expect(afterWords(place, 1)).toBe("10 of 11 are left.");
    expect(afterWords({ ...place, number: 11 }, 1)).toBe("1 of 11 is left.");
    expect(afterWords({ ...place, number: 12 }, 1)).toBe("That was the last one.");
  });
});
