export interface Neighbours {
  previous: string | null;
  next: string | null;
  /** 0-based place in the order; null when the id is not in it (yet). */
  position: number | null;
}

/** What comes before and after `id`. */
export function neighbours(order: readonly string[], id: string): Neighbours {
  const position = order.indexOf(id);
  if (position < 0) return { previous: null, next: null, position: null };
  return { previous: order[position - 1] ?? null, next: order[position + 1] ?? null, position };
}
