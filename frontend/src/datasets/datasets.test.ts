import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drafts } from "./draft";
import {
  type Draft,
  freeName,
  freshDraft,
  missingWords,
  settingsOf,
  splitsProblem,
  sumOf,
  THREE,
  TWO,
  withShare,
} from "./settings";
import { createCommand, exportCommand, folderName, quoted } from "./shell";
import { leftOut, listed } from "./words";

const NOBODY = new Map<string, string>();
const FULL: Draft = {
  ...freshDraft("June"),
  unfinished: true,
  others: false,
  annotators: ["u1", "u2"],
  maxError: 2.5,
  maxFlagged: 10,
  maxSpread: 4,
  minMarks: 3,
  tags: ["street"],
  withoutTags: ["night time"],
  rendered: "without",
  marks: "single",
  body: "b0d7",
  splits: [...TWO],
};

describe("the settings of the form", () => {
  it("ask for all finished persons, unsplit, at first", () => {
    expect(settingsOf(freshDraft("v1"))).toMatchObject({
      states: ["done"],
      others: true,
      annotators: null,
      max_error_cm: null,
      max_flagged: null,
      tags: [],
      rendered: "with",
      marks: "consensus",
      body: null,
      splits: null,
    });
  });

  it("turn per cent into shares and chosen people into ids", () => {
    expect(settingsOf(FULL)).toMatchObject({
      states: ["done", "points"],
      others: false,
      annotators: ["u1", "u2"],
      max_error_cm: 2.5,
      max_flagged: 0.1,
      max_spread_cm: 4,
      min_marks: 3,
      without_tags: ["night time"],
      rendered: "without",
      marks: "single",
      body: "b0d7",
      splits: { train: 0.8, val: 0.2 },
    });
    expect(settingsOf({ ...FULL, maxFlagged: 0 }).max_flagged).toBe(0);
  });

  it("survive being kept in the tab", () => {
    expect(drafts.read(drafts.written(FULL))).toEqual(FULL);
    for (const text of [null, "", "{", "7", '{"version":0}']) expect(drafts.read(text)).toBeNull();
  });
});

describe("splits", () => {
  it.each([
    [[], null],
    [TWO, null],
    [THREE, null],
    [
      [
        { name: "a", percent: 33.3 },
        { name: "b", percent: 66.7 },
      ],
      null,
    ],
    [
      [
        { name: "a", percent: 60 },
        { name: "b", percent: 30 },
      ],
      "The shares add up to 90%: 10% are left over.",
    ],
    [
      [
        { name: "a", percent: 70 },
        { name: "b", percent: 40.5 },
      ],
      "The shares add up to 110.5%, more than there is.",
    ],
    [
      [
        { name: "a", percent: 50 },
        { name: " a ", percent: 50 },
      ],
      "Two splits are called a.",
    ],
    [[{ name: " ", percent: 100 }], "Each split needs a name."],
    [[{ name: "a b", percent: 100 }], "“a b” cannot name a split: up to 50 letters, digits, - and _ can."],
    [
      [
        { name: "a", percent: null },
        { name: "b", percent: 100 },
      ],
      "a needs a share above 0%.",
    ],
  ])("%j", (splits, problem) => expect(splitsProblem(splits)).toBe(problem));

  it("add up to 100% when the last takes what is left", () => {
    const tenths = fc.integer({ min: 1, max: 999 }).map((n) => n / 10);
    fc.assert(
      fc.property(fc.array(tenths, { minLength: 2, maxLength: 6 }), fc.nat(), tenths, (shares, at, percent) => {
        const splits = shares.map((share, n) => ({ name: `s${n}`, percent: share }));
        const index = at % splits.length;
        const changed = withShare(splits, index, percent);
        expect(changed[index]?.percent).toBe(percent);
        const last = index === splits.length - 1 ? index - 1 : splits.length - 1;
        const others = sumOf(changed.filter((_, n) => n !== last));
        if (others < 100) expect(sumOf(changed)).toBe(100);
        else expect(changed[last]?.percent).toBe(splits[last]?.percent);
      }),
    );
  });

  it("leave a lone split and an emptied field as they are", () => {
    expect(withShare([{ name: "a", percent: 100 }], 0, 80)).toEqual([{ name: "a", percent: 80 }]);
    expect(withShare(TWO, 0, null)).toEqual([{ name: "train", percent: null }, TWO[1]]);
  });
});

