import type { Role } from "../api/types";

export const ROLES: readonly { value: Role; label: string; may: string }[] = [
  { value: "annotator", label: "Annotator", may: "annotates in projects they belong to" },
  { value: "reviewer", label: "Reviewer", may: "annotates and checks in projects they belong to" },
  { value: "lead", label: "Project lead", may: "sets up and manages all projects, exports" },
  { value: "engineer", label: "Engineer", may: "sees and exports all projects" },
  { value: "admin", label: "Administrator", may: "everything, and manages accounts" },
];

export function roleName(role: Role): string {
  return ROLES.find(({ value }) => value === role)?.label ?? role;
}

/** Roles that see every project without belonging to it. */
export function seesAllProjects(role: Role): boolean {
  return role === "lead" || role === "engineer" || role === "admin";
}
