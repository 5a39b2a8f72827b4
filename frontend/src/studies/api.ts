/** The routes of studies. */
import type { CallOptions } from "../api/client";
import { request } from "../api/request";
import type { Page, Task } from "../api/types";
import type { Job } from "../jobs/api";
import type { Feedback, MyStudy, ReportStatus, Study, StudyCreate, StudyProgress } from "./types";

const get = <T>(path: string, o?: CallOptions) => request<T>("GET", path, undefined, o);

export const getStudies = (projectId: string, o?: CallOptions) =>
  get<Page<Study>>(`/api/projects/${projectId}/studies?limit=200`, o);
export const createStudy = (projectId: string, body: StudyCreate) =>
  request<Study>("POST", `/api/projects/${projectId}/studies`, body);
export const getStudy = (id: string, o?: CallOptions) => get<Study>(`/api/studies/${id}`, o);
export const updateStudy = (id: string, body: { revision: number; name?: string; description?: string }) =>
  request<Study>("PATCH", `/api/studies/${id}`, body);
export const addAnnotators = (id: string, annotators: string[]) =>
  request<Study>("POST", `/api/studies/${id}/annotators`, { annotators });
export const openStudy = (id: string) => request<Study>("POST", `/api/studies/${id}/open`);
export const closeStudy = (id: string) => request<Study>("POST", `/api/studies/${id}/close`);
export const getProgress = (id: string, o?: CallOptions) => get<StudyProgress>(`/api/studies/${id}/progress`, o);

/** Open studies that wait for the caller. */
export const getMyStudies = (o?: CallOptions) => get<{ items: MyStudy[] }>("/api/studies", o);
export const getMine = (id: string, o?: CallOptions) => get<MyStudy>(`/api/studies/${id}/mine`, o);
/** The caller's next task of a study; undefined when all is done. */
export const nextStudyTask = async (id: string) =>
  (await request<Task | null | undefined>("POST", `/api/studies/${id}/next`)) ?? undefined;
export const getFeedback = (taskId: string, o?: CallOptions) => get<Feedback>(`/api/tasks/${taskId}/feedback`, o);

export const getReport = (id: string, o?: CallOptions) => get<ReportStatus>(`/api/studies/${id}/report`, o);
export const makeReport = (id: string) => request<Job>("POST", `/api/studies/${id}/report`);
export const reportFileUrl = (id: string, kind: "pdf" | "csv" | "json") => `/api/studies/${id}/report.${kind}`;
export type Scheme = "light" | "dark";
export const figureUrl = (id: string, name: string, theme: Scheme, version: string) =>
  `/api/studies/${id}/figures/${name}.svg?theme=${theme}&v=${encodeURIComponent(version)}`;
export const heatPictureUrl = (id: string, theme: Scheme, version: string) =>
  `/api/studies/${id}/heat.png?theme=${theme}&v=${encodeURIComponent(version)}`;

/** Mean error in metres of each vertex (V); NaN where nothing is known. */
export async function getHeat(id: string, o?: CallOptions): Promise<Float32Array> {
  const response = await fetch(`/api/studies/${id}/heat.bin`, { ...(o?.signal && { signal: o.signal }) });
  if (!response.ok) throw new Error("the heat map is not there");
  return new Float32Array(await response.arrayBuffer());
}
