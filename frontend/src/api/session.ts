/**
 * Holds calls that the server refused with 401 until the person has signed in again, so that a session which ran out
 * costs nothing: the page stays, the sign-in dialog lies over it, and the held calls are sent again afterwards.
 */
type Answer = (signedIn: boolean) => void;

let held: Answer[] = [];
const listeners = new Set<() => void>();

function tell(): void {
  for (const listener of listeners) listener();
}

/** Resolves to true once the same person is signed in again, to false if they leave instead. */
export function waitForSignIn(): Promise<boolean> {
  return new Promise((resolve) => {
    held.push(resolve);
    tell();
  });
}

/** Lets the held calls go: sent again (true) or failed with 401 (false). */
export function settleSignIn(signedIn: boolean): void {
  const answers = held;
  held = [];
  tell();
  for (const answer of answers) answer(signedIn);
}

export function isSignInNeeded(): boolean {
  return held.length > 0;
}

export function subscribeSignIn(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
