/** Errors of Linux that Node does not know by name: a stale handle of NFS, an exhausted quota. */
const UNNAMED: ReadonlyMap<unknown, string> = new Map([
  [-116, "ESTALE"],
  [-122, "EDQUOT"],
]);

/** The name of a system error, as ENOSPC, or the code of another error that has one. */
export function systemErrorName(error: unknown): string | undefined {
  const { code, errno } = (error ?? {}) as { readonly code?: unknown; readonly errno?: unknown };
  return UNNAMED.get(errno) ?? (typeof code === "string" ? code : undefined);
}

/** What an error says, with the name that Node does not give it. */
export function messageOf(error: unknown, name: string | undefined): string {
  const text = error instanceof Error ? error.message : String(error);
  return name === undefined || ![...UNNAMED.values()].includes(name) ? text : `${name}: ${text}`;
}
