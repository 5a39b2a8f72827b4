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

interface Answer {
  data?: unknown;
  error?: unknown;
  response: Response;
}

/**
 * Makes a call and returns the body of its answer (`undefined` for 204).
 * Rejects with ApiError, or with AbortError when the signal fires. A 401 waits for sign-in and calls again, unless
 * `hold` is false. The type is named by the caller: what openapi-fetch infers turns tuples (boxes) into lists.
 */
export async function call<T>(send: () => Promise<Answer>, hold = true): Promise<T> {
  return (await callWithResponse<T>(send, hold)).data;
}

/** `call` for those who need the headers as well. */
export async function callWithResponse<T>(
  send: () => Promise<Answer>,
  hold = true,
): Promise<{ data: T; response: Response }> {
  for (;;) {
    const { data, error, response } = await answerTo(send);
    if (response.ok) return { data: data as T, response };
    if (response.status !== 401 || !hold || !(await waitForSignIn())) throw errorFrom(response.status, error);
  }
}

async function answerTo(send: () => Promise<Answer>): Promise<Answer> {
  try {
    return await send();
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw offlineError(cause);
  }
}
