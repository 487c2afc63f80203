/** From an image to a picture of it. */
import { isFitsError } from "../errors.ts";
import type { FitsImage } from "../image/image.ts";
import { Wcs } from "../wcs/wcs.ts";
import type { ColorMap } from "./color-map.ts";
import { drawImage } from "./draw-image.ts";
import { percentileLimits, type ValueLimits, zscaleLimits } from "./limits.ts";
import { encodePng } from "./png.ts";
import { reduceImage } from "./reduce-image.ts";
import type { Stretch } from "./stretch.ts";

export interface QuicklookOptions {
  /** The longer side of the image in the picture at most. Default 1000. */
  readonly maxSizePx?: number;
  /** Over all axes beyond the second, from 0. Default 0. */
  readonly planeIndex?: number;
  /** Default zscale. */
  readonly limits?: "zscale" | "minmax" | { readonly percent: number } | ValueLimits;
  /** Default linear. */
  readonly stretch?: Stretch;
  /** Default grey. */
  readonly colorMap?: ColorMap;
  /** Axes, a bar of colours, the beam. Default true. */
  readonly hasFrame?: boolean;
}

/** A picture as a file, and how values became colours. */
export interface Quicklook {
  readonly png: Uint8Array;
  readonly limits: ValueLimits;
  readonly widthPx: number;
  readonly heightPx: number;
}

/**
 * Makes a PNG of one plane of an image; of large images each pixel is the mean of a block. Without world coordinates that are known the axes are left
 * out.
 *
 * @throws RangeError when the image has no such plane; as `FitsImage.rows`
 */
export async function quicklook(image: FitsImage, options: QuicklookOptions = {}): Promise<Quicklook> {
  const { maxSizePx = 1000, planeIndex = 0, stretch = "linear", colorMap = "grey", hasFrame = true } = options;
  const plane = await reduceImage(image, maxSizePx, planeIndex);
  const limits = limitsOf(plane.values, options.limits ?? "zscale");
  const picture = drawImage(plane, image.header, wcsOf(image), { limits, stretch, colorMap, hasFrame });
  const { widthPx, heightPx } = picture;
  return { png: await encodePng(picture.bytes, widthPx, heightPx), limits, widthPx, heightPx };
}

function limitsOf(values: Float32Array, limits: NonNullable<QuicklookOptions["limits"]>): ValueLimits {
  if (limits === "zscale") return zscaleLimits(values);
  if (limits === "minmax") return percentileLimits(values, 100);
  return "percent" in limits ? percentileLimits(values, limits.percent) : limits;
}

function wcsOf(image: FitsImage): Wcs | undefined {
  try {
    return new Wcs(image.header);
  } catch (error) {
    // A picture without axes is of use as well.
    if (isFitsError(error, "unsupported", "corrupt")) return undefined;
    throw error;
  }
}
