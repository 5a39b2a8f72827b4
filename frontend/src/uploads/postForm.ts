import { errorFrom, offlineError, parseJson } from "../api/error";
import { waitForSignIn } from "../api/session";

export interface UploadOptions {
  signal?: AbortSignal | undefined;
  /** Bytes of this call that have left the browser. */
  onProgress?: (sent: number) => void;
}

/**
 * POSTs a form and reports progress, which fetch cannot. Rejects as `request` does: ApiError, or AbortError when the
 * signal fires; a 401 waits for sign-in and then sends the form again.
 */
export async function postForm<T>(path: string, form: FormData, options: UploadOptions = {}): Promise<T> {
  for (;;) {
    const answer = await send(path, form, options);
    if (answer.status >= 200 && answer.status < 300) return JSON.parse(answer.body) as T;
    const error = errorFrom(answer.status, parseJson(answer.body));
    if (answer.status !== 401 || !(await waitForSignIn())) throw error;
  }
}

function send(path: string, form: FormData, { signal, onProgress }: UploadOptions) {
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    const aborted = () => new DOMException("The upload was cancelled", "AbortError");
    if (signal?.aborted) {
      reject(aborted());
      return;
    }
    const abort = () => xhr.abort();
    signal?.addEventListener("abort", abort);
    xhr.upload.addEventListener("progress", (event) => onProgress?.(event.loaded));
    xhr.addEventListener("load", () => resolve({ status: xhr.status, body: xhr.responseText }));
    xhr.addEventListener("error", () => reject(offlineError(undefined)));
    xhr.addEventListener("abort", () => reject(aborted()));
    xhr.addEventListener("loadend", () => signal?.removeEventListener("abort", abort));
    xhr.open("POST", path);
    xhr.setRequestHeader("Accept", "application/json");
    xhr.send(form);
  });
}
