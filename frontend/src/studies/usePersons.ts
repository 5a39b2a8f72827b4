import { useQuery } from "@tanstack/react-query";
import { PAGE } from "../api/endpoints";
import { request } from "../api/request";
import type { Page, Person } from "../api/types";

/** All persons of a project that were rendered, so that the truth of them is known. */
export function useRenderedPersons(projectId: string) {
  return useQuery({
    queryKey: ["projects", projectId, "persons", "rendered"],
    queryFn: async ({ signal }) => {
      const found: Person[] = [];
      for (let after: string | null = ""; after !== null; ) {
        const from: string = after ? `&after=${encodeURIComponent(after)}` : "";
        const page: Page<Person> = await request(
          "GET",
          `/api/projects/${projectId}/persons?limit=${PAGE}${from}`,
          undefined,
          {
            signal,
          },
        );
        found.push(...page.items.filter(({ source, deleted }) => source === "rendered" && !deleted));
        after = page.next;
      }
      return found;
    },
  });
}
