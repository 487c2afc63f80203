/** The three data arrays of a file, in one form: [row, chan, pol], whatever their rank and layout in the file. */
import { Uvh5InconsistentError, type Uvh5UnsupportedError } from "./errors.ts";
import { UNDEFINED_ADDRESS } from "./hdf5/byte-source.ts";
import type { Dataset } from "./hdf5/dataset.ts";
import { type Datatype, describeDatatype } from "./hdf5/datatype.ts";
import type { Filter } from "./hdf5/filters.ts";
import { filterError } from "./own-container.ts";
import type { RowStorage } from "./row-plan.ts";

export interface RowArray extends RowStorage {
  readonly path: string;
  readonly type: Datatype;
  readonly filters: readonly Filter[];
  readonly skippedFilters: Uint32Array | null;
  readonly fillBytes: Uint8Array | null;
  /** Why the array's bytes cannot be understood though they can be found; null when they can. */
  readonly filterError: Uvh5UnsupportedError | null;
}

type Shape3 = readonly [number, number, number];

/** Shape of a data array without its spectral-window axis. */
export function rowShape(file: string, path: string, shape: readonly number[] | null): Shape3 {
  const [first, second, third, fourth] = shape ?? [];
  if (shape?.length === 3) return [first as number, second as number, third as number];
  if (shape?.length === 4 && second === 1) return [first as number, third as number, fourth as number];
  throw new Uvh5InconsistentError({
    file,
    field: path,
    expected: "the shape [Nblts, Nfreqs, Npols] or [Nblts, 1, Nfreqs, Npols]",
    found: shape === null ? "no elements" : `[${shape.join(", ")}]`,
  });
}

/** Throws unless the type suits the array of this name. */
export function checkDataType(file: string, path: string, type: Datatype): void {
  const [expected, isRight] = path.endsWith("visdata")
    ? ["complex numbers", type.kind === "complex"]
    : path.endsWith("flags")
      ? ["bools", type.kind === "bool" || (type.kind === "integer" && type.bytes === 1)]
      : ["numbers", type.kind === "float" || type.kind === "integer"];
  if (!isRight)
    throw new Uvh5InconsistentError({ file, field: path, expected: expected as string, found: describeDatatype(type) });
}

/** Describes a dataset of the own reader as an array of rows. */
export function rowArray(file: string, dataset: Dataset): RowArray {
  const { path, type, filters, layout, chunks, fillBytes } = dataset;
  const shape = rowShape(file, path, dataset.shape);
  checkDataType(file, path, type);
  const base = {
    path,
    type,
    filters,
    fillBytes,
    shape,
    elementBytes: type.bytes,
    filterError: filterError(file, dataset),
  };
  if (layout.kind === "chunked" && chunks !== null) {
    const c = layout.chunkShape;
    const chunkShape = (c.length === 4 ? [c[0], c[2], c[3]] : [...c]) as unknown as Shape3;
    // A chunk may be longer than the spectral-window axis of one, and then holds elements that nothing refers to.
    if (c.length === 4 && c[1] !== 1)
      throw new Uvh5InconsistentError({
        file,
        field: path,
        expected: "chunks of one spectral window",
        found: String(c[1]),
      });
    return {
      ...base,
      chunkShape,
      addressBytes: chunks.addressBytes,
      storedBytes: filters.length === 0 ? null : chunks.storedBytes,
      skippedFilters: chunks.skippedFilters,
    };
  }
  const address = layout.kind === "chunked" ? UNDEFINED_ADDRESS : layout.address;
  return {
    ...base,
    chunkShape: [Math.max(1, shape[0]), Math.max(1, shape[1]), Math.max(1, shape[2])],
    addressBytes: Float64Array.of(address),
    storedBytes: null,
    skippedFilters: null,
  };
}
