/** Every route of the server that the pages call, one function each. Paths and bodies as in /api/openapi.json. */
import { type CallOptions, queryString, request } from "./client";
import type {
  Account,
  Body,
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
  PersonWrite,
  Point,
  Project,
  Projection,
  Role,
  Task,
} from "./types";

type Options = CallOptions;

// Session
export const getSession = (o?: Options) => request<Me>("GET", "/api/session", undefined, { ...o, hold: false });
export const signIn = (username: string, password: string) =>
  request<Me>("POST", "/api/session", { username, password }, { hold: false });
export const signOut = () => request<void>("DELETE", "/api/session", undefined, { hold: false });
export const changePassword = (current: string, next: string) =>
  request<void>("POST", "/api/session/password", { current, new: next });

// Accounts
export const getUsers = (o?: Options) => request<Page<Account>>("GET", "/api/users?limit=500", undefined, o);
export const createUser = (user: { username: string; name: string; password: string; role: Role }) =>
  request<Account>("POST", "/api/users", user);
export const updateUser = (
  id: string,
  change: Partial<{ name: string; role: Role; password: string; active: boolean }>,
) => request<Account>("PATCH", `/api/users/${id}`, change);

// Projects
export const getProjects = (o?: Options) => request<Page<Project>>("GET", "/api/projects?limit=500", undefined, o);
export const getProject = (id: string, o?: Options) => request<Project>("GET", `/api/projects/${id}`, undefined, o);
export const createProject = (project: { name: string; description: string; body: string }) =>
  request<Project>("POST", "/api/projects", project);
export const getMembers = (id: string, o?: Options) =>
  request<Page<Member>>("GET", `/api/projects/${id}/members?limit=500`, undefined, o);
export const addMember = (id: string, userId: string) => request<Member>("PUT", `/api/projects/${id}/members/${userId}`);
export const removeMember = (id: string, userId: string) =>
  request<void>("DELETE", `/api/projects/${id}/members/${userId}`);

// Images and persons
export const getImages = (
  projectId: string,
  query: { after?: string | undefined; limit?: number; q?: string },
  o?: Options,
) => request<Page<Image>>("GET", `/api/projects/${projectId}/images${queryString(query)}`, undefined, o);
export const getImage = (id: string, o?: Options) =>
  request<ImageWithPersons>("GET", `/api/images/${id}`, undefined, o);
export const deleteImage = (id: string) => request<void>("DELETE", `/api/images/${id}`);
export const imageFileUrl = (id: string) => `/api/images/${id}/file`;
export const thumbnailUrl = (id: string, size = 256) => `/api/images/${id}/thumbnail?size=${size}`;
export const putPerson = (id: string, body: PersonWrite, o?: Options) =>
  request<Person>("PUT", `/api/persons/${id}`, body, o);
export const deletePerson = (id: string, revision: number) =>
  request<Person>("DELETE", `/api/persons/${id}?revision=${revision}`);

// Tasks, masks, points, marks
export const nextTask = (projectId: string) =>
  request<Task | undefined>("POST", `/api/projects/${projectId}/tasks/next`);
export const openPersonTask = (personId: string) => request<Task>("POST", `/api/persons/${personId}/task`);
export const getTask = (id: string, o?: Options) => request<Task>("GET", `/api/tasks/${id}`, undefined, o);
export const renewLease = (taskId: string, o?: Options) =>
  request<Task>("POST", `/api/tasks/${taskId}/lease`, undefined, o);
export const releaseLease = (taskId: string, o?: Options) =>
  request<Task>("DELETE", `/api/tasks/${taskId}/lease`, undefined, o);
export const getMask = (taskId: string, o?: Options) => request<Mask>("GET", `/api/tasks/${taskId}/mask`, undefined, o);
export const putMask = (id: string, body: MaskWrite, o?: Options) => request<Mask>("PUT", `/api/masks/${id}`, body, o);
export const submitMask = (taskId: string, revision: number) =>
  request<Task>("POST", `/api/tasks/${taskId}/mask/submit`, { revision });
export const reopenMask = (taskId: string) => request<Task>("POST", `/api/tasks/${taskId}/reopen-mask`);
export const getPoints = (taskId: string, o?: Options) =>
  request<{ items: Point[] }>("GET", `/api/tasks/${taskId}/points`, undefined, o);
export const putMark = (id: string, body: MarkWrite, o?: Options) => request<Mark>("PUT", `/api/marks/${id}`, body, o);
export const submitTask = (taskId: string) => request<Task>("POST", `/api/tasks/${taskId}/submit`);
export const reopenTask = (taskId: string) => request<Task>("POST", `/api/tasks/${taskId}/reopen`);

// Bodies
export const getBody = (hash: string, o?: Options) => request<Body>("GET", `/api/bodies/${hash}`, undefined, o);
export const viewUrl = (hash: string, part: number, view: number, size: number, theme: "light" | "dark") =>
  `/api/bodies/${hash}/parts/${part}/views/${view}.webp?size=${size}&theme=${theme}`;
export const pickPoint = (hash: string, part: number, view: number, x: number, y: number, o?: Options) =>
  request<{
    face: number;
    bary: [number, number, number];
    i: number;
    u: number;
    v: number;
    projections: Projection[];
  }>("POST", `/api/bodies/${hash}/parts/${part}/pick`, { view, x, y }, o);

export const exportUrl = (projectId: string, format: string) => `/api/projects/${projectId}/export?format=${format}`;
