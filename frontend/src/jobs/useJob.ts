import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { parseJson } from "../api/error";
import { getJob, isOver, type Job, jobEventsUrl } from "./api";

/** Looked at this often where server-sent events do not come through. */
const LOOK_MS = 4000;

/** A job as it is now: fetched once, then told by the server at every change until it is over. */
export function useJob(id: string | null | undefined): Job | null {
  const client = useQueryClient();
  const job = useQuery({
    queryKey: ["jobs", id],
    queryFn: ({ signal }) => getJob(id as string, { signal }),
    enabled: Boolean(id),
    refetchInterval: ({ state }) => (state.data && isOver(state.data.state) ? false : LOOK_MS),
  });
  const over = job.data ? isOver(job.data.state) : false;
  useEffect(() => {
    if (!id || over || typeof EventSource === "undefined") return;
    const events = new EventSource(jobEventsUrl(id));
    const told = (event: MessageEvent<string>) => {
      const now = parseJson(event.data) as Job | undefined;
      if (!now?.state) return;
      client.setQueryData(["jobs", id], now);
      if (isOver(now.state)) events.close();
    };
    events.addEventListener("message", told);
    events.addEventListener("job", told);
    return () => events.close();
  }, [id, over, client]);
  return id ? (job.data ?? null) : null;
}
