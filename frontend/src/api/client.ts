import createClient from "openapi-fetch";
import { errorFrom, offlineError } from "./error";
import type { paths } from "./schema";
import { waitForSignIn } from "./session";

/** The server's routes with the types of its OpenAPI document. Wrap every use in `call`. */
export const api = createClient<paths>({
  credentials: "same-origin",
  headers: { Accept: "application/json" },
  // Looked up at each call, so that tests can put their own in its place.
  fetch: (request) => globalThis.fetch(request),
});

export interface CallOptions {
  signal?: AbortSignal;
  /** Lets the browser finish the call after the page is closed (bodies up to 64 KiB). */
  keepalive?: boolean;
}

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/**
 * Makes a call and returns the body of its answer (`undefined` for 204).
 * Rejects with ApiError, or with AbortError when the signal fires. A 401 waits for sign-in and calls again, unless
 * `hold` is false.
 */
export async function call<T>(send: () => Promise<Answer<T>>, hold = true): Promise<T> {
  for (;;) {
    const { data, error, response } = await answerTo(send);
    if (response.ok) return data as T;
    if (response.status !== 401 || !hold || !(await waitForSignIn())) throw errorFrom(response.status, error);
  }
}

async function answerTo<T>(send: () => Promise<Answer<T>>): Promise<Answer<T>> {
  try {
    return await send();
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw offlineError(cause);
  }
}
