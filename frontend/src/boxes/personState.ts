import type { Person } from "../api/types";

/** What has been made on a person and would be missed, as a sentence; null when nothing. */
export function workOn(person: Person | null): string | null {
  if (!person) return null;
  const { marks, masks } = person;
  if (marks > 0) return `${marks} ${marks === 1 ? "point is" : "points are"} marked on this person.`;
  if (masks > 0) return `The masks of ${masks} ${masks === 1 ? "part" : "parts"} are drawn on this person.`;
  return null;
}

/** How far the work on a person is, in words. @param parts how many the body has, once that is known. */
export function personState(person: Person | null, parts?: number): string {
  if (!person) return "Being saved";
  switch (person.state) {
    case "new":
      return "Not begun";
    case "mask":
      return `Mask begun, ${person.masks}${parts ? ` of ${parts}` : ""} ${parts || person.masks !== 1 ? "parts" : "part"}`;
    case "points":
      return `${person.marks} of ${person.points} points`;
    case "done":
      return "Finished";
  }
}
