import { renderHook } from "@testing-library/react";
import { expect, it } from "vitest";
import { useLightPrint } from "./useLightPrint";

const scheme = () => document.documentElement.getAttribute("data-mantine-color-scheme");

it("prints a dark page in light colours, and gives the dark ones back", () => {
  document.documentElement.setAttribute("data-mantine-color-scheme", "dark");
  const { unmount } = renderHook(() => useLightPrint());
  window.dispatchEvent(new Event("beforeprint"));
  window.dispatchEvent(new Event("beforeprint"));
  expect(scheme()).toBe("light");
  window.dispatchEvent(new Event("afterprint"));
  expect(scheme()).toBe("dark");
  window.dispatchEvent(new Event("beforeprint"));
  unmount();
  expect(scheme()).toBe("dark");
});
