/** What processes that died have left below the directories the pipeline works in. */
export interface Orphans {
  /**
   * Removes staging directories of processes of this machine that no longer run, and of this process for groups that it
   * does not work on. What may belong to another machine stays. One that cannot be removed is reported, not thrown.
   *
   * @returns paths that were removed, and those that could not be
   */
  sweep(activeGroupIds: ReadonlySet<string>): {
    readonly removed: readonly string[];
    readonly failed: readonly { readonly path: string; readonly reason: string }[];
  };
}
