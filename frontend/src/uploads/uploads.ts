import { useSyncExternalStore } from "react";
import { postForm } from "./postForm";
import { UploadQueue, type UploadState } from "./queue";

/** The one queue of this tab: it goes on while people move between pages. */
export const uploads = new UploadQueue(postForm);

export function useUploads(): UploadState {
  return useSyncExternalStore(uploads.subscribe, uploads.get);
}

function warn(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

// Closing the tab in the middle of an upload asks first.
uploads.subscribe(() => {
  if (uploads.get().status === "sending") window.addEventListener("beforeunload", warn);
  else window.removeEventListener("beforeunload", warn);
});
