import { ApiError, messageOf, parseJson } from "../api/error";
import type { Box, Person, PersonWrite } from "../api/types";
import { uuid } from "../lib/uuid";
import { sameBox } from "./geometry";

/** A person's box as this page has it; `person` is what the server last answered, null before the first answer. */
export interface BoxItem {
  id: string;
  box: Box;
  person: Person | null;
}

export interface BoxState {
  boxes: readonly BoxItem[];
  selected: string | null;
  canUndo: boolean;
  canRedo: boolean;
  /** "offline": the server did not answer; the changes are kept here and sent again. */
  saving: "saved" | "saving" | "offline";
  /** What the server refused, until the next change. */
  problem: string | null;
}

export interface BoxServer {
  put: (id: string, body: PersonWrite) => Promise<Person>;
  remove: (id: string, revision: number) => Promise<Person>;
}

export interface BoxStorage {
  getItem: (key: string) => string | null;
  setItem: (key: string, value: string) => void;
  removeItem: (key: string) => void;
}

/** One person: what is wanted (null: no box) and what the server has. */
interface Track {
  wanted: Box | null;
  person: Person | null;
  /** The write under way or last tried; the same one, with the same write id, goes out again after a failure. */
  write: PersonWrite | null;
  busy: boolean;
}

interface Step {
  id: string;
  before: Box | null;
  after: Box | null;
  /** Steps of one gesture (a row of key presses) are undone together. */
  gesture: string | null;
}

interface Journalled {
  id: string;
  wanted: Box | null;
  revision: number;
  write: PersonWrite | null;
}

/**
 * The boxes of one image. Changes show at once, can be undone, are written one at a time for each person, and are kept
 * in `storage` under `key` until the server has them, so that a closed tab or a lost network costs nothing.
 */
export class BoxStore {
  readonly #imageId: string;
  readonly #server: BoxServer;
  readonly #storage: BoxStorage;
  readonly #key: string;
  readonly #tracks = new Map<string, Track>();
  readonly #listeners = new Set<() => void>();
  #undo: Step[] = [];
  #redo: Step[] = [];
  #selected: string | null = null;
  #problem: string | null = null;
  #offline = false;
  #state: BoxState;

  constructor(imageId: string, persons: readonly Person[], server: BoxServer, storage: BoxStorage, key: string) {
    this.#imageId = imageId;
    this.#server = server;
    this.#storage = storage;
    this.#key = key;
    for (const person of persons) {
      const wanted = person.deleted ? null : person.bbox;
      this.#tracks.set(person.id, { wanted, person, write: null, busy: false });
    }
    for (const { id, wanted, revision, write } of this.#journalled()) {
      const person = this.#tracks.get(id)?.person ?? null;
      // A deletion carries no write id: it is only repeated on the revision that it was meant for.
      if (wanted === null && person?.revision !== revision) continue;
      this.#tracks.set(id, { wanted, person, write, busy: false });
    }
    this.#state = this.#makeState();
  }

