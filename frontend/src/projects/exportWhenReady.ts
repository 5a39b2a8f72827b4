import { type ExportFormat, getExport } from "../api/endpoints";
import { ApiError, messageOf } from "../api/error";

/** Milliseconds between two tries; the server's Retry-After. */
export const PAUSE = 5_000;

/**
 * The export, asked for again while the server makes the map between the two bodies. `waiting` is told why in words.
 * Rejects with AbortError when the signal fires.
 */
export async function exportWhenReady(
  projectId: string,
  format: ExportFormat,
  body: string | undefined,
  signal: AbortSignal,
  waiting: (why: string) => void,
): ReturnType<typeof getExport> {
  for (;;) {
    try {
      return await getExport(projectId, format, body, { signal });
    } catch (error) {
      if (!(error instanceof ApiError && error.kind === "being-made")) throw error;
      waiting(messageOf(error));
    }
    await pause(signal);
  }
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, PAUSE);
    signal.addEventListener("abort", stop, { once: true });
  });
}
