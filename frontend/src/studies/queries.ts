import { queryOptions } from "@tanstack/react-query";
import * as api from "./api";

export const studyQueries = {
  ofProject: (projectId: string) =>
    queryOptions({
      queryKey: ["projects", projectId, "studies"],
      queryFn: ({ signal }) => api.getStudies(projectId, { signal }),
    }),
  mine: () => queryOptions({ queryKey: ["studies", "mine"], queryFn: ({ signal }) => api.getMyStudies({ signal }) }),
  mineOf: (id: string) =>
    queryOptions({ queryKey: ["studies", id, "mine"], queryFn: ({ signal }) => api.getMine(id, { signal }) }),
  study: (id: string) =>
    queryOptions({ queryKey: ["studies", id], queryFn: ({ signal }) => api.getStudy(id, { signal }) }),
  progress: (id: string) =>
    queryOptions({
      queryKey: ["studies", id, "progress"],
      queryFn: ({ signal }) => api.getProgress(id, { signal }),
      refetchInterval: 20_000,
    }),
  report: (id: string) =>
    queryOptions({ queryKey: ["studies", id, "report"], queryFn: ({ signal }) => api.getReport(id, { signal }) }),
  heat: (id: string, version: string) =>
    queryOptions({
      queryKey: ["studies", id, "heat", version],
      queryFn: ({ signal }) => api.getHeat(id, { signal }),
      staleTime: Number.POSITIVE_INFINITY,
      retry: false,
    }),
};
