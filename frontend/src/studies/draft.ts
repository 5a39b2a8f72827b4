import { draftsOf } from "../lib/drafts";
import type { Choice } from "./PersonChoice";
import type { MasksWay } from "./types";

export interface Draft {
  name: string;
  description: string;
  choice: Choice;
  annotators: string[];
  /** Labels of the chosen parts. */
  parts: number[];
  perPart: number;
  masks: MasksWay;
  practice: number;
  twice: "none" | "sixth" | "third";
}

/** What was entered for studies that are not made yet, by project. */
export const drafts = draftsOf<Draft>("new-study", 4, ({ choice, ...rest }) => ({
  ...rest,
  choice: { ...choice, picked: choice.picked && new Set(choice.picked) },
}));
