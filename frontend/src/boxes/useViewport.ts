import { type RefObject, useCallback, useEffect, useState } from "react";
import { fitView, type Size, type View, type XY, zoomView } from "./geometry";

export interface Viewport {
  view: View;
  zoom: (factor: number, at?: XY) => void;
  pan: (dx: number, dy: number) => void;
  fit: () => void;
}

/** How the image lies in the element: fitted until somebody zooms or pans, and again after `fit`. */
export function useViewport(element: RefObject<HTMLElement | null>, image: Size): Viewport {
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  const [free, setFree] = useState<View | null>(null);
  useEffect(() => {
    const target = element.current;
    if (!target) return;
    const measure = () => setSize({ width: target.clientWidth, height: target.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(target);
    return () => observer.disconnect();
  }, [element]);
  const fitted = fitView(image, size);
  const { scale: least, x, y } = fitted;
  const { width, height } = size;
  const zoom = useCallback(
    (factor: number, at: XY = { x: width / 2, y: height / 2 }) =>
      setFree((old) => {
        const next = zoomView(old ?? { scale: least, x, y }, factor, at, least);
        return next.scale <= least ? null : next;
      }),
    [least, x, y, width, height],
  );
  const pan = useCallback(
    (dx: number, dy: number) =>
      setFree((old) => {
        const from = old ?? { scale: least, x, y };
        return { ...from, x: from.x + dx, y: from.y + dy };
      }),
    [least, x, y],
  );
  const fit = useCallback(() => setFree(null), []);
  return { view: free ?? fitted, zoom, pan, fit };
}
