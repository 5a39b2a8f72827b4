import { screen } from "@testing-library/react";
import { Outlet } from "react-router";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MeContext } from "../api/queries";
import type { Me, Project, Role } from "../api/types";
import { renderRoutes } from "../test/render";
import ExportPage from "./ExportPage";
import PeoplePage from "./PeoplePage";
import UsersPage from "./UsersPage";

const PROGRESS = { images: 1, persons: 0, masks_done: 0, points_done: 0, points: 0, marks: 0 };

function show(path: string, role: Role, can: { manage: boolean; export: boolean }) {
  const me = { user: { id: "u", username: "ada", name: "Ada", role }, version: "1" } as Me;
  const project = {
    id: "p",
    name: "Photos",
    body: { name: "anny", hash: "a" },
    can: { ...can, annotate: true },
    progress: PROGRESS,
  } as unknown as Project;
  const Frame = () => (
    <MeContext value={me}>
      <Outlet context={project} />
    </MeContext>
  );
  const children = [
    { path: "/users", Component: UsersPage },
    { path: "/projects/p/people", Component: PeoplePage },
    { path: "/projects/p/export", Component: ExportPage },
  ];
  return renderRoutes([{ Component: Frame, children }], path);
}

const NOTHING = { manage: false, export: false };
const ALL = { manage: true, export: true };
const fetched = vi.fn(async () => new Response(JSON.stringify({ items: [], next: null })));
beforeEach(() => vi.stubGlobal("fetch", fetched));
afterEach(() => {
  fetched.mockClear();
  vi.unstubAllGlobals();
});

describe("pages for some roles only", () => {
  it.each([
    ["/users", "lead", ALL, /only administrators/i, "/projects"],
    ["/projects/p/people", "annotator", NOTHING, /only project leads and administrators/i, "/projects/p"],
    ["/projects/p/export", "annotator", NOTHING, /only project leads, engineers/i, "/projects/p"],
  ] as const)("%s tells a %s who may, and leads back", async (path, role, can, words, back) => {
    show(path, role, can);
    expect(await screen.findByRole("heading", { name: words })).toBeVisible();
    expect(screen.getByRole("link", { name: /^Go to/ })).toHaveAttribute("href", back);
    expect(screen.queryByRole("button")).toBeNull();
    expect(fetched).not.toHaveBeenCalled();
  });

  it.each([
    ["/users", "admin", "New account"],
    ["/projects/p/people", "lead", "Add"],
    ["/projects/p/export", "engineer", "Download"],
  ] as const)("%s opens for a %s", async (path, role, button) => {
    show(path, role, ALL);
    expect(await screen.findByRole("button", { name: button })).toBeVisible();
  });
});
