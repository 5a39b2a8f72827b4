import { putMark, putMask } from "@/api/endpoints";
import { ApiError } from "@/api/error";
import type { MarkWrite, MaskWrite } from "@/api/types";
import type { ObjectRef, Send, SendResult, Write } from "./types";

/** A write's own fields are added when it is sent. */
type Own = "revision" | "write_id" | "seconds";
export type MaskPayload = Omit<MaskWrite, Own>;
export type MarkPayload = Omit<MarkWrite, Own>;

/** A call that takes longer has lost its connection; it is made again. */
const TIMEOUT_MS = 60_000;

export const sendToServer: Send = async (ref, write, revision) => {
  try {
    return { type: "done", current: await put(ref, write, revision) };
  } catch (error) {
    return outcomeOf(error, ref, write);
  }
};

function put(ref: ObjectRef, write: Write, revision: number): Promise<{ revision: number }> {
  const own = { revision, write_id: write.writeId, seconds: write.seconds };
  const options = { signal: AbortSignal.timeout(TIMEOUT_MS) };
  return ref.kind === "mask"
    ? putMask(ref.id, { ...(write.payload as MaskPayload), ...own }, options)
    : putMark(ref.id, { ...(write.payload as MarkPayload), ...own }, options);
}

/** What a failed call means for the write. Only the server's clear word counts as a refusal. */
export function outcomeOf(error: unknown, ref: ObjectRef, write: Write): SendResult {
  if (!(error instanceof ApiError)) return { type: "later", offline: true };
  const { status } = error;
  if (status === 401) return { type: "later", offline: false };
  if (status === 0 || status === 408 || status === 429 || status >= 500) return { type: "later", offline: true };
  if (status === 409 && hasRevision(error.current)) return { type: "stale", current: error.current };
  const click = ref.kind === "mark" && (write.payload as MarkPayload).kind === "surface";
  return { type: "refused", message: error.detail || error.title, drop: status === 422 && click };
}

function hasRevision(value: unknown): value is { revision: number } {
  return typeof value === "object" && value !== null && "revision" in value && typeof value.revision === "number";
}
