import "fake-indexeddb/auto";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { Journal, UnfinishedError } from "./journal";
import { IdbStore } from "./store";
import type { JournalStore, ObjectRef, SendResult, Write } from "./types";

/** The server's documented rules, in memory: a revision precondition, and each write id is taken once. */
class FakeServer {
  readonly objects = new Map<string, { revision: number; value: object; writes: Set<string> }>();

  put(id: string, write: Write, revision: number): SendResult {
    const object = this.objects.get(id) ?? { revision: 0, value: {}, writes: new Set<string>() };
    const current = () => ({ revision: object.revision, ...object.value });
    if (object.writes.has(write.writeId)) return { type: "done", current: current() };
    if (object.revision !== revision) return { type: "stale", current: current() };
    object.writes.add(write.writeId);
    object.value = write.payload;
    object.revision++;
    this.objects.set(id, object);
    return { type: "done", current: current() };
  }
}

type Fault = "none" | "lost before" | "lost after" | "busy" | "silence before" | "silence after";

let stores = 0;

/** One browser: a store that outlives crashes, a journal that does not, timers that run when told to. */
class Browser {
  readonly server = new FakeServer();
  readonly store = new IdbStore(`journal-${stores++}`);
  readonly faults: Fault[] = [];
  readonly last = new Map<string, object>();
  conflicts = 0;
  private timers: (() => void)[] = [];
  private ids = 0;
  journal = this.start();

  private start(): Journal {
    this.timers = [];
    return new Journal({
      user: "ann",
      store: this.store,
      send: (ref, write, revision) => this.send(ref, write, revision),
      schedule: (run) => this.timers.push(run),
      newId: () => `write-${this.ids++}`,
    });
  }

  private async send(ref: ObjectRef, write: Write, revision: number): Promise<SendResult> {
    const fault = this.faults.shift() ?? "none";
    await Promise.resolve();
    if (fault === "silence before") return new Promise(() => {});
    const result = fault === "lost before" || fault === "busy" ? null : this.server.put(ref.id, write, revision);
    if (fault === "silence after") return new Promise(() => {});
    await Promise.resolve();
    if (result?.type === "stale") this.conflicts++;
    if (fault !== "none" || !result) return { type: "later", offline: fault !== "busy" };
    return result;
  }

  async record(id: string, value: number, delay: number): Promise<void> {
    const payload = { value };
    await this.journal.record({ kind: "mark", id }, payload, 1, delay);
    this.last.set(id, payload);
  }

  async tick(): Promise<void> {
    const due = this.timers;
    this.timers = [];
    for (const run of due) run();
    await rest();
  }

  /** The page goes, another is opened: it loads the journal and fetches the objects. */
  async crash(): Promise<void> {
    this.journal.stop();
    this.journal = this.start();
    await this.journal.load();
    for (const [id, { revision }] of this.server.objects) this.journal.seen({ kind: "mark", id }, revision);
  }

  /** Until nothing is left to send; conflicts are settled for what is here. */
  async drain(): Promise<void> {
    this.faults.length = 0;
    for (let round = 0; round < 50 && this.journal.getStatus().count > 0; round++) {
      await this.tick();
      this.journal.sendAll();
      await rest();
      for (const id of this.server.objects.keys()) await this.journal.resolve({ kind: "mark", id }, "mine");
      await rest();
    }
  }
}

/** Lets promises and IndexedDB come to rest. */
async function rest(): Promise<void> {
  for (let k = 0; k < 4; k++) await new Promise((resolve) => setTimeout(resolve));
}

const ids = fc.constantFrom("a", "b");
const record = fc.record({
  do: fc.constant("record" as const),
  id: ids,
  value: fc.nat(),
  delay: fc.constantFrom(0, 400),
});
const mildFaults = fc.constantFrom<Fault>("lost before", "lost after", "busy");
const allFaults = fc.constantFrom<Fault>("lost before", "lost after", "busy", "silence before", "silence after");
const fail = (faults: fc.Arbitrary<Fault>) => fc.record({ do: fc.constant("fail" as const), fault: faults });
const tick = fc.constant({ do: "tick" as const });
const crash = fc.constant({ do: "crash" as const });
const foreign = fc.record({ do: fc.constant("foreign" as const), id: ids, value: fc.nat() });

