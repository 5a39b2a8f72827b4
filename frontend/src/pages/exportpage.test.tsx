import { act, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Outlet } from "react-router";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Project } from "../api/types";
import { saveBlob } from "../lib/download";
import { PAUSE } from "../projects/exportWhenReady";
import { renderRoutes } from "../test/render";
import ExportPage from "./ExportPage";

vi.mock("../lib/download", async (original) => ({ ...(await original<object>()), saveBlob: vi.fn() }));

const PROJECT = {
  id: "p",
  name: "Photos",
  body: { name: "anny", hash: "a" },
  can: { manage: true, export: true, annotate: true },
  progress: { images: 1, persons: 1, masks_done: 1, points_done: 1, points: 1, marks: 1 },
} as unknown as Project;

const MAKING = "the map between anny and smpl is being made; it takes about half a minute";

let beingMade: boolean;
const exports = vi.fn(() =>
  beingMade
    ? new Response(JSON.stringify({ type: "/problems/being-made", status: 503, detail: MAKING }), { status: 503 })
    : new Response("{}", { headers: { "Content-Disposition": 'attachment; filename="photos.json"' } }),
);

beforeEach(() => {
  beingMade = true;
  vi.useFakeTimers({ shouldAdvanceTime: true });
  vi.stubGlobal("fetch", async (request: Request) =>
    new URL(request.url).pathname.endsWith("/export")
      ? exports()
      : new Response(JSON.stringify({ items: [], next: null })),
  );
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.clearAllMocks();
});

async function begin() {
  const routes = [
    { Component: () => <Outlet context={PROJECT} />, children: [{ path: "/export", Component: ExportPage }] },
    { path: "/elsewhere", Component: () => <p>Elsewhere</p> },
  ];
  const view = renderRoutes(routes, "/export");
  const user = userEvent.setup({ advanceTimers: vi.advanceTimersByTime });
  await user.click(await screen.findByRole("button", { name: "Download" }));
  expect(await screen.findByText(/^The map between anny and smpl is being made; .* half a minute\./)).toHaveRole(
    "status",
  );
  return view;
}

describe("the export on another body", () => {
  it("waits while the server makes the map, and then downloads by itself", async () => {
    await begin();
    await act(() => vi.advanceTimersByTimeAsync(PAUSE));
    expect(exports).toHaveBeenCalledTimes(2);
    expect(saveBlob).not.toHaveBeenCalled();
    expect(screen.queryByRole("alert")).toBeNull();
    beingMade = false;
    await act(() => vi.advanceTimersByTimeAsync(PAUSE));
    await vi.waitFor(() => expect(saveBlob).toHaveBeenCalledWith(expect.anything(), "photos.json"));
    await vi.waitFor(() => expect(screen.queryByText(/is being made/)).toBeNull());
  });

  it("asks no more once the page is left", async () => {
    const { router } = await begin();
    await act(() => router.navigate("/elsewhere"));
    expect(await screen.findByText("Elsewhere")).toBeVisible();
    const before = exports.mock.calls.length;
    beingMade = false;
    await act(() => vi.advanceTimersByTimeAsync(3 * PAUSE));
    expect(exports).toHaveBeenCalledTimes(before);
    expect(saveBlob).not.toHaveBeenCalled();
  });
});
