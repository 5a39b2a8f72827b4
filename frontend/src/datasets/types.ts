import type { components } from "../api/schema";

type Schemas = components["schemas"];

export type Snapshot = Schemas["Snapshot"];
export type SnapshotDetail = Schemas["SnapshotDetail"];
export type SnapshotSettings = Schemas["SnapshotSettings"];
export type SnapshotPreview = Schemas["SnapshotPreview"];
export type SnapshotDiff = Schemas["SnapshotDiff"];
export type SplitCounts = Schemas["SplitCounts"];
export type Changes = Schemas["Changes"];
export type Change = Schemas["Change"];
export type Card = Schemas["Card"];
export type Withdrawal = Schemas["Withdrawal"];
export type Withdrawn = Schemas["Withdrawn"];
export type Reach = Schemas["Reach"];