type Step = typeof record | ReturnType<typeof fail> | typeof tick | typeof crash | typeof foreign;
type StepValue = Step extends fc.Arbitrary<infer T> ? T : never;

async function play(browser: Browser, steps: readonly StepValue[]): Promise<void> {
  for (const step of steps) {
    if (step.do === "record") await browser.record(step.id, step.value, step.delay);
    else if (step.do === "fail") browser.faults.push(step.fault);
    else if (step.do === "tick") await browser.tick();
    else if (step.do === "crash") await browser.crash();
    else {
      const { id, value } = step;
      const revision = browser.server.objects.get(id)?.revision ?? 0;
      browser.server.put(id, { writeId: `foreign-${value}`, payload: { value: -value }, seconds: 0 }, revision);
    }
  }
}

async function expectNothingLost(browser: Browser): Promise<void> {
  for (const [id, payload] of browser.last) expect(browser.server.objects.get(id)?.value).toEqual(payload);
  expect(browser.journal.getStatus()).toEqual({ state: "saved", count: 0, kept: true });
  await rest();
  expect(await browser.store.load("ann")).toEqual([]);
}

describe("Journal", () => {
  it("brings the last state to the server through failures, without a conflict of its own making", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(record, record, fail(mildFaults), tick), { maxLength: 25 }), async (steps) => {
        const browser = new Browser();
        await play(browser, steps);
        await browser.drain();
        expect(browser.conflicts).toBe(0);
        await expectNothingLost(browser);
      }),
      { numRuns: 60 },
    );
  });

  it("loses nothing in crashes at any moment, answers lost before or after the write", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(record, record, fail(allFaults), tick, crash), { maxLength: 25 }),
        async (steps) => {
          const browser = new Browser();
          await play(browser, steps);
          browser.faults.length = 0;
          await browser.crash();
          await browser.drain();
          expect(browser.conflicts).toBe(0);
          await expectNothingLost(browser);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("never writes over another's work unasked, and keeps ours until asked", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(record, fail(allFaults), tick, crash, foreign), { maxLength: 25 }),
        async (steps) => {
          const browser = new Browser();
          for (const step of steps) {
            await play(browser, [step]);
            if (step.do !== "foreign") continue;
            // Whatever is unsent here, theirs stands until somebody decides.
            const theirs = browser.server.objects.get(step.id);
            browser.faults.length = 0;
            await rest();
            if (browser.journal.conflict({ kind: "mark", id: step.id })) {
              expect(browser.server.objects.get(step.id)?.value).toEqual(theirs?.value);
              expect(browser.journal.local({ kind: "mark", id: step.id })).toEqual(browser.last.get(step.id));
            }
          }
          browser.faults.length = 0;
          await browser.crash();
          await browser.drain();
          const written = new Set([...browser.last.keys()]);
          for (const id of written) {
            const value = browser.server.objects.get(id)?.value as { value: number };
            const last = steps.findLast((step) => "id" in step && step.id === id);
            if (last?.do === "record") expect(value).toEqual(browser.last.get(id));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("sends one write of an object at a time, each against the answer to the one before", async () => {
    const browser = new Browser();
    await Promise.all([browser.record("a", 1, 0), browser.record("a", 2, 0), browser.record("a", 3, 0)]);
    await browser.drain();
    expect(browser.server.objects.get("a")?.revision).toBeLessThanOrEqual(3);
    await expectNothingLost(browser);
  });

  it("waits before sending, sends the newest, and adds up the time spent", async () => {
    const sent: Write[] = [];
    const timers: (() => void)[] = [];
    const journal = new Journal({
      user: "ann",
      store: new IdbStore(`journal-${stores++}`),
      send: async (_, write) => {
        sent.push(write);
        return { type: "done", current: { revision: 1 } };
      },
      schedule: (run) => timers.push(run),
      newId: () => `w${sent.length}`,
    });
    const ref = { kind: "mask" as const, id: "m" };
    await journal.record(ref, { value: 1 }, 2, 400);
    await journal.record(ref, { value: 2 }, 3, 400);
    expect(sent).toEqual([]);
    expect(journal.getStatus().state).toBe("saving");
    for (const run of timers) run();
    await rest();
    expect(sent).toMatchObject([{ payload: { value: 2 }, seconds: 5 }]);
    expect(journal.getStatus().state).toBe("saved");
  });

  it("tells that it is offline, then that it is not", async () => {
    const browser = new Browser();
    browser.faults.push("lost before");
    await browser.record("a", 1, 0);
    await rest();
    expect(browser.journal.getStatus()).toEqual({ state: "offline", count: 1, kept: true });
    await expect(Promise.all([browser.journal.finish({ kind: "mark", id: "a" })])).resolves.toEqual([1]);
    expect(browser.journal.getStatus().state).toBe("saved");
  });

  it("finishing while offline says so and keeps the work", async () => {
    const browser = new Browser();
    browser.faults.push("lost before", "lost before");
    await browser.record("a", 1, 400);
    await expect(browser.journal.finish({ kind: "mark", id: "a" })).rejects.toThrow(UnfinishedError);
    await browser.drain();
    await expectNothingLost(browser);
  });

  it("sets our state aside when theirs is chosen", async () => {
    const browser = new Browser();
    browser.server.put("a", { writeId: "x", payload: { value: -1 }, seconds: 0 }, 0);
    await browser.record("a", 7, 0);
    await rest();
    expect(browser.journal.getStatus().state).toBe("conflict");
    await expect(browser.journal.finish({ kind: "mark", id: "a" })).rejects.toMatchObject({ reason: "conflict" });
    await browser.journal.resolve({ kind: "mark", id: "a" }, "theirs");
    await rest();
    expect(browser.server.objects.get("a")?.value).toEqual({ value: -1 });
    expect(await browser.store.asides()).toMatchObject([{ inflight: { payload: { value: 7 } } }]);
    await browser.record("a", 8, 0);
    await rest();
    expect(browser.server.objects.get("a")?.value).toEqual({ value: 8 });
  });

  describe("when the server refuses a write", () => {
    const refusing = (drop: boolean) => {
      const answers: SendResult[] = [{ type: "refused", message: "beside the body", drop }];
      return new Journal({
        user: "ann",
        store: new IdbStore(`journal-${stores++}`),
        send: async () => answers.shift() ?? { type: "done", current: { revision: 4 } },
        schedule: () => {},
        newId: () => "w",
      });
    };
    const ref = { kind: "mark" as const, id: "p" };

    it("forgets a click that was none", async () => {
      const journal = refusing(true);
      const listener = vi.fn();
      journal.onEvent(listener);
      await journal.record(ref, { value: 1 }, 1);
      await rest();
      expect(listener).toHaveBeenCalledWith({ type: "refused", ref, message: "beside the body", dropped: true });
      expect(journal.getStatus().state).toBe("saved");
      expect(journal.local(ref)).toBeNull();
    });

    it("keeps other work and sends it again when asked", async () => {
      const journal = refusing(false);
      await journal.record(ref, { value: 1 }, 1);
      await rest();
      expect(journal.getStatus()).toMatchObject({ state: "refused", count: 1 });
      expect(journal.local(ref)).toEqual({ value: 1 });
      journal.retryRefused();
      await expect(journal.finish(ref)).resolves.toBe(4);
    });
  });

  it("says when this browser cannot keep work, and still sends it", async () => {
    const broken: JournalStore = {
      load: () => Promise.reject(new Error("no storage")),
      put: () => Promise.reject(new Error("no storage")),
      remove: () => Promise.reject(new Error("no storage")),
      setAside: () => Promise.reject(new Error("no storage")),
    };
    const journal = new Journal({
      user: "ann",
      store: broken,
      send: async () => ({ type: "done", current: { revision: 1 } }),
      schedule: () => {},
      newId: () => "w",
    });
    await journal.load();
    await journal.record({ kind: "mask", id: "m" }, {}, 0);
    await rest();
    expect(journal.getStatus()).toEqual({ state: "saved", count: 0, kept: false });
  });
});
