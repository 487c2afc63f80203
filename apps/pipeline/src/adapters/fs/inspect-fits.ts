/** FITS files behind the port that looks into them. */

import { basename, dirname } from "node:path";
import {
  checkSums,
  type FitsCard,
  type FitsImage,
  type FitsValue,
  type Hdu,
  isFitsError,
  measureImage,
  type OpenedFitsFile,
  openFits,
  quicklook,
  Wcs,
} from "@contimg/fits/node";
import { PipelineError } from "../../domain/error-codes.ts";
import type {
  HduSummary,
  ImageFigures,
  ImageInspector,
  KeywordLine,
  KeywordValue,
} from "../../ports/image-inspector.ts";
import { writeReport } from "./report-files.ts";

export const fitsInspector: ImageInspector = {
  summarise: (path, hdu, hasChecks) =>
    reading(path, async (file) => {
      const hdus: HduSummary[] = [];
      for (const one of hdu === null ? file.hdus : [file.hdu(hdu)]) hdus.push(await summaryOf(one, hasChecks));
      return { path, sizeBytes: file.source.byteLength, trailingBytes: file.trailingBytes, hdus };
    }),
  measure: (path, { hdu, planeIndex }) =>
    reading(path, async (file) => figuresOf(path, file.image(hdu ?? undefined), planeIndex ?? undefined)),
  makePicture: (path, { hdu, planeIndex, outputPath, ...options }) =>
    reading(path, async (file) => {
      const made = await quicklook(file.image(hdu ?? undefined), { ...options, planeIndex: planeIndex ?? 0 });
      writeReport(dirname(outputPath), basename(outputPath), made.png);
      return { path: outputPath, widthPx: made.widthPx, heightPx: made.heightPx, ...made.limits };
    }),
};

async function reading<T>(path: string, read: (file: OpenedFitsFile) => Promise<T>): Promise<T> {
  try {
    await using file = await openFits(path);
    return await read(file);
  } catch (error) {
    if (isFitsError(error)) {
      const code = error.tag === "io" ? "INPUT_UNREADABLE" : "IMAGE_UNREADABLE";
      throw new PipelineError(code, error.message, { subject: path, cause: error });
    }
    if (error instanceof RangeError) {
      throw new PipelineError("IMAGE_UNREADABLE", `${path}: ${error.message}`, { subject: path, cause: error });
    }
    throw error;
  }
}

async function summaryOf(hdu: Hdu, hasChecks: boolean): Promise<HduSummary> {
  const { kind, shape, bitpix, dataBytes } = hdu.layout;
  const elementType =
    kind === "image" ? `${bitpix < 0 ? "float" : bitpix === 8 ? "uint" : "int"}${Math.abs(bitpix)}` : null;
  return {
    hduIndex: hdu.index,
    name: hdu.name,
    kind,
    elementType,
    shape,
    dataBytes,
    missingBytes: hdu.missingBytes,
    datasum: hasChecks && hdu.missingBytes === 0 ? (await checkSums(hdu)).datasum : "unread",
    keywords: hdu.header.cards.map(keywordLine),
  };
}

function keywordLine({ keyword, value, comment, images = [] }: FitsCard): KeywordLine {
  return { keyword, ...(value === undefined ? {} : { value: plain(value) }), comment, cards: images };
}

function plain(value: FitsValue): KeywordValue {
  if (typeof value === "bigint") return String(value);
  return value !== null && typeof value === "object" ? [value.re, value.im] : value;
}

async function figuresOf(path: string, image: FitsImage, planeIndex: number | undefined): Promise<ImageFigures> {
  const { pixelCount, finiteCount, minPx, maxPx, ...values } = await measureImage(image, planeIndex);
  const wcs = finiteCount === 0 ? undefined : wcsOf(image);
  const world = wcs?.pixelToWorld(maxPx);
  const isEquatorial = wcs?.celestial !== undefined && wcs.axes[wcs.celestial.lonAxis]!.type.startsWith("RA");
  const celestial = isEquatorial ? wcs.celestial : undefined;
  const at = (axis: number | undefined): number | null => (axis === undefined ? null : finiteOrNull(world?.[axis]));
  return {
    path,
    shape: image.shape,
    unit: image.header.text("BUNIT")?.trim() ?? "",
    pixelCount,
    finiteCount,
    values: finiteCount === 0 ? null : values,
    minPx,
    maxPx,
    maxRaDeg: at(celestial?.lonAxis),
    maxDecDeg: at(celestial?.latAxis),
    skyFrame: celestial?.frame ?? null,
  };
}

function finiteOrNull(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}

/** Numbers are of use without a place on the sky. */
function wcsOf(image: FitsImage): Wcs | undefined {
  try {
    return new Wcs(image.header);
  } catch (error) {
    if (isFitsError(error, "unsupported", "corrupt")) return undefined;
    throw error;
  }
}
