import { describe, expect, it } from "vitest";
import { ApiError } from "../api/error";
import type { Box, Person, PersonWrite } from "../api/types";
import { type BoxStorage, BoxStore } from "./store";

const A: Box = [10, 10, 50, 80];
const B: Box = [20, 10, 50, 80];
const C: Box = [30, 10, 50, 80];

function person(id: string, bbox: Box, revision = 1, deleted = false): Person {
  return {
    id,
    image_id: "i",
    bbox,
    area: bbox[2] * bbox[3],
    keypoints: null,
    segmentation: false,
    source: "drawn",
    revision,
    state: "new",
    deleted,
    masks: 0,
    points: 0,
    marks: 0,
  };
}

/** A server with the rules of /api/persons: revisions, idempotent write ids, 409 with the current person. */
class Server {
  readonly persons = new Map<string, Person>();
  readonly seen = new Map<string, Person>();
  puts = 0;
  /** Called before each answer; throwing loses the answer after the write was done. */
  before: () => void | Promise<void> = () => {};
  after: () => void = () => {};

  constructor(persons: Person[] = []) {
    for (const one of persons) this.persons.set(one.id, one);
  }

  #check(id: string, revision: number) {
    const current = this.persons.get(id);
    if (revision !== (current?.revision ?? 0)) {
      throw new ApiError(409, "Changed meanwhile", "stale", { problem: { type: "/problems/stale", current } });
    }
  }

  put = async (id: string, body: PersonWrite): Promise<Person> => {
    this.puts += 1;
    await this.before();
    const repeated = this.seen.get(body.write_id);
    if (repeated) return repeated;
    this.#check(id, body.revision);
    const stored = person(id, body.bbox, body.revision + 1);
    this.persons.set(id, stored);
    this.seen.set(body.write_id, stored);
    this.after();
    return stored;
  };

  remove = async (id: string, revision: number): Promise<Person> => {
    await this.before();
    this.#check(id, revision);
    const stored = { ...(this.persons.get(id) as Person), revision: revision + 1, deleted: true };
    this.persons.set(id, stored);
    this.after();
    return stored;
  };
}

function memory(): BoxStorage & { values: Map<string, string> } {
  const values = new Map<string, string>();
  return {
    values,
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => values.set(key, value),
    removeItem: (key) => values.delete(key),
  };
}

const settle = () => new Promise((resolve) => setTimeout(resolve));
const shown = (store: BoxStore) => store.get().boxes.map(({ id, box }) => [id, box]);
const offline = () => {
  throw new ApiError(0, "No connection", "");
};

function open(server: Server, storage: BoxStorage = memory()): BoxStore {
  const persons = [...server.persons.values()].filter((one) => !one.deleted);
  const store = new BoxStore("i", persons, server, storage, "key");
  store.flush();
  return store;
}

