import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { isOver, type Job } from "../jobs/api";
import { useJob } from "../jobs/useJob";
import type { Snapshot } from "./types";

/** The job of a snapshot that is being made, as it is now; what the pages show is fetched anew when it is over. */
export function useMaking(snapshot: Snapshot): Job | null {
  const client = useQueryClient();
  const { id, project_id, state, job: listed } = snapshot;
  const followed = useJob(state === "making" ? listed?.id : null);
  const job = followed ?? listed;
  const over = state === "making" && job !== null && isOver(job.state);
  useEffect(() => {
    if (!over) return;
    void client.invalidateQueries({ queryKey: ["snapshots", id] });
    void client.invalidateQueries({ queryKey: ["projects", project_id] });
  }, [client, over, id, project_id]);
  return job;
}
