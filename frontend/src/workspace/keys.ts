import { useEffect, useLayoutEffect, useRef } from "react";

export interface KeyHandlers {
  /** True when the key was meant for the page: the browser then does nothing with it. */
  down: (event: KeyboardEvent) => boolean;
  up?: (event: KeyboardEvent) => void;
  /** The window lost the keyboard: held keys are no longer held. */
  blur?: () => void;
}

const NOT_TEXT = "[type=checkbox], [type=radio], [type=range]";

/** Keys that belong to what has the focus: text, an open dialog or menu, a button reached with Tab. */
export function isForFocus(event: KeyboardEvent): boolean {
  const target = event.target;
  if (!(target instanceof Element)) return false;
  if (target.closest(`input:not(${NOT_TEXT}), textarea, select, [contenteditable="true"]`)) return true;
  const layer = target.closest<HTMLElement>('[role="dialog"], [role="menu"], [role="listbox"]');
  if (layer) return !isFading(layer);
  const presses = event.key === "Enter" || event.key === " ";
  if (presses && !event.ctrlKey && target.closest("button, a[href], input, [role=radio]")) return true;
  const moves = event.key.startsWith("Arrow") || event.key === "Home" || event.key === "End";
  return moves && target.closest('[role="slider"], [role="radio"], input') !== null;
}

/**
 * A dialog that was closed keeps the focus while it fades; what is typed then is meant for the page behind it. Mantine's
 * transitions end in an inline opacity of 0.
 */
function isFading(layer: HTMLElement): boolean {
  return layer.style.opacity === "0";
}

/** Follows the keyboard while mounted. */
export function useKeys(handlers: KeyHandlers): void {
  const current = useRef(handlers);
  // Before the next key, not some time after painting: "F O" can be typed within a frame.
  useLayoutEffect(() => {
    current.current = handlers;
  });
  useEffect(() => {
    const down = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing || isForFocus(event)) return;
      if (current.current.down(event)) event.preventDefault();
    };
    const up = (event: KeyboardEvent) => current.current.up?.(event);
    const blur = () => current.current.blur?.();
    window.addEventListener("keydown", down);
    window.addEventListener("keyup", up);
    window.addEventListener("blur", blur);
    return () => {
      window.removeEventListener("keydown", down);
      window.removeEventListener("keyup", up);
      window.removeEventListener("blur", blur);
    };
  }, []);
}
