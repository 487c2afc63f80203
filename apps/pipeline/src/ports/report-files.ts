/**
 * Writes a page or picture; one of the same name is replaced.
 *
 * @returns its path
 * @throws PipelineError OUTPUT_NOT_WRITABLE, DISK_FULL
 */
export type WriteReport = (directory: string, name: string, content: string | Uint8Array) => string;
