import { afterEach, describe, expect, it } from "vitest";
import { HUMAN } from "@/parts";
import { WorkClock } from "./activity";
import { isForFocus } from "./keys";
import { FIGURE, inkOn, mirrored, seenFromBehind } from "./masks/figure";
import { partKeys } from "./masks/partKeys";
import { TOOLS } from "./masks/tools";
import { saveText } from "./SaveState";
import { DEFAULTS, readSettings, settingsOf } from "./settings";

describe("WorkClock", () => {
  it("counts work, and of a pause only its beginning", () => {
    let now = 0;
    const clock = new WorkClock(() => now);
    now = 3000;
    clock.touch();
    now = 5000;
    expect(clock.take()).toBe(5);
    now = 5000 + 3_600_000;
    expect(clock.take()).toBe(20);
    expect(clock.take()).toBe(0);
  });
});

describe("settings", () => {
  afterEach(() => localStorage.clear());

  it("survive nonsense, unknown names and wrong types", () => {
    expect(readSettings(null)).toEqual(DEFAULTS);
    expect(readSettings("{")).toEqual(DEFAULTS);
    expect(readSettings('{"brush":"large","outlines":true,"zebra":1}')).toEqual({ ...DEFAULTS, outlines: true });
  });

  it("are kept for each user", () => {
    settingsOf("ann").set({ brush: 99 });
    expect(readSettings(localStorage.getItem("densemark:workspace:ann")).brush).toBe(99);
    expect(settingsOf("bob").get().brush).toBe(DEFAULTS.brush);
  });
});

describe("the figure", () => {
  it("shows every part once", () => {
    expect(FIGURE.map(({ label }) => label).sort((a, b) => a - b)).toEqual(HUMAN.all.map(({ label }) => label));
  });

  it("has the person's right on the viewer's left, and the other way round from behind", () => {
    for (const limb of FIGURE) {
      const { side } = HUMAN.part(limb.label);
      if (!side) continue;
      const behind = mirrored(limb);
      expect(limb.from[0] < 100).toBe(side === "right");
      expect(behind.from[0] < 100).toBe(side === "left");
    }
  });

  it("sees from the shoulders which way a person stands", () => {
    const shoulders = (left: number, right: number, seen = 2) => {
      const keypoints = new Array<number>(51).fill(0);
      keypoints.splice(15, 6, left, 100, seen, right, 100, seen);
      return keypoints;
    };
    expect(seenFromBehind(shoulders(200, 100))).toBe(false);
    expect(seenFromBehind(shoulders(100, 200))).toBe(true);
    expect(seenFromBehind(shoulders(100, 200, 0))).toBeNull();
    expect(seenFromBehind(null)).toBeNull();
  });

  it("writes dark on light and light on dark", () => {
    expect(inkOn("#fbcda9")).toBe("#000");
    expect(inkOn("#202060")).toBe("#fff");
  });
});

describe("keys", () => {
  it("of tools are keys that no part has", () => {
    const codes = [...TOOLS, ...HUMAN.all].map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
  });

  const press = (html: string, key: string) => {
    document.body.innerHTML = html;
    const event = new KeyboardEvent("keydown", { key, bubbles: true });
    let meant = false;
    document.body.addEventListener("keydown", (e) => {
      meant = isForFocus(e);
    });
    document.querySelector("[data-at]")?.dispatchEvent(event);
    return meant;
  };

  it("are left to text fields, dialogs and focused buttons, and to nothing else", () => {
    expect(press("<input data-at />", "w")).toBe(true);
    expect(press('<input type="checkbox" data-at />', "w")).toBe(false);
    expect(press('<div role="dialog"><p data-at></p></div>', "w")).toBe(true);
    expect(press('<div role="dialog" style="opacity: 0"><button data-at></button></div>', "Enter")).toBe(false);
    expect(press("<button data-at></button>", " ")).toBe(true);
    expect(press("<button data-at></button>", "w")).toBe(false);
    expect(press('<div role="slider" data-at></div>', "ArrowLeft")).toBe(true);
    expect(press("<p data-at></p>", "ArrowLeft")).toBe(false);
  });
});

describe("the help on parts", () => {
  it("names every part's key once, the person's right first", () => {
    expect(
      partKeys(HUMAN)
        .flatMap(({ keys }) => keys)
        .sort(),
    ).toEqual(HUMAN.all.map(({ key }) => key).sort());
    expect(partKeys(HUMAN)).toContainEqual({
      keys: ["1", "3"],
      does: "Upper arm: 1 the person's right, 3 their left",
    });
    expect(partKeys(HUMAN)).toContainEqual({ keys: ["W"], does: "Torso" });
  });
});

describe("words", () => {
  it("say the side first", () => {
    expect(HUMAN.name(6)).toBe("Right upper leg");
    expect(HUMAN.name(3)).toBe("Left hand");
    expect(HUMAN.name(14)).toBe("Head");
  });

  it("say whether the server has everything", () => {
    expect(saveText({ state: "saved", count: 0, kept: true })).toBe("Saved");
    expect(saveText({ state: "offline", count: 1, kept: true })).toBe("Offline – 1 change kept here");
    expect(saveText({ state: "offline", count: 3, kept: false })).toContain("not saved");
  });
});
