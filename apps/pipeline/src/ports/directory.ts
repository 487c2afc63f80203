/** What of the file system a service needs to find its input. */
export interface Directory {
  /** Names of the entries of a directory, in no order. @throws PipelineError INPUT_UNREADABLE */
  list(path: string): readonly string[];
  isDirectory(path: string): boolean;
}
