import { draftsOf } from "../lib/drafts";
import type { Draft } from "./settings";

/** What was entered for snapshots that are not made yet, by project. */
export const drafts = draftsOf<Draft>("new-snapshot", 3);