describe("names", () => {
  it("are suggested free", () => {
    expect(freeName([])).toBe("v1");
    expect(freeName(["v2", "v1", "June"])).toBe("v3");
  });

  it("must be there and not be taken", () => {
    expect(missingWords(freshDraft(" "), [])).toBe("The snapshot needs a name.");
    expect(missingWords(freshDraft("v1"), ["v1"])).toBe("There is a snapshot “v1” already. Choose another name.");
    expect(missingWords(freshDraft("v1"), [])).toBeNull();
    expect(missingWords({ ...freshDraft("v1"), splits: [{ name: "a", percent: 1 }] }, [])).toMatch(/add up to 1%/);
  });
});

describe("commands", () => {
  it("do what the form does", () => {
    expect(createCommand("Street", freshDraft("v1"), NOBODY)).toBe("densemark snapshot create Street v1");
    expect(createCommand("Street scenes", FULL, new Map([["u1", "ann"]]))).toBe(
      "densemark snapshot create 'Street scenes' June --split train=.8,val=.2 --state done --state points --only " +
        "--annotator ann --annotator u2 --max-error 2.5 --max-flagged 0.1 --max-spread 4 --min-marks 3 --tag street " +
        "--without-tag 'night time' --rendered without --marks single --body b0d7",
    );
  });

  it("export a snapshot, or the work as it is now", () => {
    expect(exportCommand("Street", "v1", "densepose-cse")).toBe(
      "densemark export Street --snapshot v1 --format densepose-cse --out v1",
    );
    expect(exportCommand("Street scenes", null, "coco", "smpl")).toBe(
      "densemark export 'Street scenes' --format coco --body smpl --out Street-scenes",
    );
  });

  it("tell names that look like options apart from options", () => {
    expect(exportCommand("--data", "-x", "coco")).toBe(
      "densemark export --snapshot='-x' --format coco --out x -- '--data'",
    );
  });

  it.each([
    ["v1", "v1"],
    ["train=.8,val=.2", "train=.8,val=.2"],
    ["", "''"],
    ["two words", "'two words'"],
    ["Anna's $HOME `x` \\", "'Anna'\\''s $HOME `x` \\'"],
    ["#1", "'#1'"],
    ["~", "'~'"],
  ])("quote %s for a shell", (word, said) => expect(quoted(word)).toBe(said));

  it("write into folders that every system can have", () => {
    expect(folderName("June 2026: streets/halls")).toBe("June-2026-streets-halls");
    expect(folderName("../..")).toBe("dataset");
  });
});

describe("what was left out", () => {
  it("is told in words, photos first, the most first", () => {
    expect(
      leftOut({
        "points: flagged": 2,
        "persons: in the state new": 3,
        "images: by their tags": 1,
        "persons: rendered": 9,
        "points: a reason of tomorrow": 5,
        "points: unmarked": 0,
      }),
    ).toEqual([
      { what: "Photos", why: "by their tags", count: 1 },
      { what: "Persons", why: "rendered", count: 9 },
      { what: "Persons", why: "not begun", count: 3 },
      { what: "Points", why: "a reason of tomorrow", count: 5 },
      { what: "Points", why: "flagged instead of marked", count: 2 },
    ]);
  });

  it("lists names", () => expect([[], ["a"], ["a", "b", "c"]].map(listed)).toEqual(["", "a", "a, b and c"]));
});
