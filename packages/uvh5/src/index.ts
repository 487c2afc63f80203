/**
 * UVH5 without Node: types, errors, and the reader over any source of bytes.
 * To open files by path use `@contimg/uvh5/node`.
 */
export * from "./errors.ts";
export { type ByteSource, bytesInMemory } from "./hdf5/byte-source.ts";
export type { Codecs } from "./hdf5/filters.ts";
export type { ByteTarget } from "./hdf5-write/hdf5-writer.ts";
export { isTemporaryName, judgeWhole } from "./is-whole.ts";
export { type ClosableSource, openUvh5Source } from "./open-uvh5.ts";
export { type PlanOptions, planRows, type RowPlan, type RowStorage, type Span } from "./row-plan.ts";
export type * from "./uvh5-file.ts";
export {
  type Uvh5Integration,
  Uvh5Layout,
  type Uvh5WriteHeader,
  type Uvh5Writer,
  type WriteUvh5Options,
} from "./write-uvh5.ts";
