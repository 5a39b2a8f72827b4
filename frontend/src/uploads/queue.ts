import { ApiError, messageOf } from "../api/error";
import type { CocoResult, UploadResult } from "../api/types";
import { batches, isJson, isPhoto, isZip, type Picked } from "./files";
import type { UploadOptions } from "./postForm";

export type Outcome = "stored" | "duplicate" | "mended" | "refused" | "failed";

/** What became of one file, or of one person of a COCO file. */
export interface Row {
  file: string;
  outcome: Outcome;
  reason?: string;
  /** So many that the server counted and did not list; such a row stands for them all. */
  unlisted?: number;
}

export interface CocoSummary {
  file: string;
  added: number;
  present: number;
  refused: number;
  /** Of those added: how many came with masks and points, and with how many points. */
  dense: number;
  points: number;
  /** What is to be said of the file as a whole. */
  remarks: readonly string[];
}

/** How files are to be taken in. */
export interface ImportOptions {
  /** For the photos, those too that were there before. */
  tags?: readonly string[];
  /** Points of a dataset file are on the project's body, even if it names another. */
  asProjectBody?: boolean;
}

export interface UploadState {
  status: "idle" | "sending" | "done" | "cancelled";
  files: number;
  filesDone: number;
  bytes: number;
  bytesSent: number;
  rows: readonly Row[];
  coco: readonly CocoSummary[];
  /** Something did not reach the server and can be sent again. */
  canRetry: boolean;
}

type Step = { projectId: string; bytes: number; options: ImportOptions } & (
  | { kind: "photos"; files: Picked[] }
  | { kind: "coco"; files: [Picked] }
);

type Post = <T>(path: string, form: FormData, options: UploadOptions) => Promise<T>;
type Wait = (milliseconds: number) => Promise<void>;

const IDLE: UploadState = {
  status: "idle",
  files: 0,
  filesDone: 0,
  bytes: 0,
  bytesSent: 0,
  rows: [],
  coco: [],
  canRetry: false,
};

/** Two calls at a time: one travels while the server decodes the other. */
const LANES = 2;
/** Pauses before a batch that got no answer is sent again. */
const PAUSES = [1000, 3000, 9000];

/**
 * Sends files in batches, a COCO file after the photos that were picked with it. Files that the server has already are
 * told apart by their bytes there, so sending a batch twice does no harm.
 */
export class UploadQueue {
  #state: UploadState = IDLE;
  #waiting: Step[] = [];
  #running = new Map<Step, number>();
  #failed: Step[] = [];
  #abort = new AbortController();
  readonly #listeners = new Set<() => void>();
  readonly #post: Post;
  readonly #wait: Wait;

