import { infiniteQueryOptions, QueryClient, queryOptions, useQuery } from "@tanstack/react-query";
import { createContext, useContext } from "react";
import * as endpoints from "./endpoints";
import { ApiError } from "./error";
import type { Me } from "./types";

/** A client that retries only what another try may mend: no answer, or a failing server. */
export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        retry: (failures, error) => failures < 2 && error instanceof ApiError && (error.offline || error.status >= 500),
      },
      mutations: { retry: false },
    },
  });
}

/** All pages of a list that is short by nature: accounts, projects, members. */
async function all<T>(page: (after?: string) => Promise<{ items: T[]; next: string | null }>): Promise<T[]> {
  const items: T[] = [];
  for (let after: string | undefined; ; ) {
    const answer = await page(after);
    items.push(...answer.items);
    if (answer.next === null) return items;
    after = answer.next;
  }
}

const IMAGES = 60;

export const queries = {
  session: () => queryOptions({ queryKey: ["session"], queryFn: ({ signal }) => endpoints.getSession({ signal }) }),
  users: () =>
    queryOptions({
      queryKey: ["users"],
      queryFn: ({ signal }) => all((after) => endpoints.getUsers(after, { signal })),
    }),
  projects: () =>
    queryOptions({
      queryKey: ["projects"],
      queryFn: ({ signal }) => all((after) => endpoints.getProjects(after, { signal })),
    }),
  project: (id: string) =>
    queryOptions({ queryKey: ["projects", id], queryFn: ({ signal }) => endpoints.getProject(id, { signal }) }),
  members: (id: string) =>
    queryOptions({
      queryKey: ["projects", id, "members"],
      queryFn: ({ signal }) => all((after) => endpoints.getMembers(id, after, { signal })),
    }),
  images: (projectId: string, q: string) =>
    infiniteQueryOptions({
      queryKey: ["projects", projectId, "images", q],
      queryFn: ({ pageParam, signal }) =>
        endpoints.getImages(projectId, { after: pageParam, limit: IMAGES, q: q || undefined }, { signal }),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (last) => last.next ?? undefined,
    }),
  /** The ids of all images in the order of the grid, for going from one to the next. */
  imageOrder: (projectId: string) =>
    queryOptions({
      queryKey: ["image-order", projectId],
      queryFn: ({ signal }) =>
        all((after) => endpoints.getImages(projectId, { after, limit: endpoints.PAGE }, { signal })),
      select: (images) => images.map(({ id }) => id),
      staleTime: 60_000,
    }),
  /** Fetched anew whenever its page opens, never while it is open: the page holds changes of its own. */
  image: (id: string) =>
    queryOptions({
      queryKey: ["images", id],
      queryFn: ({ signal }) => endpoints.getImage(id, { signal }),
      staleTime: Number.POSITIVE_INFINITY,
      gcTime: 0,
    }),
  bodies: () => queryOptions({ queryKey: ["bodies"], queryFn: ({ signal }) => endpoints.getBodies({ signal }) }),
  bodyMesh: (hash: string) =>
    queryOptions({
      queryKey: ["bodies", hash, "mesh"],
      queryFn: ({ signal }) => endpoints.getBodyMesh(hash, { signal }),
      staleTime: Number.POSITIVE_INFINITY,
    }),
  body: (hash: string) =>
    queryOptions({
      queryKey: ["bodies", hash],
      queryFn: ({ signal }) => endpoints.getBody(hash, { signal }),
      staleTime: Number.POSITIVE_INFINITY,
    }),
};

export function useProject(id: string) {
  return useQuery(queries.project(id));
}

export const MeContext = createContext<Me | null>(null);

/** The signed-in person. Only inside the signed-in part of the app. */
export function useMe(): Me {
  const me = useContext(MeContext);
  if (!me) throw new Error("useMe outside of the signed-in pages");
  return me;
}
