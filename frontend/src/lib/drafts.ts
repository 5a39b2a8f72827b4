/** What was entered in a form that is not sent yet: kept in the tab, so that coming back goes on with it. */

export interface Drafts<T> {
  /** A draft as text; sets become lists. */
  written(draft: T): string;
  /** The draft of a text; null where it is none of ours. */
  read(text: string | null): T | null;
  /** Where the browser blocks storage or it is full, what was entered lives as long as the page. */
  get(id: string): T | null;
  set(id: string, text: string): void;
  remove(id: string): void;
}

/**
 * The drafts of one form.
 *
 * @param form Names the form.
 * @param version Goes up when the fields change: older drafts are forgotten then.
 * @param restored Makes sets again of the lists that they were written as.
 */
export function draftsOf<T extends object>(
  form: string,
  version: number,
  restored: (written: T) => T = (written) => written,
): Drafts<T> {
  const keyOf = (id: string) => `densemark:${form}:${id}`;
  const read = (text: string | null): T | null => {
    try {
      const { version: found, ...draft } = JSON.parse(text ?? "null");
      return found === version ? restored(draft) : null;
    } catch {
      return null;
    }
  };
  return {
    written: (draft) =>
      JSON.stringify({ version, ...draft }, (_, value) => (value instanceof Set ? [...value] : value)),
    read,
    get(id) {
      try {
        return read(sessionStorage.getItem(keyOf(id)));
      } catch {
        return null;
      }
    },
    set(id, text) {
      try {
        sessionStorage.setItem(keyOf(id), text);
      } catch {}
    },
    remove(id) {
      try {
        sessionStorage.removeItem(keyOf(id));
      } catch {}
    },
  };
}
