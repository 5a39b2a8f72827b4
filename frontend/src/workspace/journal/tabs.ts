/** One page at a time works for a person in one browser: the page opened last has the journal. */

interface Claim {
  user: string;
  page: string;
}

/**
 * Claims the work of a user for this page.
 *
 * @param onTaken called when another page claims it.
 * @returns a function that stops listening.
 */
export function claimWork(user: string, page: string, onTaken: () => void): () => void {
  const channel = new BroadcastChannel("densemark-work");
  channel.onmessage = ({ data }: MessageEvent<Claim>) => {
    if (data.user === user && data.page !== page) onTaken();
  };
  channel.postMessage({ user, page } satisfies Claim);
  return () => channel.close();
}