  constructor(post: Post, wait: Wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))) {
    this.#post = post;
    this.#wait = wait;
  }

  get = (): UploadState => this.#state;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Adds photos and zips, and COCO files (JSON), which are imported once the photos are there. */
  add(projectId: string, picked: readonly Picked[], options: ImportOptions = {}): void {
    const cocos = picked.filter(isJson);
    const photos = picked.filter((one) => !isJson(one) && (isPhoto(one) || isZip(one)));
    const strangers = picked.filter((one) => !isJson(one) && !isPhoto(one) && !isZip(one));
    this.#enqueue(
      [
        ...batches(photos).map((files): Step => ({ kind: "photos", projectId, files, bytes: size(files), options })),
        ...cocos.map((file): Step => ({ kind: "coco", projectId, files: [file], bytes: file.file.size, options })),
      ],
      strangers.map(({ path }) => ({ file: path, outcome: "refused", reason: "no photo, zip or COCO file (JSON)" })),
    );
  }

  /** Sends again what did not reach the server. */
  retry(): void {
    const steps = this.#failed;
    this.#failed = [];
    const again = new Set(steps.flatMap((step) => step.files.map((file) => file.path)));
    const stale = (row: Row) =>
      (row.outcome === "failed" && again.has(row.file)) ||
      steps.some((step) => step.kind === "coco" && row.file.startsWith(personName(step.files[0].path)));
    const rows = this.#state.rows.filter((row) => !stale(row));
    this.#enqueue(steps, [], { rows, coco: [] });
  }

  /** Stops at once. Files that are stored already stay. */
  cancel(): void {
    this.#waiting = [];
    this.#abort.abort();
    this.#set({ status: "cancelled" });
  }

  /** Forgets the results. */
  clear(): void {
    if (this.#state.status === "sending") return;
    this.#failed = [];
    this.#set(IDLE);
  }

  #set(change: Partial<UploadState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }

  #enqueue(steps: Step[], refused: Row[], kept: Pick<UploadState, "rows" | "coco"> = IDLE): void {
    if (steps.length + refused.length === 0) return;
    // What comes while others are under way joins them; after that a new account begins.
    if (this.#state.status !== "sending") {
      this.#failed = [];
      this.#state = { ...IDLE, rows: kept.rows, coco: kept.coco };
    }
    if (this.#abort.signal.aborted) this.#abort = new AbortController();
    const from = this.#state;
    this.#waiting.push(...steps);
    this.#set({
      status: "sending",
      files: from.files + steps.reduce((n, step) => n + step.files.length, 0),
      filesDone: from.filesDone,
      bytes: from.bytes + steps.reduce((n, step) => n + step.bytes, 0),
      bytesSent: from.bytesSent,
      rows: [...from.rows, ...refused],
    });
    this.#pump();
  }

  #pump(): void {
    while (this.#running.size < LANES) {
      const next = this.#waiting[0];
      // A COCO file runs alone: its persons need the photos before it.
      const alone = next?.kind === "coco" || [...this.#running.keys()].some((step) => step.kind === "coco");
      if (!next || (alone && this.#running.size > 0)) break;
      this.#waiting.shift();
      this.#running.set(next, 0);
      void this.#run(next, this.#abort.signal);
    }
    if (this.#running.size === 0 && this.#state.status === "sending") {
      this.#set({ status: "done", bytesSent: this.#state.bytes, canRetry: this.#failed.length > 0 });
    }
  }

  async #run(step: Step, signal: AbortSignal): Promise<void> {
    const before = () => this.#state.bytesSent - (this.#running.get(step) ?? 0);
    const onProgress = (sent: number) => {
      const bytesSent = before() + Math.min(sent, step.bytes);
      this.#running.set(step, Math.min(sent, step.bytes));
      if (!signal.aborted) this.#set({ bytesSent });
    };
    try {
      const found = await this.#send(step, { signal, onProgress });
      if (!signal.aborted) this.#note(step, found.rows, found.coco);
    } catch (error) {
      if (!signal.aborted) {
        const refused = error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 401;
        if (!refused) this.#failed.push(step);
        const outcome = refused ? "refused" : "failed";
        this.#note(
          step,
          step.files.map(({ path }) => ({ file: path, outcome, reason: messageOf(error) })),
        );
      }
    } finally {
      onProgress(step.bytes);
      this.#running.delete(step);
      this.#pump();
    }
  }

  #note(step: Step, rows: Row[], coco?: CocoSummary): void {
    this.#set({
      filesDone: this.#state.filesDone + step.files.length,
      rows: [...this.#state.rows, ...rows],
      coco: coco ? [...this.#state.coco, coco] : this.#state.coco,
    });
  }

  async #send(step: Step, options: UploadOptions): Promise<{ rows: Row[]; coco?: CocoSummary }> {
    for (let tries = 0; ; tries++) {
      try {
        return await this.#call(step, options);
      } catch (error) {
        const pause = PAUSES[tries];
        const passing = error instanceof ApiError && (error.offline || error.status === 502 || error.status === 503);
        if (!passing || pause === undefined || options.signal?.aborted) throw error;
        await this.#wait(pause);
        if (options.signal?.aborted) throw error;
      }
    }
  }

  async #call(step: Step, options: UploadOptions): Promise<{ rows: Row[]; coco?: CocoSummary }> {
    const form = new FormData();
    if (step.kind === "photos") {
      for (const { file, path } of step.files) form.append("files", file, path);
      const result = await this.#post<UploadResult>(addressOf(step, "images"), form, options);
      return { rows: rowsOf(result) };
    }
    const [{ file, path }] = step.files;
    form.append("coco", file, path);
    const result = await this.#post<CocoResult>(addressOf(step, "coco"), form, options);
    // Persons of photos that did not get through are refused here; sending the photos again must bring them too.
    if (this.#failed.some((failed) => failed.projectId === step.projectId)) this.#failed.push(step);
    const refused = result.refused_persons.map(({ id, reason }) => personRow(path, id, "refused", reason));
    const mended = result.notes.map(({ id, note }) => personRow(path, id, "mended", note));
    const { counts } = result;
    return {
      rows: [
        ...rowsOf(result),
        ...refused,
        ...unlisted(personName(path), "refused", counts.refused_persons - refused.length),
        ...mended,
        ...unlisted(personName(path), "mended", counts.notes - mended.length),
      ],
      coco: {
        file: path,
        added: result.persons,
        present: result.persons_present,
        refused: counts.refused_persons,
        dense: result.dense,
        points: result.points,
        remarks: result.remarks,
      },
    };
  }
}

/** Refused files that are no person of a COCO file; with the persons they make up all that was refused. */
export function refusedFiles({ rows, coco }: Pick<UploadState, "rows" | "coco">): number {
  const persons = coco.reduce((n, { refused }) => n + refused, 0);
  return countOf(rows.filter(({ outcome }) => outcome === "refused")) - persons;
}

/** How many files and persons rows stand for. */
export function countOf(rows: readonly Row[]): number {
  return rows.reduce((n, row) => n + (row.unlisted ?? 1), 0);
}

function unlisted(file: string, outcome: Outcome, count: number): Row[] {
  return count > 0 ? [{ file, outcome, unlisted: count }] : [];
}

/** Where a step's files go, with what is asked for beside them. */
function addressOf({ projectId, options }: Step, what: "images" | "coco"): string {
  const query = new URLSearchParams((options.tags ?? []).map((tag) => ["tag", tag]));
  if (what === "coco" && options.asProjectBody) query.set("as_project_body", "true");
  return `/api/projects/${projectId}/${what}${query.size > 0 ? `?${query}` : ""}`;
}

function size(files: Picked[]): number {
  return files.reduce((n, { file }) => n + file.size, 0);
}

function personRow(file: string, id: string, outcome: Outcome, reason: string): Row {
  return { file: personName(file, id), outcome, reason };
}

const personName = (file: string, id = "") => `${file}, person ${id}`;

function rowsOf({ stored, duplicates, refused, counts }: UploadResult): Row[] {
  return [
    ...unlisted("", "stored", counts.stored - stored.length),
    ...unlisted("", "duplicate", counts.duplicates - duplicates.length),
    ...unlisted("", "refused", counts.refused - refused.length),
    ...stored.map(({ file }): Row => ({ file, outcome: "stored" })),
    ...duplicates.map(
      ({ file, image }): Row => ({
        file,
        outcome: "duplicate",
        reason: `the project has these very bytes already, as ${image.file_name}`,
      }),
    ),
    ...refused.map(({ file, reason }): Row => ({ file, outcome: "refused", reason })),
  ];
}
