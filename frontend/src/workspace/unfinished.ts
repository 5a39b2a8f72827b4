import type { UnfinishedError } from "./journal/journal";

/** Why something cannot be handed in yet, and what to do. */
export const UNFINISHED: Record<UnfinishedError["reason"], string> = {
  offline:
    "The server does not answer now. Your work is kept in this browser; submit again when the connection is back.",
  conflict: "This was changed elsewhere meanwhile. Choose which version to keep first.",
  refused: "The server did not take the last change. See the message at the top.",
};
