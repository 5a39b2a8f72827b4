import { describe, expect, it, vi } from "vitest";
import { ApiError } from "../api/error";
import type { Picked } from "./files";
import type { UploadOptions } from "./postForm";
import { countOf, refusedFiles, UploadQueue } from "./queue";

const picked = (path: string, size = 10): Picked => ({ file: new File([new Uint8Array(size)], path), path });
const photos = (n: number) => Array.from({ length: n }, (_, i) => picked(`${i}.jpg`));

interface Call {
  path: string;
  files: string[];
  options: UploadOptions;
  answer: (result: unknown) => void;
  fail: (error: unknown) => void;
}

/** A server that answers when the test says so. */
function server() {
  const calls: Call[] = [];
  const post = <T>(path: string, form: FormData, options: UploadOptions) =>
    new Promise<T>((resolve, reject) => {
      options.signal?.addEventListener("abort", () => reject(new DOMException("cancelled", "AbortError")));
      const files = [...form.values()].map((value) => (value as File).name);
      calls.push({ path, files, options, answer: resolve as (result: unknown) => void, fail: reject });
    });
  return { calls, queue: new UploadQueue(post, async () => {}) };
}

const stored = (files: string[]) => ({
  counts: { stored: files.length, refused: 0, duplicates: 0 },
  stored: files.map((file) => ({ file, image: { file_name: file } })),
  refused: [],
  duplicates: [],
});
/** Of a COCO file that brought nobody. */
const NOTHING = { persons: 0, persons_present: 0, dense: 0, points: 0, remarks: [] };
const counts = (own: object) => ({ stored: 0, refused: 0, duplicates: 0, refused_persons: 0, notes: 0, ...own });
const settle = () => new Promise((resolve) => setTimeout(resolve));

async function answerAll(calls: Call[]): Promise<void> {
  for (let i = 0; i < calls.length; i++) {
    calls[i]?.answer(stored(calls[i]?.files ?? []));
    await settle();
  }
}

