import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import * as api from "./api";
import type { SnapshotSettings } from "./types";

/** Looked at this often while a snapshot is made, where the events of its job do not come through. */
const LOOK_MS = 4000;
/** And else: others make snapshots, too. */
const IDLE_MS = 15_000;

export const datasetQueries = {
  ofProject: (projectId: string) =>
    queryOptions({
      queryKey: ["projects", projectId, "snapshots"],
      queryFn: ({ signal }) => api.getSnapshots(projectId, { signal }),
      staleTime: 0,
      refetchInterval: ({ state }) => (state.data?.items.some((one) => one.state === "making") ? LOOK_MS : IDLE_MS),
    }),
  preview: (projectId: string, settings: SnapshotSettings) =>
    queryOptions({
      queryKey: ["projects", projectId, "snapshots", "preview", settings],
      queryFn: ({ signal }) => api.previewSnapshot(projectId, settings, { signal }),
      placeholderData: keepPreviousData,
      retry: false,
    }),
  snapshot: (id: string) =>
    queryOptions({
      queryKey: ["snapshots", id],
      queryFn: ({ signal }) => api.getSnapshot(id, { signal }),
      refetchInterval: ({ state }) => (state.data?.state === "making" ? LOOK_MS : false),
    }),
  diff: (id: string, other: string) =>
    queryOptions({
      queryKey: ["snapshots", id, "diff", other],
      queryFn: ({ signal }) => api.getDiff(id, other, { signal }),
      staleTime: Number.POSITIVE_INFINITY,
    }),
  reach: (photoId: string) =>
    queryOptions({
      queryKey: ["withdrawals", "reach", photoId],
      queryFn: ({ signal }) => api.getReach(photoId, { signal }),
      staleTime: 0,
    }),
  withdrawals: (projectId: string) =>
    queryOptions({
      queryKey: ["projects", projectId, "withdrawals"],
      queryFn: ({ signal }) => api.getWithdrawals(projectId, { signal }),
    }),
};
