/**
 * The journal of unsent work: every write is kept in the browser before it is sent, and until the server has answered.
 *
 * Writes of one object are serial, and each is made against the revision that the answer to the one before gave. A
 * write without an answer is sent again with the same id, which the server takes once. Newer states of an object
 * replace older ones that were never sent. Nothing is dropped because of an error.
 */

import type { Entry, JournalStatus, JournalStore, ObjectRef, Send, Write } from "./types";

export interface JournalOptions {
  user: string;
  store: JournalStore;
  send: Send;
  /** Runs a function after some milliseconds. */
  schedule: (run: () => void, milliseconds: number) => void;
  newId: () => string;
}

/** What becomes of a write, told to those who show the object. */
export type JournalEvent =
  | { type: "stored"; ref: ObjectRef; current: object; newer: boolean }
  | { type: "refused"; ref: ObjectRef; message: string; dropped: boolean };

/** Work of an object cannot be finished now: `reason` says what stands in the way. */
export class UnfinishedError extends Error {
  constructor(readonly reason: "offline" | "conflict" | "refused") {
    super(`work is unsent: ${reason}`);
    this.name = "UnfinishedError";
  }
}

const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 15_000;

export class Journal {
  private readonly entries = new Map<string, Entry>();
  private readonly running = new Set<string>();
  private readonly held = new Set<string>();
  private readonly waiting = new Map<string, ((error?: UnfinishedError) => void)[]>();
  private readonly statusListeners = new Set<() => void>();
  private readonly eventListeners = new Set<(event: JournalEvent) => void>();
  private status: JournalStatus = { state: "saved", count: 0, kept: true };
  private failures = 0;
  private offline = false;
  private retryScheduled = false;
  private kept = true;
  private stopped = false;

  constructor(private readonly options: JournalOptions) {}

  /** Takes up what an earlier page left unsent. */
  async load(): Promise<void> {
    try {
      for (const entry of await this.options.store.load(this.options.user)) this.entries.set(entry.key, entry);
    } catch {
      this.kept = false;
    }
    this.changed();
    this.sendAll();
  }

  /** Tells which revision the page has fetched; work under way keeps its own. */
  seen(ref: ObjectRef, revision: number): void {
    const entry = this.entry(ref);
    if (!hasWork(entry)) entry.revision = Math.max(entry.revision, revision);
  }

  /** The newest unconfirmed state of an object, null when the server has everything. */
  local(ref: ObjectRef): object | null {
    const entry = this.entries.get(this.keyOf(ref));
    return (entry?.pending ?? entry?.inflight)?.payload ?? null;
  }

  /** All unconfirmed states of a kind, by object id. */
  unconfirmed(kind: ObjectRef["kind"]): Map<string, object> {
    const found = new Map<string, object>();
    for (const entry of this.entries.values()) {
      const write = entry.pending ?? entry.inflight;
      if (entry.kind === kind && write) found.set(entry.id, write.payload);
    }
    return found;
  }

  /** The server's object that a write of this object met, null when there is no conflict. */
  conflict(ref: ObjectRef): object | null {
    return this.entries.get(this.keyOf(ref))?.conflict ?? null;
  }

  /**
   * Keeps a new state of an object and sends it after `delay` milliseconds.
   *
   * @returns a promise that resolves when the state is on disk here.
   */
  async record(ref: ObjectRef, payload: object, seconds: number, delay = 0): Promise<void> {
    const entry = this.entry(ref);
    const before = entry.pending?.seconds ?? 0;
    entry.pending = { writeId: this.options.newId(), payload, seconds: before + seconds };
    // A new state may be what the server wanted.
    entry.refused = null;
    this.changed();
    if (delay > 0 && !this.held.has(entry.key)) {
      this.held.add(entry.key);
      this.options.schedule(() => {
        this.held.delete(entry.key);
        void this.run(entry);
      }, delay);
    }
    const kept = this.keep(entry);
    if (delay === 0) this.held.delete(entry.key);
    void this.run(entry);
    await kept;
  }

  /** Sends everything at once, waiting and refused writes too. */
  sendAll(): void {
    this.held.clear();
    for (const entry of this.entries.values()) void this.run(entry);
  }

  retryRefused(): void {
    for (const entry of this.entries.values()) entry.refused = null;
    this.changed();
    this.sendAll();
  }

  /**
   * Waits until the server has everything of an object.
   *
   * @returns its revision.
   * @throws UnfinishedError when that takes more than waiting a moment.
   */
  async finish(ref: ObjectRef): Promise<number> {
    const entry = this.entry(ref);
    this.held.delete(entry.key);
    if (hasWork(entry)) {
      await new Promise<void>((resolve, reject) => {
        const waiters = this.waiting.get(entry.key) ?? [];
        waiters.push((error) => (error ? reject(error) : resolve()));
        this.waiting.set(entry.key, waiters);
        void this.run(entry);
        if (entry.conflict) this.wake(entry, "conflict");
        else if (entry.refused) this.wake(entry, "refused");
      });
    }
    return entry.revision;
  }

  /** As `finish`, for every object. */
  async finishAll(): Promise<void> {
    await Promise.all([...this.entries.values()].map((entry) => this.finish(entry)));
  }