describe("UploadQueue", () => {
  it("sends every file once, two batches at a time, and counts", async () => {
    const { calls, queue } = server();
    queue.add("p", photos(100));
    expect(calls).toHaveLength(2);
    expect(queue.get()).toMatchObject({ status: "sending", files: 100, filesDone: 0, bytes: 1000 });
    await answerAll(calls);
    expect(calls.map((call) => call.path)).toEqual(Array(5).fill("/api/projects/p/images"));
    expect(calls.flatMap((call) => call.files)).toEqual(photos(100).map(({ path }) => path));
    expect(queue.get()).toMatchObject({ status: "done", filesDone: 100, bytesSent: 1000, canRetry: false });
    expect(queue.get().rows.every((row) => row.outcome === "stored")).toBe(true);
  });

  it("reports progress of both calls together, never beyond the files' size", () => {
    const { calls, queue } = server();
    queue.add("p", photos(48));
    calls[0]?.options.onProgress?.(100);
    calls[1]?.options.onProgress?.(50);
    expect(queue.get().bytesSent).toBe(150);
    calls[0]?.options.onProgress?.(999);
    expect(queue.get().bytesSent).toBe(290);
  });

  it("imports a COCO file after all photos, alone", async () => {
    const { calls, queue } = server();
    queue.add("p", [picked("persons.json"), ...photos(30)], { tags: ["street", "a&b"], asProjectBody: true });
    expect(calls.map((call) => call.files.length)).toEqual([24, 6]);
    calls[1]?.answer(stored(calls[1].files));
    await settle();
    expect(calls).toHaveLength(2);
    calls[0]?.answer(stored(calls[0].files));
    await settle();
    expect(calls[0]?.path).toBe("/api/projects/p/images?tag=street&tag=a%26b");
    expect(calls[2]).toMatchObject({
      path: "/api/projects/p/coco?tag=street&tag=a%26b&as_project_body=true",
      files: ["persons.json"],
    });
    calls[2]?.answer({
      ...stored([]),
      counts: counts({ refused: 1, refused_persons: 1, notes: 1 }),
      refused: [{ file: "2.jpg", reason: "cannot be read" }],
      persons: 12,
      persons_present: 1,
      dense: 9,
      points: 812,
      remarks: ["points on smpl, taken as on anny"],
      refused_persons: [{ id: "7", reason: "box outside of the image" }],
      notes: [{ id: "9", note: "has no usable area; that of its box is taken" }],
    });
    await settle();
    expect(queue.get().coco).toEqual([
      {
        file: "persons.json",
        added: 12,
        present: 1,
        refused: 1,
        dense: 9,
        points: 812,
        remarks: ["points on smpl, taken as on anny"],
      },
    ]);
    expect(refusedFiles(queue.get())).toBe(1);
    expect(queue.get().rows.slice(-2)).toEqual([
      { file: "persons.json, person 7", outcome: "refused", reason: "box outside of the image" },
      { file: "persons.json, person 9", outcome: "mended", reason: "has no usable area; that of its box is taken" },
    ]);
  });

  it("counts what the server does not list", async () => {
    const { calls, queue } = server();
    queue.add("p", [picked("all.zip"), picked("c.json")]);
    calls[0]?.answer({ ...stored(["a.jpg"]), counts: { stored: 1200, refused: 3, duplicates: 0 } });
    await settle();
    calls[1]?.answer({
      ...stored([]),
      ...NOTHING,
      counts: counts({ refused_persons: 1500, notes: 1 }),
      refused_persons: [{ id: "7", reason: "?" }],
      notes: [{ id: "9", note: "?" }],
    });
    await settle();
    const { rows, coco } = queue.get();
    const of = (outcome: string) => countOf(rows.filter((row) => row.outcome === outcome));
    expect(["stored", "refused", "mended", "duplicate"].map(of)).toEqual([1200, 1503, 1, 0]);
    expect([coco[0]?.refused, refusedFiles({ rows, coco })]).toEqual([1500, 3]);
  });

  it("sends a batch without answer again, and keeps it for later when that fails too", async () => {
    const { calls, queue } = server();
    queue.add("p", [picked("a.jpg")]);
    for (let i = 0; i < 4; i++) {
      calls[i]?.fail(new ApiError(0, "No connection", ""));
      await settle();
    }
    expect(calls).toHaveLength(4);
    expect(queue.get()).toMatchObject({ status: "done", canRetry: true });
    expect(queue.get().rows).toEqual([{ file: "a.jpg", outcome: "failed", reason: "No connection" }]);
    queue.retry();
    calls[4]?.answer(stored(["a.jpg"]));
    await settle();
    expect(queue.get().rows).toEqual([{ file: "a.jpg", outcome: "stored" }]);
    expect(queue.get().canRetry).toBe(false);
  });

  it("imports the COCO file again when photos that failed come through later", async () => {
    const { calls, queue } = server();
    queue.add("p", [picked("a.jpg"), picked("c.json")]);
    for (let i = 0; i < 4; i++) {
      calls[i]?.fail(new ApiError(0, "No connection", ""));
      await settle();
    }
    calls[4]?.answer({
      ...stored([]),
      ...NOTHING,
      counts: counts({ refused_persons: 1 }),
      refused_persons: [{ id: "1", reason: "?" }],
      notes: [],
    });
    await settle();
    queue.retry();
    calls[5]?.answer(stored(["a.jpg"]));
    await settle();
    expect(calls[6]).toMatchObject({ path: "/api/projects/p/coco", files: ["c.json"] });
    calls[6]?.answer({ ...stored([]), ...NOTHING, counts: counts({}), persons: 1, refused_persons: [], notes: [] });
    await settle();
    expect(queue.get().rows).toEqual([{ file: "a.jpg", outcome: "stored" }]);
    expect(queue.get().coco).toMatchObject([{ file: "c.json", added: 1, present: 0, refused: 0 }]);
  });

  it("takes the server's no for an answer", async () => {
    const { calls, queue } = server();
    queue.add("p", [picked("a.jpg")]);
    calls[0]?.fail(new ApiError(413, "Too large", "a.jpg has more than 256 MB"));
    await settle();
    expect(calls).toHaveLength(1);
    expect(queue.get().canRetry).toBe(false);
    expect(queue.get().rows).toEqual([{ file: "a.jpg", outcome: "refused", reason: "a.jpg has more than 256 MB" }]);
  });

  it("refuses other files by name without sending them, and the rest goes through", async () => {
    const { calls, queue } = server();
    queue.add("p", [picked("notes.txt"), picked("a.jpg")]);
    await answerAll(calls);
    expect(calls.flatMap((call) => call.files)).toEqual(["a.jpg"]);
    expect(queue.get().rows.map(({ file, outcome }) => [file, outcome])).toEqual([
      ["notes.txt", "refused"],
      ["a.jpg", "stored"],
    ]);
  });

  it("stops at once when cancelled and can start anew", async () => {
    const { calls, queue } = server();
    queue.add("p", photos(100));
    calls[0]?.answer(stored(calls[0].files));
    await settle();
    queue.cancel();
    await settle();
    expect(queue.get()).toMatchObject({ status: "cancelled", filesDone: 24 });
    expect(calls).toHaveLength(3);
    queue.add("p", [picked("b.jpg")]);
    expect(queue.get().status).toBe("sending");
    await settle();
    calls[3]?.answer(stored(["b.jpg"]));
    await settle();
    expect(queue.get()).toMatchObject({ status: "done", files: 1, filesDone: 1 });
  });

  it("begins a new account with the next files, and joins files that come meanwhile", async () => {
    const { calls, queue } = server();
    queue.add("p", [picked("a.jpg")]);
    queue.add("p", [picked("b.jpg")]);
    await answerAll(calls);
    expect(queue.get()).toMatchObject({ status: "done", files: 2, filesDone: 2 });
    queue.add("p", [picked("c.jpg")]);
    await settle();
    calls[2]?.answer(stored(["c.jpg"]));
    await settle();
    expect(queue.get().rows).toEqual([{ file: "c.jpg", outcome: "stored" }]);
    queue.clear();
    expect(queue.get()).toMatchObject({ status: "idle", files: 0, rows: [] });
  });

  it("tells its listeners until they leave", () => {
    const { queue } = server();
    const listener = vi.fn();
    const leave = queue.subscribe(listener);
    queue.add("p", photos(1));
    const times = listener.mock.calls.length;
    expect(times).toBeGreaterThan(0);
    leave();
    queue.cancel();
    expect(listener).toHaveBeenCalledTimes(times);
  });
});
