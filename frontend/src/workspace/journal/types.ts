/** What the journal keeps: for each object the work that the server has not confirmed. */

export type ObjectKind = "mask" | "mark";

/** Which object of which person's work. */
export interface ObjectRef {
  kind: ObjectKind;
  id: string;
}

/** One write: the whole new state of the object, the id that makes sending it twice harmless, the time spent on it. */
export interface Write {
  writeId: string;
  payload: object;
  seconds: number;
}

export interface Entry extends ObjectRef {
  key: string;
  user: string;
  /** The last revision that the server is known to hold; the next write is made against it. */
  revision: number;
  /** Sent, answer not seen: it may or may not have arrived, and is sent again as it is until there is an answer. */
  inflight: Write | null;
  /** The newest state, to be sent after `inflight`. */
  pending: Write | null;
  /** The server's object where the write met another's: waits for the annotator's choice. */
  conflict: object | null;
  /** Why the server will not have the write; kept, and sent again on demand. */
  refused: string | null;
}

export type SendResult =
  | { type: "done"; current: { revision: number } }
  /** No answer, or one that another try may change. */
  | { type: "later"; offline: boolean }
  | { type: "stale"; current: { revision: number } }
  /** The server will not have this write as it is. `drop`: it is not work to keep (a click beside the body). */
  | { type: "refused"; message: string; drop: boolean };

export type Send = (ref: ObjectRef, write: Write, revision: number) => Promise<SendResult>;

/** Where entries outlive the page. */
export interface JournalStore {
  load(user: string): Promise<Entry[]>;
  put(entry: Entry): Promise<void>;
  remove(key: string): Promise<void>;
  /** Keeps a copy of work that the annotator chose to replace by the server's. */
  setAside(entry: Entry): Promise<void>;
}

export interface JournalStatus {
  state: "saved" | "saving" | "offline" | "conflict" | "refused";
  /** Objects with work that the server has not confirmed. */
  count: number;
  /** False: this browser cannot keep unsent work, so it would not outlive the page. */
  kept: boolean;
}
