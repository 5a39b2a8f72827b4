/** The durable jobs of a project. */
import { api, type CallOptions, call } from "../api/client";
import type { Job, JobState, Page, RenderRequest } from "../api/types";

export type { Job, JobState } from "../api/types";

const LISTED = 50;

export const getJobs = (project_id: string, after?: string, o?: CallOptions) =>
  call<Page<Job>>(() =>
    api.GET("/api/projects/{project_id}/jobs", {
      params: { path: { project_id }, query: { after, limit: LISTED } },
      ...o,
    }),
  );
export const getJob = (job_id: string, o?: CallOptions) =>
  call<Job>(() => api.GET("/api/jobs/{job_id}", { params: { path: { job_id } }, ...o }));
export const cancelJob = (job_id: string) =>
  call<Job>(() => api.POST("/api/jobs/{job_id}/cancel", { params: { path: { job_id } } }));
export const startRenders = (project_id: string, body: RenderRequest) =>
  call<Job>(() =>
    api.POST("/api/projects/{project_id}/renders", {
      params: { path: { project_id } },
      body: { open_study: false, ...body },
    }),
  );
/** Server-sent events: the job at every change. */
export const jobEventsUrl = (id: string) => `/api/jobs/${id}/events`;

export const isOver = (state: JobState) => state === "done" || state === "failed" || state === "cancelled";
