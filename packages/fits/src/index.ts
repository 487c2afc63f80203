/**
 * FITS without Node: headers, images, binary tables, world coordinates and quick-look pictures, over any source and target of
 * bytes. To open and write files by path use `@contimg/fits/node`.
 */
export { BinTable, type ColumnData, type ReadColumnOptions } from "./bintable/bin-table.ts";
export type { ColumnKind, TableColumn } from "./bintable/column.ts";
export { type ColumnValues, UNDEFINED_LOGICAL_CODE } from "./bintable/column-values.ts";
export type * from "./bintable/table-spec.ts";
export type { ColumnFormat, ElementCode } from "./bintable/tform.ts";
export { type AsyncByteSource, blobSource, bytesInMemory } from "./bytes/byte-source.ts";
export { type ByteTarget, memoryTarget } from "./bytes/byte-target.ts";
export { forwardSource } from "./bytes/forward-source.ts";
export { type HttpSourceOptions, httpSource } from "./bytes/http-source.ts";
export { assertSums, type ChecksumReport, type ChecksumVerdict, checkSums } from "./checksum/verify.ts";
export * from "./errors.ts";
export type { FitsCard } from "./header/card.ts";
export { type CardOptions, FitsHeader } from "./header/header.ts";
export { serializeHeader } from "./header/serialize-header.ts";
export type { Complex, FitsValue } from "./header/value.ts";
export {
  FitsImage,
  type ImageData,
  type ImageRows,
  type ReadImageOptions,
  type RowsOptions,
} from "./image/image.ts";
export type * from "./image/image-spec.ts";
export { type Fetch, type PlanOptions, planRegion, type Region, type Run, wholeRegion } from "./image/region.ts";
export type { NativeArray, NativeArrays, NativeType, Scaling } from "./image/scale.ts";
export { type ImageStatistics, measureImage } from "./image/statistics.ts";
export { type ColorMap, colorTable } from "./quicklook/color-map.ts";
export { percentileLimits, type ValueLimits, type ZscaleOptions, zscaleLimits } from "./quicklook/limits.ts";
export { encodePng } from "./quicklook/png.ts";
export { type Quicklook, type QuicklookOptions, quicklook } from "./quicklook/quicklook.ts";
export { type ReducedPlane, reduceImage } from "./quicklook/reduce-image.ts";
export { type Stretch, stretched } from "./quicklook/stretch.ts";
export { FitsWriter, type FitsWriterOptions } from "./structure/fits-writer.ts";
export type { Bitpix, HduKind, HduLayout } from "./structure/hdu.ts";
export { type FitsFile, type Hdu, openFitsSource, walkHdus } from "./structure/open-fits.ts";
export type { AxisKind, WcsAxis } from "./wcs/axes.ts";
export type { ProjectionCode } from "./wcs/projection/projection.ts";
export { type BeamEllipse, type RadioImage, radioHeader } from "./wcs/radio-header.ts";
export { stokesCodeOf, stokesName } from "./wcs/stokes.ts";
export { type CelestialAxes, Wcs } from "./wcs/wcs.ts";