describe("BoxStore", () => {
  it("shows a change at once and saves it", async () => {
    const server = new Server();
    const storage = memory();
    const store = open(server, storage);
    store.change("p", A);
    expect(store.get()).toMatchObject({ selected: "p", saving: "saving", canUndo: true });
    expect(shown(store)).toEqual([["p", A]]);
    expect(storage.values.size).toBe(1);
    await settle();
    expect(store.get().saving).toBe("saved");
    expect(server.persons.get("p")).toMatchObject({ bbox: A, revision: 1 });
    expect(storage.values.size).toBe(0);
  });

  it("writes one after the other for a person and skips what was overtaken", async () => {
    const server = new Server([person("p", A)]);
    const store = open(server);
    for (let x = 11; x <= 40; x++) store.change("p", [x, 10, 50, 80], "row");
    await settle();
    expect(server.puts).toBe(2);
    expect(server.persons.get("p")).toMatchObject({ bbox: [40, 10, 50, 80], revision: 3 });
    store.undo();
    expect(shown(store)).toEqual([["p", A]]);
  });

  it("undoes and redoes drawing, moving and removing, on the server too", async () => {
    const server = new Server([person("p", A)]);
    const store = open(server);
    store.change("p", B);
    store.change("q", C);
    store.change("p", null);
    await settle();
    expect(server.persons.get("p")?.deleted).toBe(true);
    store.undo();
    await settle();
    expect(server.persons.get("p")).toMatchObject({ bbox: B, deleted: false });
    store.undo();
    store.undo();
    await settle();
    expect(shown(store)).toEqual([["p", A]]);
    expect(server.persons.get("q")?.deleted).toBe(true);
    expect(store.get()).toMatchObject({ canUndo: false, canRedo: true });
    store.redo();
    store.redo();
    store.redo();
    await settle();
    expect(shown(store)).toEqual([["q", C]]);
    store.undo();
    store.change("q", A);
    expect(store.get().canRedo).toBe(false);
  });

  it("keeps changes through a lost network and repeats the very same write", async () => {
    const server = new Server([person("p", A)]);
    const store = open(server);
    // The write arrives, its answer does not: without the write id the repetition would be stale.
    server.after = offline;
    store.change("p", B);
    await settle();
    expect(store.get().saving).toBe("offline");
    store.change("p", C);
    server.after = () => {};
    store.flush();
    await settle();
    expect(store.get()).toMatchObject({ saving: "saved", problem: null });
    expect(server.persons.get("p")).toMatchObject({ bbox: C, revision: 3 });
  });

  it("undoes a write whose answer was lost on the server too", async () => {
    const server = new Server([person("p", A)]);
    const store = open(server);
    server.after = offline;
    store.change("p", B);
    await settle();
    server.after = () => {};
    store.undo();
    await settle();
    expect(server.persons.get("p")?.bbox).toEqual(A);
    expect(store.get().saving).toBe("saved");
  });

  it("brings unsent changes back after the page was closed", async () => {
    const server = new Server([person("p", A), person("gone", A)]);
    const storage = memory();
    const first = open(server, storage);
    server.before = offline;
    first.change("p", B);
    first.change("new", C);
    first.change("gone", null);
    await settle();
    server.before = () => {};
    const second = open(server, storage);
    expect(shown(second)).toEqual([
      ["p", B],
      ["new", C],
    ]);
    await settle();
    expect(server.persons.get("p")?.bbox).toEqual(B);
    expect(server.persons.get("new")?.bbox).toEqual(C);
    expect(server.persons.get("gone")?.deleted).toBe(true);
    expect(storage.values.size).toBe(0);
  });

  it("shows the other's box where somebody was faster, and says so", async () => {
    const server = new Server([person("p", A)]);
    const store = open(server);
    server.persons.set("p", person("p", C, 5));
    store.change("p", B);
    await settle();
    expect(shown(store)).toEqual([["p", C]]);
    expect(store.get().problem).toMatch(/somebody else/i);
    expect(store.get().canUndo).toBe(false);
    store.change("p", A);
    await settle();
    expect(store.get().problem).toBeNull();
    expect(server.persons.get("p")).toMatchObject({ bbox: A, revision: 6 });
  });

  it("takes back what the server refuses, with its reason", async () => {
    const server = new Server();
    server.before = () => {
      throw new ApiError(422, "Not accepted", "the box lies outside of the image");
    };
    const store = open(server);
    store.change("p", A);
    await settle();
    expect(shown(store)).toEqual([]);
    expect(store.get()).toMatchObject({ problem: "The box lies outside of the image", saving: "saved" });
  });

  it("adopts a box that the server rounded instead of writing for ever", async () => {
    const server = new Server();
    const put = server.put;
    server.put = async (id, body) => ({ ...(await put(id, body)), bbox: body.bbox.map(Math.round) as Box });
    const store = open(server);
    store.change("p", [1.4, 2.6, 30.2, 40.4]);
    await settle();
    expect(server.puts).toBe(1);
    expect(shown(store)).toEqual([["p", [1, 3, 30, 40]]]);
    expect(store.get().saving).toBe("saved");
  });

  it("removes a box that was drawn and removed before the first answer", async () => {
    const server = new Server();
    const store = open(server);
    store.change("p", A);
    store.change("p", null);
    await settle();
    expect(shown(store)).toEqual([]);
    expect(server.persons.get("p")?.deleted ?? true).toBe(true);
  });

  it("opens in spite of a broken journal", () => {
    const storage = memory();
    storage.values.set("key", "{broken");
    expect(shown(open(new Server([person("p", A)]), storage))).toEqual([["p", A]]);
  });
});
