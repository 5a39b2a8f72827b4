/** The routes of studies. */
import { api, type CallOptions, call } from "../api/client";
import type { Feedback, Job, MyStudy, Page, Study, StudyCreate, StudyProgress, StudyReport, Task } from "../api/types";

type Options = CallOptions;
const at = (study_id: string) => ({ params: { path: { study_id } } });

/** The newest studies of a project; more than one page of them is looked for by nobody. */
export const getStudies = (project_id: string, o?: Options) =>
  call<Page<Study>>(() =>
    api.GET("/api/projects/{project_id}/studies", { params: { path: { project_id }, query: { limit: 500 } }, ...o }),
  );
export const createStudy = (project_id: string, body: StudyCreate) =>
  call<Study>(() => api.POST("/api/projects/{project_id}/studies", { params: { path: { project_id } }, body }));
export const getStudy = (id: string, o?: Options) =>
  call<Study>(() => api.GET("/api/studies/{study_id}", { ...at(id), ...o }));
export const addAnnotators = (id: string, annotators: string[]) =>
  call<Study>(() => api.POST("/api/studies/{study_id}/annotators", { ...at(id), body: { annotators } }));
export const openStudy = (id: string) => call<Study>(() => api.POST("/api/studies/{study_id}/open", at(id)));
export const closeStudy = (id: string) => call<Study>(() => api.POST("/api/studies/{study_id}/close", at(id)));
export const getProgress = (id: string, o?: Options) =>
  call<StudyProgress>(() => api.GET("/api/studies/{study_id}/progress", { ...at(id), ...o }));

/** Open studies that the caller takes part in. */
export const getMyStudies = (o?: Options) => call<{ items: MyStudy[] }>(() => api.GET("/api/studies", { ...o }));
export const getMine = (id: string, o?: Options) =>
  call<MyStudy>(() => api.GET("/api/studies/{study_id}/mine", { ...at(id), ...o }));
/** The caller's next task of a study; undefined when all is done. */
export const nextStudyTask = (id: string) =>
  call<Task | undefined>(() => api.POST("/api/studies/{study_id}/next", at(id)));
export const getFeedback = (task_id: string, o?: Options) =>
  call<Feedback>(() => api.GET("/api/tasks/{task_id}/feedback", { params: { path: { task_id } }, ...o }));

export const getReport = (id: string, o?: Options) =>
  call<StudyReport>(() => api.GET("/api/studies/{study_id}/report", { ...at(id), ...o }));
export const makeReport = (id: string) => call<Job>(() => api.POST("/api/studies/{study_id}/report", at(id)));
/** Mean error in metres of each vertex (V); NaN where nothing is known. */
export const getHeat = async (id: string, o?: Options) =>
  new Float32Array(
    await call<ArrayBuffer>(() =>
      api.GET("/api/studies/{study_id}/heat.bin", { ...at(id), parseAs: "arrayBuffer", ...o }),
    ),
  );

export const reportFileUrl = (id: string, kind: "pdf" | "csv" | "json") => `/api/studies/${id}/report.${kind}`;
export type Scheme = "light" | "dark";
/** `version` is when the report was made: another one has other pictures. */
export const figureUrl = (id: string, name: string, theme: Scheme, version: string) =>
  `/api/studies/${id}/figures/${name}.svg?theme=${theme}&v=${encodeURIComponent(version)}`;
export const heatPictureUrl = (id: string, theme: Scheme, version: string) =>
  `/api/studies/${id}/heat.png?theme=${theme}&v=${encodeURIComponent(version)}`;
