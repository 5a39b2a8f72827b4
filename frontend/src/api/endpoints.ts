/** The server's routes as the pages use them, one function each. */
import { fileName } from "../lib/download";
import { api, type CallOptions, call, callWithResponse } from "./client";
import type {
  Account,
  AccountCreate,
  AccountPatch,
  Body,
  BodyList,
  GeodesicPath,
  Geodesics,
  Image,
  ImageWithPersons,
  Mark,
  MarkWrite,
  Mask,
  MaskWrite,
  Me,
  Member,
  Page,
  Person,
  PersonState,
  PersonWrite,
  Place,
  Point,
  Project,
  ProjectCreate,
  ProjectPatch,
  SurfacePoint,
  Task,
} from "./types";

type Options = CallOptions;

/** Metres (V) from a surface point to every vertex, and whether they are exact or from the body's table. */
export interface Distances {
  metres: Float32Array;
  exact: boolean;
}

/** The most items that one page of a list can have. */
export const PAGE = 500;

// Session
export const getSession = (o?: Options) => call<Me>(() => api.GET("/api/session", { ...o }), false);
export const signIn = (username: string, password: string) =>
  call<Me>(() => api.POST("/api/session", { body: { username, password } }), false);
export const signOut = () => call<void>(() => api.DELETE("/api/session"), false);
export const changePassword = (current: string, next: string) =>
  call<void>(() => api.POST("/api/session/password", { body: { current, new: next } }));

// Accounts
export const getUsers = (after?: string, o?: Options) =>
  call<Page<Account>>(() => api.GET("/api/users", { params: { query: { after, limit: PAGE } }, ...o }));
export const createUser = (body: AccountCreate) =>
  call<Account>(() => api.POST("/api/users", { body: { simulated: false, ...body } }));
export const updateUser = (user_id: string, body: AccountPatch) =>
  call<Account>(() => api.PATCH("/api/users/{user_id}", { params: { path: { user_id } }, body }));

// Projects
export const getProjects = (after?: string, o?: Options) =>
  call<Page<Project>>(() => api.GET("/api/projects", { params: { query: { after, limit: PAGE } }, ...o }));
export const getProject = (project_id: string, o?: Options) =>
  call<Project>(() => api.GET("/api/projects/{project_id}", { params: { path: { project_id } }, ...o }));
export const createProject = (body: ProjectCreate) => call<Project>(() => api.POST("/api/projects", { body }));
export const updateProject = (project_id: string, body: ProjectPatch) =>
  call<Project>(() => api.PATCH("/api/projects/{project_id}", { params: { path: { project_id } }, body }));
export const getMembers = (project_id: string, after?: string, o?: Options) =>
  call<Page<Member>>(() =>
    api.GET("/api/projects/{project_id}/members", {
      params: { path: { project_id }, query: { after, limit: PAGE } },
      ...o,
    }),
  );
export const addMember = (project_id: string, user_id: string) =>
  call<Member>(() =>
    api.PUT("/api/projects/{project_id}/members/{user_id}", { params: { path: { project_id, user_id } } }),
  );
export const removeMember = (project_id: string, user_id: string) =>
  call<void>(() =>
    api.DELETE("/api/projects/{project_id}/members/{user_id}", { params: { path: { project_id, user_id } } }),
  );
export type ExportFormat = "densepose-coco" | "densepose-cse" | "coco";
/** The dataset file and the name that the server gives it. */
export async function getExport(
  project_id: string,
  format: ExportFormat,
  /** Name or hash of another body than the project's, to which the marks are transferred. */
  body?: string,
  o?: Options,
): Promise<{ file: Blob; name: string }> {
  const { data, response } = await callWithResponse<Blob>(() =>
    api.GET("/api/projects/{project_id}/export", {
      params: { path: { project_id }, query: { format, body } },
      parseAs: "blob",
      ...o,
    }),
  );
  return { file: data, name: fileName(response.headers.get("Content-Disposition")) ?? `${format}.json` };
}

// Images and persons
export const getImages = (
  project_id: string,
  query: { after?: string | undefined; limit?: number; q?: string | undefined },
  o?: Options,
) =>
  call<Page<Image>>(() =>
    api.GET("/api/projects/{project_id}/images", { params: { path: { project_id }, query }, ...o }),
  );
export const getImage = (image_id: string, o?: Options) =>
  call<ImageWithPersons>(() => api.GET("/api/images/{image_id}", { params: { path: { image_id } }, ...o }));
export const deleteImage = (image_id: string) =>
  call<void>(() => api.DELETE("/api/images/{image_id}", { params: { path: { image_id } } }));
export const imageFileUrl = (id: string) => `/api/images/${id}/file`;
export const thumbnailUrl = (id: string, size = 256) => `/api/images/${id}/thumbnail?size=${size}`;
export const getPersons = (project_id: string, state: PersonState, limit: number, o?: Options) =>
  call<Page<Person>>(() =>
    api.GET("/api/projects/{project_id}/persons", { params: { path: { project_id }, query: { state, limit } }, ...o }),
  );
