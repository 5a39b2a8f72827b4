import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import { createMemoryRouter, type RouteObject, RouterProvider } from "react-router";
import { makeQueryClient } from "../api/queries";
import { HelpProvider } from "../components/help";
import { theme } from "../theme";

/** Renders routes in everything that main.tsx puts around them. */
export function renderRoutes(routes: RouteObject[], path: string) {
  const router = createMemoryRouter(routes, { initialEntries: [path] });
  const view = render(
    <QueryClientProvider client={makeQueryClient()}>
      <MantineProvider theme={theme} env="test">
        <Notifications />
        <HelpProvider>
          <RouterProvider router={router} />
        </HelpProvider>
      </MantineProvider>
    </QueryClientProvider>,
  );
  return { ...view, router };
}
