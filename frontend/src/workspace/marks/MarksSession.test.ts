import { describe, expect, it } from "vitest";
import type { Mark, Point, Task } from "@/api/types";
import { HUMAN } from "@/parts";
import type { MarkPayload } from "../journal/http";
import { Journal } from "../journal/journal";
import type { Entry, JournalStore, ObjectRef, SendResult, Write } from "../journal/types";
import { MarksSession } from "./MarksSession";

const USER = "ann";
const TASK = { id: "task", region: [0, 0, 100, 100] } as unknown as Task;

function mark(pointId: string, more: Partial<Mark> = {}): Mark {
  return {
    id: `mark-of-${pointId}`,
    point_id: pointId,
    revision: 1,
    kind: "surface",
    flag: null,
    view: 2,
    x: 0.25,
    y: 0.5,
    face: 1,
    bary: [1, 0, 0],
    i: 1,
    u: 0.1,
    v: 0.2,
    projections: [{ view: 2, x: 0.25, y: 0.5, visible: true }],
    annotator_id: USER,
    updated_at: "2025-01-01T00:00:00Z",
    ...more,
  };
}

function point(id: string, order: number, own: Mark | null = null, part = 1): Point {
  return { id, part, x: order, y: order, order, mark: own };
}

class MemoryStore implements JournalStore {
  readonly entries = new Map<string, Entry>();
  async load(): Promise<Entry[]> {
    return [...this.entries.values()];
  }
  async put(entry: Entry): Promise<void> {
    this.entries.set(entry.key, entry);
  }
  async remove(key: string): Promise<void> {
    this.entries.delete(key);
  }
  async setAside(): Promise<void> {}
}

type Answer = (ref: ObjectRef, write: Write, revision: number) => SendResult;

/** As the server stores it, seen on the view that was clicked and on view 5. */
const store: Answer = (ref, write, revision) => {
  const { kind, view, x, y, flag, point_id } = write.payload as MarkPayload;
  const projections = [
    { view: view ?? 0, x: x ?? 0, y: y ?? 0, visible: true },
    { view: 5, x: 0.9, y: 0.9, visible: true },
  ];
  const current = mark(point_id, { id: ref.id, revision: revision + 1, kind, flag: flag ?? null });
  return { type: "done", current: { ...current, view: view ?? null, x: x ?? null, y: y ?? null, projections } };
};

function setUp(points: Point[], answer: Answer = store, unconfirmed = new Map<string, object>()) {
  const sent: { ref: ObjectRef; payload: MarkPayload; revision: number }[] = [];
  let ids = 0;
  const journal = new Journal({
    user: USER,
    store: new MemoryStore(),
    send: async (ref, write, revision) => {
      sent.push({ ref, payload: write.payload as MarkPayload, revision });
      return answer(ref, write, revision);
    },
    schedule: () => {},
    newId: () => `w${ids++}`,
  });
  const session = new MarksSession(TASK, points, unconfirmed, USER, journal, HUMAN);
  session.follow();
  return { session, journal, sent };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));
const shown = (session: MarksSession, id: string) => session.state.get().marks.get(id);

