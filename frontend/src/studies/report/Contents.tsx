import { useEffect, useState } from "react";
import classes from "./report.module.css";

/** The report's chapters; the one that is being read is marked. */
export function Contents({ items }: { items: readonly (readonly [id: string, title: string])[] }) {
  const [current, setCurrent] = useState(items[0]?.[0] ?? "");
  useEffect(() => {
    const sections = items.flatMap(([id]) => document.getElementById(id) ?? []);
    const follow = () => {
      const line = window.innerHeight * 0.3;
      const atEnd = window.innerHeight + window.scrollY >= document.documentElement.scrollHeight - 4;
      const passed = sections.filter((section) => section.getBoundingClientRect().top <= line);
      setCurrent((atEnd ? sections.at(-1) : (passed.at(-1) ?? sections[0]))?.id ?? "");
    };
    follow();
    window.addEventListener("scroll", follow, { passive: true });
    return () => window.removeEventListener("scroll", follow);
  }, [items]);
  return (
    <nav className={classes.nav} aria-label="Chapters of the report">
      <ul>
        {items.map(([id, title]) => (
          <li key={id}>
            <a href={`#${id}`} aria-current={id === current ? "location" : undefined}>
              {title}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
