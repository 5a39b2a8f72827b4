import type { ComponentType } from "react";
import { createBrowserRouter, Navigate, Outlet, type RouteObject, useLocation } from "react-router";
import { ErrorBoundary } from "./components/ErrorBoundary";
import { Shell } from "./components/Shell";
import { SignedIn } from "./components/session";
import { LoadingState } from "./components/states";
import { NotFoundPage } from "./pages/NotFoundPage";

/** A page in a bundle of its own, loaded when it is first opened. */
function page(load: () => Promise<{ default: ComponentType }>): RouteObject["lazy"] {
  return async () => ({ Component: (await load()).default });
}

function Root() {
  const { pathname } = useLocation();
  return (
    <ErrorBoundary resetKey={pathname}>
      <Outlet />
    </ErrorBoundary>
  );
}

export const routes: RouteObject[] = [
  {
    element: <Root />,
    hydrateFallbackElement: <LoadingState />,
    children: [
      { path: "/login", lazy: page(() => import("./pages/LoginPage")) },
      {
        element: <SignedIn />,
        children: [
          { path: "/annotate/:taskId", lazy: page(() => import("./workspace/WorkspacePage")) },
          { path: "/studies/:studyId/work", lazy: page(() => import("./pages/StudyWorkPage")) },
          {
            element: <Shell />,
            children: [
              { path: "/", element: <Navigate to="/projects" replace /> },
              { path: "/projects", lazy: page(() => import("./pages/ProjectsPage")) },
              { path: "/bodies", lazy: page(() => import("./pages/BodiesPage")) },
              { path: "/bodies/:hash", lazy: page(() => import("./pages/BodyPage")) },
              { path: "/users", lazy: page(() => import("./pages/UsersPage")) },
              {
                path: "/projects/:projectId",
                lazy: page(() => import("./pages/ProjectLayout")),
                children: [
                  { index: true, lazy: page(() => import("./pages/OverviewPage")) },
                  { path: "accuracy", lazy: page(() => import("./pages/StudiesPage")) },
                  { path: "accuracy/new", lazy: page(() => import("./pages/NewStudyPage")) },
                  { path: "jobs", lazy: page(() => import("./pages/JobsPage")) },
                  { path: "people", lazy: page(() => import("./pages/PeoplePage")) },
                  { path: "datasets", lazy: page(() => import("./pages/DatasetsPage")) },
                  { path: "datasets/new", lazy: page(() => import("./pages/DatasetNewPage")) },
                  { path: "datasets/now", lazy: page(() => import("./pages/ExportPage")) },
                  { path: "export", element: <Navigate to="../datasets/now" relative="path" replace /> },
                ],
              },
              { path: "/studies/:studyId", lazy: page(() => import("./pages/StudyPage")) },
              { path: "/studies/:studyId/report", lazy: page(() => import("./pages/ReportPage")) },
              { path: "/snapshots/:snapshotId", lazy: page(() => import("./pages/DatasetPage")) },
              { path: "/projects/:projectId/images/:imageId", lazy: page(() => import("./pages/ImagePage")) },
              { path: "*", element: <NotFoundPage /> },
            ],
          },
        ],
      },
    ],
  },
];

export const makeRouter = () => createBrowserRouter(routes);