  get = (): BoxState => this.#state;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  select(id: string | null): void {
    this.#selected = id;
    this.#tell();
  }

  /** Adds a person with a client-made id, or moves the box of one; null takes the person out. */
  change(id: string, box: Box | null, gesture: string | null = null): void {
    const before = this.#tracks.get(id)?.wanted ?? null;
    if (before === box || (before && box && sameBox(before, box))) return;
    const last = this.#undo.at(-1);
    if (gesture && last && last.gesture === gesture && last.id === id) last.after = box;
    else this.#undo.push({ id, before, after: box, gesture });
    this.#redo = [];
    this.#want(id, box);
  }

  undo(): void {
    const step = this.#undo.pop();
    if (!step) return;
    this.#redo.push(step);
    this.#want(step.id, step.before);
  }

  redo(): void {
    const step = this.#redo.pop();
    if (!step) return;
    this.#undo.push(step);
    this.#want(step.id, step.after);
  }

  /** Whether a person is out: "waiting" until the server has answered, "no" when it refused or the box came back. */
  removal(id: string): "yes" | "waiting" | "no" {
    const track = this.#tracks.get(id);
    if (track?.wanted) return "no";
    return track && isDirty(track) ? "waiting" : "yes";
  }

  /** Sends whatever the server does not have yet. */
  flush(): void {
    for (const id of this.#tracks.keys()) void this.#save(id);
    this.#tell();
  }

  #want(id: string, box: Box | null): void {
    const track = this.#tracks.get(id) ?? { wanted: null, person: null, write: null, busy: false };
    track.wanted = box;
    this.#tracks.set(id, track);
    this.#selected = box ? id : this.#selected === id ? null : this.#selected;
    this.#problem = null;
    void this.#save(id);
    this.#tell();
  }

  async #save(id: string): Promise<void> {
    const track = this.#tracks.get(id);
    if (!track || track.busy || !isDirty(track)) return;
    track.busy = true;
    try {
      while (isDirty(track)) {
        this.#keep();
        const sent = track.wanted;
        track.person = await this.#write(id, track);
        const written = track.write?.bbox ?? null;
        track.write = null;
        // The server may have rounded the box; what it stored is what is wanted, unless that changed meanwhile.
        if (sent === track.wanted && written === sent && !track.person.deleted) track.wanted = track.person.bbox;
        this.#offline = false;
        this.#tell();
      }
    } catch (error) {
      this.#refused(id, track, error);
    } finally {
      track.busy = false;
      this.#keep();
      this.#tell();
    }
  }

  #write(id: string, track: Track): Promise<Person> {
    // A write that may have arrived is repeated as it was; what is wanted by now follows with the next one.
    if (!track.write && track.wanted === null && track.person) return this.#server.remove(id, track.person.revision);
    track.write ??= {
      image_id: this.#imageId,
      bbox: track.wanted ?? [0, 0, 0, 0],
      revision: track.person?.revision ?? 0,
      write_id: uuid(),
    };
    this.#keep();
    return this.#server.put(id, track.write);
  }

  #refused(id: string, track: Track, error: unknown): void {
    if (!(error instanceof ApiError) || error.offline || error.status >= 500 || error.status === 401) {
      this.#offline = true;
      return;
    }
    // Refused for good: show what the server has, and say why.
    const current = error.kind === "stale" ? (error.current as Person | null | undefined) : null;
    track.person = current ?? track.person;
    track.write = null;
    track.wanted = track.person && !track.person.deleted ? track.person.bbox : null;
    this.#undo = this.#undo.filter((step) => step.id !== id);
    this.#redo = this.#redo.filter((step) => step.id !== id);
    this.#problem = current
      ? "Somebody else changed this person meanwhile. You now see their box; yours was not saved."
      : messageOf(error);
  }

  #journalled(): Journalled[] {
    const kept = parseJson(this.#storage.getItem(this.#key) ?? "");
    return Array.isArray(kept) ? (kept as Journalled[]) : [];
  }

  #keep(): void {
    const unsent: Journalled[] = [];
    for (const [id, track] of this.#tracks) {
      if (isDirty(track)) {
        unsent.push({ id, wanted: track.wanted, revision: track.person?.revision ?? 0, write: track.write });
      }
    }
    if (unsent.length > 0) this.#storage.setItem(this.#key, JSON.stringify(unsent));
    else this.#storage.removeItem(this.#key);
  }

  #makeState(): BoxState {
    const boxes: BoxItem[] = [];
    let dirty = false;
    for (const [id, track] of this.#tracks) {
      if (track.wanted) boxes.push({ id, box: track.wanted, person: track.person });
      dirty ||= isDirty(track);
    }
    return {
      boxes,
      selected: boxes.some(({ id }) => id === this.#selected) ? this.#selected : null,
      canUndo: this.#undo.length > 0,
      canRedo: this.#redo.length > 0,
      saving: !dirty ? "saved" : this.#offline ? "offline" : "saving",
      problem: this.#problem,
    };
  }

  #tell(): void {
    this.#state = this.#makeState();
    for (const listener of this.#listeners) listener();
  }
}

function isDirty({ wanted, person, write }: Track): boolean {
  if (write) return true;
  const there = person && !person.deleted ? person.bbox : null;
  return wanted === null || there === null ? wanted !== there : !sameBox(wanted, there);
}
