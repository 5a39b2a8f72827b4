/** The durable jobs of a project. */
import { api, type CallOptions, call } from "../api/client";
import type { Job, JobState, Page, RenderFile, RenderFileKind, RenderFilesResult, RenderRequest } from "../api/types";
import { batches, type Picked } from "../uploads/files";
import { postForm } from "../uploads/postForm";

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
      body: { open_study: false, cut: 0.25, poses: [], backgrounds: [], textures: [], ...body },
    }),
  );

export const getRenderFiles = (project_id: string, o?: CallOptions) =>
  call<RenderFile[]>(() =>
    api.GET("/api/projects/{project_id}/render-files", { params: { path: { project_id } }, ...o }),
  );
export const deleteRenderFile = (project_id: string, file_id: string) =>
  call<void>(() =>
    api.DELETE("/api/projects/{project_id}/render-files/{file_id}", { params: { path: { project_id, file_id } } }),
  );

/** Sends files of a kind in batches; the result of all together. */
export async function sendRenderFiles(
  projectId: string,
  kind: RenderFileKind,
  picked: readonly Picked[],
): Promise<RenderFilesResult> {
  const all: RenderFilesResult = { stored: [], duplicates: [], refused: [] };
  for (const batch of batches(picked)) {
    const form = new FormData();
    for (const { file, path } of batch) form.append(kind, file, path);
    const result = await postForm<RenderFilesResult>(`/api/projects/${projectId}/render-files`, form);
    all.stored.push(...result.stored);
    all.duplicates.push(...result.duplicates);
    all.refused.push(...result.refused);
  }
  return all;
}

/** Server-sent events: the job at every change. */
export const jobEventsUrl = (id: string) => `/api/jobs/${id}/events`;

export const isOver = (state: JobState) => state === "done" || state === "failed" || state === "cancelled";
