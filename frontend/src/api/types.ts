/** The server's models under short names; schema.d.ts is generated from its OpenAPI document (`npm run api`). */
import type { components } from "./schema";

type Schemas = components["schemas"];

/** One page of a list; `next` goes into `after` of the following call. */
export interface Page<T> {
  items: T[];
  next: string | null;
}

export type Role = Schemas["Role"];
export type Me = Schemas["Me"];
export type User = Schemas["MeUser"];
export type Account = Schemas["User"];
/** The fields with a default may stay away. */
export type AccountCreate = Omit<Schemas["UserCreate"], "simulated"> & { simulated?: boolean };
export type AccountPatch = Schemas["UserPatch"];
export type Member = Schemas["Member"];

export type Project = Schemas["Project"];
export type ProjectCreate = Schemas["ProjectCreate"];
export type ProjectPatch = Schemas["ProjectPatch"];
export type Progress = Schemas["Progress"];

export type Image = Schemas["Image"];
export type ImageWithPersons = Schemas["ImageDetail"];
export type Person = Schemas["Person"];
export type PersonState = Schemas["PersonState"];
export type PersonWrite = Schemas["PersonWrite"];
export type Box = Person["bbox"];

export type Task = Schemas["Task"];
export type Mask = Schemas["Mask"];
export type MaskWrite = Schemas["MaskWrite"];
export type Point = Schemas["Point"];
export type Mark = Schemas["Mark"];
export type MarkWrite = Schemas["MarkWrite"];
export type Flag = Schemas["MarkFlag"];
export type Projection = Schemas["Projection"];

export type Body = Schemas["Body"];
export type BodyList = Schemas["BodyList"];
export type BodySummary = Schemas["BodySummary"];
export type Place = Schemas["Place"];
export type Geodesics = Schemas["Geodesics"];
export type GeodesicPath = Schemas["GeodesicPath"];
export type BodyPart = Schemas["PartInfo"];
export type SurfacePoint = Schemas["SurfacePoint"];

export type Job = Schemas["Job"];
export type JobState = Schemas["JobState"];
type RenderDefaults = Pick<Schemas["RenderRequest"], "open_study" | "cut" | "poses" | "backgrounds" | "textures">;
/** The fields with a default may stay away. */
export type RenderRequest = Omit<Schemas["RenderRequest"], keyof RenderDefaults> & Partial<RenderDefaults>;
export type RenderFile = Schemas["RenderFile"];
export type RenderFileKind = Schemas["RenderFileKind"];
export type RenderFilesResult = Schemas["RenderFilesResult"];

export type Study = Schemas["Study"];
export type StudyState = Schemas["StudyState"];
export type StudyMasks = Schemas["StudyMasks"];
export type StudyCreate = Schemas["StudyCreate"];
export type StudyTask = Schemas["StudyTask"];
export type StudyProgress = Schemas["StudyProgress"];
export type AnnotatorProgress = Schemas["AnnotatorProgress"];
export type MyStudy = Schemas["MyStudy"];
export type Feedback = Schemas["Feedback"];
export type PointFeedback = Schemas["PointFeedback"];
export type StudyReport = Schemas["StudyReport"];

export type UploadResult = Schemas["ImportResult"];
export type CocoResult = Schemas["CocoResult"];
