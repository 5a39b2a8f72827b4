import { queryOptions } from "@tanstack/react-query";
import { getAllPersons } from "../api/endpoints";
import type { Person } from "../api/types";

/** All persons of a project that were rendered, so that the truth of them is known. */
export const renderedPersons = (projectId: string) =>
  queryOptions({
    queryKey: ["projects", projectId, "persons", "rendered"],
    queryFn: async ({ signal }) => {
      const found: Person[] = [];
      for (let after: string | undefined; ; ) {
        const { items, next } = await getAllPersons(projectId, after, { signal });
        found.push(...items.filter(({ source, deleted }) => source === "rendered" && !deleted));
        if (next === null) return found;
        after = next;
      }
    },
  });
