import { type RefObject, useEffect, useRef, useState } from "react";
import type { ValueStore } from "../workspace/valueStore";
import { BodyScene } from "./BodyScene";
import { type BodyMesh, type FacePoint, iuvOf, positionOf, type Vec3 } from "./mesh";

/** What is under the pointer. */
export interface Cursor {
  point: FacePoint | null;
  iuv: { i: number; u: number; v: number } | null;
  position: Vec3 | null;
}

export const NOWHERE: Cursor = { point: null, iuv: null, position: null };

interface Handlers {
  onClick: (point: FacePoint | null, withShift: boolean) => void;
}

/** The 3D scene on a canvas, for as long as body and canvas stay; null until it is there, an error without WebGL. */
export function useBodyScene(
  canvas: RefObject<HTMLCanvasElement | null>,
  mesh: BodyMesh,
  seams: Uint8Array,
  cursor: ValueStore<Cursor>,
  handlers: Handlers,
): { scene: BodyScene | null; error: unknown } {
  const [made, setMade] = useState<{ scene: BodyScene | null; error: unknown }>({ scene: null, error: null });
  const current = useRef(handlers);
  useEffect(() => {
    current.current = handlers;
  });
  useEffect(() => {
    if (!canvas.current) return;
    let scene: BodyScene;
    try {
      scene = new BodyScene(canvas.current, mesh, seams);
    } catch (error) {
      setMade({ scene: null, error });
      return;
    }
    scene.onHover = (point) => {
      if (point) cursor.set({ point, iuv: iuvOf(mesh, point), position: positionOf(mesh, point) });
      else cursor.set(NOWHERE);
    };
    scene.onClick = (point, withShift) => current.current.onClick(point, withShift);
    setMade({ scene, error: null });
    return () => {
      scene.destroy();
      setMade({ scene: null, error: null });
    };
  }, [canvas, mesh, seams, cursor]);
  return made;
}
