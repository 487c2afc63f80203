/** What is said to write an image. */
import type { FitsHeader } from "../header/header.ts";
import type { NativeArray, NativeArrays, NativeType } from "./scale.ts";

/**
 * Values of an image, first axis fastest: all of them; a function that fills rows `rowStart` to `rowEnd` (exclusive,
 * counted over all axes but the first) as they are written; or pieces of any length in order.
 */
export type ImageValues<T extends NativeArray = NativeArray> =
  | T
  | ((rowStart: number, rowEnd: number, out: T) => void | Promise<void>)
  | AsyncIterable<T>
  | Iterable<T>;

/** Values are stored as integers: value = bzero + bscale × stored, NaN as `blank`. */
export interface IntegerStorage {
  readonly type: "uint8" | "int16" | "int32" | "int64";
  readonly bscale?: number;
  readonly bzero?: number;
  readonly blank?: number | bigint;
}

/** An image to be written. */
export interface ImageSpec<T extends NativeType = NativeType> {
  /** NAXISn, first axis first. */
  readonly shape: readonly number[];
  /** Type of the values; unsigned integers are stored by the usual convention of BZERO. */
  readonly type: T;
  /** A typed array of that type, a function that fills such, or pieces of that type. */
  readonly values: ImageValues<NativeArrays[T]>;
  /** Stores float32 or float64 values as scaled integers. */
  readonly storage?: IntegerStorage;
  /** BLANK of an image of integers, which are written as they are. */
  readonly blank?: number | bigint;
  /** Further keywords, in their order. Those that describe the layout of data are made anew. */
  readonly header?: FitsHeader;
  /** EXTNAME. */
  readonly name?: string;
}