  /** Settles a conflict: our state is written over theirs, or ours is set aside and theirs stands. */
  async resolve(ref: ObjectRef, keep: "mine" | "theirs"): Promise<void> {
    const entry = this.entry(ref);
    if (!entry.conflict) return;
    const theirs = entry.conflict as { revision: number };
    const mine = entry.pending ?? entry.inflight;
    if (keep === "theirs") {
      try {
        await this.options.store.setAside({ ...entry });
      } catch {
        this.kept = false;
      }
    }
    entry.revision = theirs.revision;
    entry.inflight = null;
    entry.conflict = null;
    entry.pending = keep === "mine" && mine ? { ...mine, writeId: this.options.newId() } : null;
    await this.keep(entry);
    this.changed();
    void this.run(entry);
  }

  /** No more reading, writing or sending: another page has taken over. */
  stop(): void {
    this.stopped = true;
  }

  readonly getStatus = (): JournalStatus => this.status;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.statusListeners.add(listener);
    return () => this.statusListeners.delete(listener);
  };

  onEvent(listener: (event: JournalEvent) => void): () => void {
    this.eventListeners.add(listener);
    return () => this.eventListeners.delete(listener);
  }

  private async run(entry: Entry): Promise<void> {
    if (this.running.has(entry.key)) return;
    this.running.add(entry.key);
    try {
      while (!this.stopped && !entry.conflict && !entry.refused && (await this.prepare(entry))) {
        if (!(await this.sendOnce(entry, entry.inflight as Write))) break;
      }
    } finally {
      this.running.delete(entry.key);
    }
  }

  /** Makes the next write the one under way and keeps that on disk before anything is sent. */
  private async prepare(entry: Entry): Promise<boolean> {
    if (entry.inflight) return true;
    if (!entry.pending || this.held.has(entry.key)) return false;
    entry.inflight = entry.pending;
    entry.pending = null;
    await this.keep(entry);
    return !this.stopped;
  }

  /** Sends the write under way; true when there may be more to send. */
  private async sendOnce(entry: Entry, write: Write): Promise<boolean> {
    const ref: ObjectRef = { kind: entry.kind, id: entry.id };
    const result = await this.options.send(ref, write, entry.revision);
    if (this.stopped) return false;
    if (result.type === "later") {
      this.offline = result.offline;
      this.scheduleRetry();
      this.wake(entry, "offline");
      this.changed();
      return false;
    }
    this.failures = 0;
    const wasOffline = this.offline;
    this.offline = false;
    if (wasOffline) this.sendAll();
    if (result.type === "stale") {
      entry.conflict = result.current;
      await this.keep(entry);
      this.wake(entry, "conflict");
      this.changed();
      return false;
    }
    if (result.type === "refused") {
      if (result.drop) entry.inflight = null;
      else this.holdBack(entry, write, result.message);
      await this.keep(entry);
      this.wake(entry, "refused");
      this.changed();
      this.tell({ type: "refused", ref, message: result.message, dropped: result.drop });
      return entry.refused === null;
    }
    entry.inflight = null;
    entry.revision = result.current.revision;
    await this.keep(entry);
    this.changed();
    this.tell({ type: "stored", ref, current: result.current, newer: entry.pending !== null });
    if (!hasWork(entry)) this.wake(entry, null);
    return true;
  }

  /** A refused write was surely not applied: it waits as the newest state again, unless there is a newer one. */
  private holdBack(entry: Entry, write: Write, message: string): void {
    entry.inflight = null;
    if (entry.pending) return;
    entry.pending = write;
    entry.refused = message;
  }

  private scheduleRetry(): void {
    if (this.retryScheduled) return;
    this.retryScheduled = true;
    const delay = Math.min(FIRST_RETRY_MS * 2 ** this.failures, LAST_RETRY_MS);
    this.failures++;
    this.options.schedule(() => {
      this.retryScheduled = false;
      if (!this.stopped) this.sendAll();
    }, delay);
  }

  private async keep(entry: Entry): Promise<void> {
    if (this.stopped) return;
    try {
      if (hasWork(entry)) await this.options.store.put({ ...entry });
      else await this.options.store.remove(entry.key);
    } catch {
      this.kept = false;
      this.changed();
    }
  }

  private wake(entry: Entry, reason: UnfinishedError["reason"] | null): void {
    const waiters = this.waiting.get(entry.key) ?? [];
    this.waiting.delete(entry.key);
    for (const waiter of waiters) waiter(reason ? new UnfinishedError(reason) : undefined);
  }

  private tell(event: JournalEvent): void {
    for (const listener of this.eventListeners) listener(event);
  }

  private changed(): void {
    const working = [...this.entries.values()].filter(hasWork);
    const state = working.some((entry) => entry.conflict)
      ? "conflict"
      : working.some((entry) => entry.refused)
        ? "refused"
        : working.length === 0
          ? "saved"
          : this.offline
            ? "offline"
            : "saving";
    const next: JournalStatus = { state, count: working.length, kept: this.kept };
    const { state: s, count, kept } = this.status;
    if (s === next.state && count === next.count && kept === next.kept) return;
    this.status = next;
    for (const listener of this.statusListeners) listener();
  }

  private keyOf(ref: ObjectRef): string {
    return `${this.options.user}/${ref.kind}/${ref.id}`;
  }

  private entry(ref: ObjectRef): Entry {
    const key = this.keyOf(ref);
    let entry = this.entries.get(key);
    if (!entry) {
      const { user } = this.options;
      const { kind, id } = ref;
      entry = { key, user, kind, id, revision: 0, inflight: null, pending: null, conflict: null, refused: null };
      this.entries.set(key, entry);
    }
    return entry;
  }
}

function hasWork(entry: Entry): boolean {
  return entry.inflight !== null || entry.pending !== null;
}
