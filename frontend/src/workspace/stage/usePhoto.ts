import { useEffect, useState } from "react";
import { loadPhoto, type Photo } from "./photo";

export interface PhotoState {
  photo: Photo | null;
  error: boolean;
  retry: () => void;
}

// The photo in hand: masks and marks of a person show the same one.
let latest: { url: string; photo: Photo } | null = null;

/** Loads the photo at a URL; the last one loaded is at hand at once. */
export function usePhoto(url: string): PhotoState {
  const [photo, setPhoto] = useState<Photo | null>(latest?.url === url ? latest.photo : null);
  const [error, setError] = useState(false);
  const [attempt, setAttempt] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt loads the same URL again.
  useEffect(() => {
    if (latest?.url === url) {
      setPhoto(latest.photo);
      return;
    }
    const abort = new AbortController();
    setPhoto(null);
    setError(false);
    loadPhoto(url, abort.signal).then(
      (loaded) => {
        if (abort.signal.aborted) return;
        latest = { url, photo: loaded };
        setPhoto(loaded);
      },
      () => abort.signal.aborted || setError(true),
    );
    return () => abort.abort();
  }, [url, attempt]);
  return { photo, error, retry: () => setAttempt((n) => n + 1) };
}
