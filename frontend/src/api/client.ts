import { ApiError, errorFromBody, offlineError } from "./error";
import { waitForSignIn } from "./session";

export interface CallOptions {
  signal?: AbortSignal | undefined;
  /** Lets the browser finish the call after the page is closed (bodies up to 64 KiB). */
  keepalive?: boolean;
  /** False: a 401 rejects at once instead of waiting for the sign-in dialog. */
  hold?: boolean;
}

/**
 * Calls the server and returns the parsed JSON (`undefined` for 204).
 * Rejects with ApiError, or with the signal's AbortError. A 401 waits for sign-in and is then sent again.
 */
export async function request<T>(method: string, path: string, body?: unknown, options: CallOptions = {}): Promise<T> {
  const init: RequestInit = { method, credentials: "same-origin", headers: { Accept: "application/json" } };
  if (options.signal) init.signal = options.signal;
  if (options.keepalive) init.keepalive = true;
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { ...init.headers, "Content-Type": "application/json" };
  }
  for (;;) {
    const response = await answerTo(path, init);
    if (response.ok) return (response.status === 204 ? undefined : await response.json()) as T;
    const error = errorFromBody(response.status, await response.text());
    if (response.status !== 401 || options.hold === false || !(await waitForSignIn())) throw error;
  }
}

async function answerTo(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init);
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw offlineError(cause);
  }
}

/** A query string of the defined values, with its question mark; empty when there are none. */
export function queryString(values: Record<string, string | number | null | undefined>): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) {
    if (value !== null && value !== undefined && value !== "") query.set(key, String(value));
  }
  return query.size > 0 ? `?${query}` : "";
}

export { ApiError };
