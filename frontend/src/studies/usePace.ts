import { useQueries, useQuery } from "@tanstack/react-query";
import { paceOf } from "./estimate";
import { studyQueries } from "./queries";

/** So many of the newest studies tell the pace: people get faster. */
const LATEST = 3;

/** Seconds that this project's people took for a point lately, where masks were given; null while that is not known. */
export function usePace(projectId: string): number | null {
  const studies = useQuery(studyQueries.ofProject(projectId)).data?.items ?? [];
  const told = studies.filter(({ masks, done }) => masks === "given" && done > 0).slice(0, LATEST);
  const progress = useQueries({
    queries: told.map(({ id }) => ({ ...studyQueries.progress(id), refetchInterval: false as const })),
  });
  return paceOf(progress.flatMap(({ data }) => data ?? []));
}
