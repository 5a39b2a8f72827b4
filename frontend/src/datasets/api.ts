/** The routes of snapshots and withdrawals. */
import { api, type CallOptions, call } from "../api/client";
import type { ExportFormat } from "../api/endpoints";
import type { Page } from "../api/types";
import type {
  Reach,
  Snapshot,
  SnapshotDetail,
  SnapshotDiff,
  SnapshotPreview,
  SnapshotSettings,
  Withdrawal,
  Withdrawn,
} from "./types";

type Options = CallOptions;
const at = (snapshot_id: string) => ({ params: { path: { snapshot_id } } });

/** The newest snapshots of a project; more than one page of them is looked for by nobody. */
export const getSnapshots = (project_id: string, o?: Options) =>
  call<Page<Snapshot>>(() =>
    api.GET("/api/projects/{project_id}/snapshots", { params: { path: { project_id }, query: { limit: 500 } }, ...o }),
  );
/** `id` is made here, so that the same request sent again makes no second snapshot. */
export const createSnapshot = (project_id: string, id: string, name: string, settings: SnapshotSettings) =>
  call<Snapshot>(() =>
    api.POST("/api/projects/{project_id}/snapshots", {
      params: { path: { project_id } },
      body: { id, name, settings },
    }),
  );
export const previewSnapshot = (project_id: string, settings: SnapshotSettings, o?: Options) =>
  call<SnapshotPreview>(() =>
    api.POST("/api/projects/{project_id}/snapshots/preview", {
      params: { path: { project_id } },
      body: settings,
      ...o,
    }),
  );
export const getSnapshot = (id: string, o?: Options) =>
  call<SnapshotDetail>(() => api.GET("/api/snapshots/{snapshot_id}", { ...at(id), ...o }));
export const deleteSnapshot = (id: string) => call<void>(() => api.DELETE("/api/snapshots/{snapshot_id}", at(id)));

/** So many images and persons of a difference are listed. */
export const LISTED = 500;
/** From `other` to the snapshot. */
export const getDiff = (snapshot_id: string, other: string, o?: Options) =>
  call<SnapshotDiff>(() =>
    api.GET("/api/snapshots/{snapshot_id}/diff", {
      params: { path: { snapshot_id }, query: { other, limit: LISTED } },
      ...o,
    }),
  );

/** Addresses for the browser's own downloads: a dataset may be larger than what a page should hold. */
export const cardUrl = (id: string) => `/api/snapshots/${id}/card.md`;
export const exportUrl = (id: string, format: ExportFormat, split: string) =>
  `/api/snapshots/${id}/export?format=${format}${split && `&split=${encodeURIComponent(split)}`}`;

export const getWithdrawals = (project_id: string, o?: Options) =>
  call<Page<Withdrawal>>(() =>
    api.GET("/api/projects/{project_id}/withdrawals", {
      params: { path: { project_id }, query: { limit: 500 } },
      ...o,
    }),
  );
/** What withdrawing a photo would erase and affect. */
export const getReach = (photo_id: string, o?: Options) =>
  call<Reach>(() => api.GET("/api/images/{photo_id}/withdraw", { params: { path: { photo_id } }, ...o }));
export const withdrawImage = (photo_id: string, reason: string) =>
  call<Withdrawn>(() =>
    api.POST("/api/images/{photo_id}/withdraw", { params: { path: { photo_id } }, body: { reason } }),
  );
