import { useEffect } from "react";

const SCHEME = "data-mantine-color-scheme";

/** While the page is printed its colours are light ones: ink is dark and paper white. */
export function useLightPrint() {
  useEffect(() => {
    const root = document.documentElement;
    const query = window.matchMedia("print");
    let before: string | null = null;
    const begin = () => {
      before ??= root.getAttribute(SCHEME);
      root.setAttribute(SCHEME, "light");
    };
    const end = () => {
      if (before !== null) root.setAttribute(SCHEME, before);
      before = null;
    };
    const follow = () => (query.matches ? begin() : end());
    window.addEventListener("beforeprint", begin);
    window.addEventListener("afterprint", end);
    query.addEventListener("change", follow);
    return () => {
      end();
      window.removeEventListener("beforeprint", begin);
      window.removeEventListener("afterprint", end);
      query.removeEventListener("change", follow);
    };
  }, []);
}
