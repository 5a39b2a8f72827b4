import type { Person } from "../api/types";

/** How far the work on a person is, in words. */
export function personState(person: Person | null): string {
  if (!person) return "Being saved";
  switch (person.state) {
    case "new":
      return "Not begun";
    case "mask":
      return `Mask begun, ${person.masks} of 14 parts`;
    case "points":
      return `${person.marks} of ${person.points} points`;
    case "done":
      return "Finished";
  }
}