describe("MarksSession", () => {
  it("begins at the first point without a mark, in the server's order", () => {
    const { session } = setUp([point("c", 2), point("a", 0, mark("a")), point("b", 1, mark("b"))]);
    expect(session.points.map(({ id }) => id)).toEqual(["a", "b", "c"]);
    expect(session.current.id).toBe("c");
    expect(session.left).toBe(1);
  });

  it("shows a mark at once, then on all views when the server has answered", async () => {
    const { session, sent } = setUp([point("a", 0)]);
    session.place(3, 0.4, 0.6);
    expect(shown(session, "a")).toMatchObject({ kind: "surface", view: 3, x: 0.4, y: 0.6, projections: [] });
    await settled();
    expect(shown(session, "a")?.projections).toHaveLength(2);
    expect(sent[0]).toMatchObject({ revision: 0, payload: { task_id: "task", point_id: "a", view: 3, flag: null } });
  });

  it("writes again under the same id and against the last revision", async () => {
    const { session, sent } = setUp([point("a", 0, mark("a", { revision: 4 }))]);
    session.place(0, 0.1, 0.1);
    await settled();
    session.flag("occluded");
    await settled();
    expect(sent.map(({ ref, revision }) => [ref.id, revision])).toEqual([
      ["mark-of-a", 4],
      ["mark-of-a", 5],
    ]);
    expect(shown(session, "a")).toMatchObject({ kind: "flag", flag: "occluded" });
  });

  it("shows another annotator's mark but writes its own beside it", async () => {
    const { session, sent } = setUp([point("a", 0, mark("a", { annotator_id: "bob", revision: 7 }))]);
    expect(shown(session, "a")).toBeDefined();
    session.place(0, 0.1, 0.1);
    await settled();
    expect(sent[0]?.ref.id).not.toBe("mark-of-a");
    expect(sent[0]?.revision).toBe(0);
  });

  it("takes marks, flags and clearings back one by one", async () => {
    const { session, sent } = setUp([point("a", 0), point("b", 1, mark("b"))]);
    session.place(1, 0.2, 0.2);
    session.goTo(1);
    session.clear();
    session.goTo(0);
    session.flag("ambiguous");
    await settled();
    session.undo();
    expect(shown(session, "a")).toMatchObject({ kind: "surface", view: 1, x: 0.2 });
    session.undo();
    expect(session.current.id).toBe("b");
    expect(shown(session, "b")).toMatchObject({ kind: "surface", view: 2, x: 0.25 });
    session.undo();
    expect(session.current.id).toBe("a");
    expect(shown(session, "a")).toBeUndefined();
    expect(session.state.get().canUndo).toBe(false);
    await settled();
    expect(sent.at(-1)?.payload).toMatchObject({ point_id: "a", kind: "cleared", view: null, x: null, flag: null });
  });

  it("after a click beside the part shows why, and changes nothing else", async () => {
    const beside: Answer = () => ({ type: "refused", message: "that is beside the part", drop: true });
    const { session } = setUp([point("a", 0, mark("a"))], beside);
    session.place(4, 0.01, 0.02);
    await settled();
    const { refusal, canUndo } = session.state.get();
    expect(refusal).toEqual({ pointId: "a", view: 4, x: 0.01, y: 0.02, message: "that is beside the part" });
    expect(shown(session, "a")).toMatchObject({ view: 2, x: 0.25 });
    expect(canUndo).toBe(false);
    session.goTo(0);
    expect(session.state.get().refusal).toBeNull();
  });

  it("takes up marks that an earlier page left unsent, under their ids", async () => {
    const payload = { task_id: "task", point_id: "a", kind: "surface", view: 1, x: 0.3, y: 0.3, flag: null };
    const { session, sent } = setUp([point("a", 0), point("b", 1)], store, new Map([["kept-id", payload]]));
    expect(shown(session, "a")).toMatchObject({ view: 1, x: 0.3 });
    expect(session.current.id).toBe("b");
    session.goTo(0);
    session.clear();
    await settled();
    expect(sent[0]?.ref.id).toBe("kept-id");
  });

  it("goes to the next point without a mark, around the end", () => {
    const { session } = setUp([point("a", 0), point("b", 1, mark("b")), point("c", 2)]);
    session.goTo(2);
    expect(session.nextUnmarked()).toBe(true);
    expect(session.current.id).toBe("a");
    expect(session.nextUnmarked()).toBe(true);
    expect(session.current.id).toBe("c");
    session.step(1);
    expect(session.current.id).toBe("c");
  });

  it("says that no point is left", () => {
    const { session } = setUp([point("a", 0, mark("a"))]);
    expect(session.nextUnmarked()).toBe(false);
    expect(session.left).toBe(0);
  });

  describe("when the same annotator marked the point elsewhere", () => {
    const elsewhere = mark("a", { id: "other-id", revision: 3, view: 5, x: 0.75, y: 0.75 });
    const answer: Answer = (ref, write, revision) =>
      ref.id === "other-id" ? store(ref, write, revision) : { type: "stale", current: elsewhere };

    it("keeps ours on demand, under the id that the server has", async () => {
      const { session, sent, journal } = setUp([point("a", 0)], answer);
      session.place(0, 0.5, 0.5);
      await settled();
      expect(session.conflicts()).toHaveLength(1);
      await session.settle("mine");
      await settled();
      expect(sent.at(-1)).toMatchObject({ ref: { id: "other-id" }, revision: 3, payload: { view: 0, x: 0.5 } });
      expect(shown(session, "a")).toMatchObject({ view: 0, x: 0.5 });
      expect(journal.getStatus().state).toBe("saved");
    });

    it("takes theirs on demand and goes on from there", async () => {
      const { session, sent, journal } = setUp([point("a", 0)], answer);
      session.place(0, 0.5, 0.5);
      await settled();
      await session.settle("theirs");
      expect(shown(session, "a")).toMatchObject({ view: 5, x: 0.75 });
      expect(journal.getStatus().state).toBe("saved");
      session.place(1, 0.1, 0.1);
      await settled();
      expect(sent.at(-1)).toMatchObject({ ref: { id: "other-id" }, revision: 3 });
    });
  });
});
