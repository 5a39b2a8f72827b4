/** The durable jobs of a project. */
import type { CallOptions } from "../api/client";
import { request } from "../api/request";
import type { Page } from "../api/types";

export type JobState = "queued" | "running" | "done" | "failed" | "cancelled";

export interface Job {
  id: string;
  kind: string;
  project_id: string;
  title: string;
  state: JobState;
  /** Finished shards of all. */
  done: number;
  total: number;
  message: string;
  error: string | null;
  result: Record<string, unknown> | null;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  created_by: string | null;
}

export interface RendersWanted {
  count: number;
  size: number;
  seed: number;
  /** Fewest and most persons in an image. */
  persons: [number, number];
  /** Share of images in which something stands before a person. */
  occluders: number;
}

export const getJobs = (projectId: string, after?: string, o?: CallOptions) =>
  request<Page<Job>>(
    "GET",
    `/api/projects/${projectId}/jobs?limit=50${after ? `&after=${encodeURIComponent(after)}` : ""}`,
    undefined,
    o,
  );
export const getJob = (id: string, o?: CallOptions) => request<Job>("GET", `/api/jobs/${id}`, undefined, o);
export const cancelJob = (id: string) => request<Job>("POST", `/api/jobs/${id}/cancel`);
export const startRenders = (projectId: string, wanted: RendersWanted) =>
  request<Job>("POST", `/api/projects/${projectId}/renders`, wanted);
export const jobEventsUrl = (id: string) => `/api/jobs/${id}/events`;

export const isOver = (state: JobState) => state === "done" || state === "failed" || state === "cancelled";
