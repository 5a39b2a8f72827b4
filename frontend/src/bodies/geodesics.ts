/** Distances along a body's surface, from the server. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import * as endpoints from "../api/endpoints";
import { ApiError } from "../api/error";
import type { FacePoint } from "./mesh";

const LOOK_MS = 2000;

/** How far the body's table of distances is; looked at again while it is being built. */
export function useGeodesicsState(hash: string, wanted: boolean) {
  return useQuery({
    queryKey: ["bodies", hash, "geodesics"],
    queryFn: ({ signal }) => endpoints.getGeodesics(hash, { signal }),
    enabled: wanted,
    refetchInterval: ({ state }) => (state.data?.state === "ready" || state.data?.state === "failed" ? false : LOOK_MS),
  });
}

/** Distances (V) in metres of all vertices from a point. */
export function useDistances(hash: string, from: FacePoint | null) {
  return useQuery({
    queryKey: ["bodies", hash, "distances", from],
    queryFn: ({ signal }) => endpoints.getDistances(hash, from as FacePoint, { signal }),
    enabled: from !== null,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  });
}

/** The shortest path between two points; while it is asked for, the one before. */
export function usePath(hash: string, from: FacePoint | null, to: FacePoint | null) {
  return useQuery({
    queryKey: ["bodies", hash, "path", from, to],
    queryFn: ({ signal }) => endpoints.getPath(hash, from as FacePoint, to as FacePoint, { signal }),
    enabled: from !== null && to !== null,
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  });
}

/** What of a path's error is worth telling: that the server is busy only means that there is no path now. */
export function pathTrouble(error: Error | null): Error | null {
  return error instanceof ApiError && error.status === 503 ? null : error;
}