export const getAllPersons = (project_id: string, after?: string, o?: Options) =>
  call<Page<Person>>(() =>
    api.GET("/api/projects/{project_id}/persons", {
      params: { path: { project_id }, query: { after, limit: PAGE } },
      ...o,
    }),
  );
export const putPerson = (person_id: string, body: PersonWrite, o?: Options) =>
  call<Person>(() => api.PUT("/api/persons/{person_id}", { params: { path: { person_id } }, body, ...o }));
export const deletePerson = (person_id: string, revision: number) =>
  call<Person>(() => api.DELETE("/api/persons/{person_id}", { params: { path: { person_id }, query: { revision } } }));

// Tasks, masks, points, marks
/** The caller's next task, leased to them; undefined when there is nothing to do. */
export const nextTask = (project_id: string) =>
  call<Task | undefined>(() => api.POST("/api/projects/{project_id}/tasks/next", { params: { path: { project_id } } }));
export const openPersonTask = (person_id: string) =>
  call<Task>(() => api.POST("/api/persons/{person_id}/task", { params: { path: { person_id } } }));
export const getTask = (task_id: string, o?: Options) =>
  call<Task>(() => api.GET("/api/tasks/{task_id}", { params: { path: { task_id } }, ...o }));
export const renewLease = (task_id: string, o?: Options) =>
  call<Task>(() => api.POST("/api/tasks/{task_id}/lease", { params: { path: { task_id } }, ...o }));
export const releaseLease = (task_id: string, o?: Options) =>
  call<Task>(() => api.DELETE("/api/tasks/{task_id}/lease", { params: { path: { task_id } }, ...o }));
export const getMask = (task_id: string, o?: Options) =>
  call<Mask>(() => api.GET("/api/tasks/{task_id}/mask", { params: { path: { task_id } }, ...o }));
export const putMask = (mask_id: string, body: MaskWrite, o?: Options) =>
  call<Mask>(() => api.PUT("/api/masks/{mask_id}", { params: { path: { mask_id } }, body, ...o }));
export const submitMask = (task_id: string, revision: number) =>
  call<Task>(() => api.POST("/api/tasks/{task_id}/mask/submit", { params: { path: { task_id } }, body: { revision } }));
export const reopenMask = (task_id: string) =>
  call<Task>(() => api.POST("/api/tasks/{task_id}/reopen-mask", { params: { path: { task_id } } }));
export const getPoints = (task_id: string, o?: Options) =>
  call<{ items: Point[] }>(() => api.GET("/api/tasks/{task_id}/points", { params: { path: { task_id } }, ...o }));
export const putMark = (mark_id: string, body: MarkWrite, o?: Options) =>
  call<Mark>(() => api.PUT("/api/marks/{mark_id}", { params: { path: { mark_id } }, body, ...o }));
export const submitTask = (task_id: string) =>
  call<Task>(() => api.POST("/api/tasks/{task_id}/submit", { params: { path: { task_id } } }));
export const reopenTask = (task_id: string) =>
  call<Task>(() => api.POST("/api/tasks/{task_id}/reopen", { params: { path: { task_id } } }));

// Bodies
export const getBodies = (o?: Options) => call<BodyList>(() => api.GET("/api/bodies", { ...o }));
/** The mesh file: see bodies/mesh.ts. */
export const getBodyMesh = (body_hash: string, o?: Options) =>
  call<ArrayBuffer>(() =>
    api.GET("/api/bodies/{body_hash}/mesh", { params: { path: { body_hash } }, parseAs: "arrayBuffer", ...o }),
  );
export const getBody = (body_hash: string, o?: Options) =>
  call<Body>(() => api.GET("/api/bodies/{body_hash}", { params: { path: { body_hash } }, ...o }));
export const getGeodesics = (body_hash: string, o?: Options) =>
  call<Geodesics>(() => api.GET("/api/bodies/{body_hash}/geodesics", { params: { path: { body_hash } }, ...o }));
export async function getDistances(body_hash: string, from: Place, o?: Options): Promise<Distances> {
  const { data, response } = await callWithResponse<ArrayBuffer>(() =>
    api.POST("/api/bodies/{body_hash}/distances", {
      params: { path: { body_hash } },
      body: from,
      parseAs: "arrayBuffer",
      ...o,
    }),
  );
  return { metres: new Float32Array(data), exact: response.headers.get("X-Densemark-Geodesics") !== "table" };
}
export const getPath = (body_hash: string, from: Place, to: Place, o?: Options) =>
  call<GeodesicPath>(() =>
    api.POST("/api/bodies/{body_hash}/path", { params: { path: { body_hash } }, body: { from, to }, ...o }),
  );
export const viewUrl = (hash: string, part: number, view: number, size: number, theme: "light" | "dark") =>
  `/api/bodies/${hash}/parts/${part}/views/${view}.webp?size=${size}&theme=${theme}`;
export const pickPoint = (body_hash: string, part: number, view: number, x: number, y: number, o?: Options) =>
  call<SurfacePoint>(() =>
    api.POST("/api/bodies/{body_hash}/parts/{part}/pick", {
      params: { path: { body_hash, part } },
      body: { view, x, y },
      ...o,
    }),
  );
