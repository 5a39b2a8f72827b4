import { useMantineColorScheme } from "@mantine/core";
import { useEffect, useState } from "react";

/** Light or dark as it is shown, also where the system decides. */
export function useScheme(): "light" | "dark" {
  const { colorScheme } = useMantineColorScheme();
  const [system, setSystem] = useState(() => window.matchMedia("(prefers-color-scheme: dark)").matches);
  useEffect(() => {
    const query = window.matchMedia("(prefers-color-scheme: dark)");
    const follow = () => setSystem(query.matches);
    query.addEventListener("change", follow);
    return () => query.removeEventListener("change", follow);
  }, []);
  if (colorScheme === "auto") return system ? "dark" : "light";
  return colorScheme;
}
