import { type CallOptions, call } from "./client";
import { parseJson } from "./error";

/** Calls a route by its path, as `api` does for those that the OpenAPI document types. */
export function request<T>(method: string, path: string, body?: unknown, o: CallOptions = {}): Promise<T> {
  return call<T>(async () => {
    const headers: Record<string, string> = { Accept: "application/json" };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const response = await globalThis.fetch(
      new Request(new URL(path, window.location.href), {
        method,
        headers,
        credentials: "same-origin",
        body: body === undefined ? null : JSON.stringify(body),
        ...(o.signal && { signal: o.signal }),
      }),
    );
    if (response.status === 204) return { data: undefined, response };
    const text = await response.text();
    const value = parseJson(text) ?? text;
    return response.ok ? { data: value, response } : { error: value, response };
  });
}
