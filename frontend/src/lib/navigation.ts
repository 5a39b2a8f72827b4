/** Where to go after signing in: a path of this app, never another site's address. */
export function safeNext(next: string | null): string {
  return next?.startsWith("/") && !/^\/[/\\]/.test(next) ? next : "/projects";
}
