/** Looks into FITS files and makes pictures of the images in them. Positions of pixels count from 0, first axis of FITS first. */

/** A keyword's value as plain data: integers that a number cannot hold are text, complex numbers [re, im]. */
export type KeywordValue = string | number | boolean | null | readonly [re: number, im: number];

export interface KeywordLine {
  readonly keyword: string;
  /** Absent for COMMENT, HISTORY and what cannot be understood. */
  readonly value?: KeywordValue;
  readonly comment: string;
  /** The cards as they are in the file. */
  readonly cards: readonly string[];
}

/** One HDU. */
export interface HduSummary {
  readonly hduIndex: number;
  readonly name: string;
  readonly kind: "image" | "bintable" | "ascii-table" | "groups" | "other";
  /** Type of the stored elements of an image: float32, int16… */
  readonly elementType: string | null;
  readonly shape: readonly number[];
  readonly dataBytes: number;
  /** Bytes that the header promises and the file lacks. */
  readonly missingBytes: number;
  readonly datasum: "good" | "bad" | "absent" | "unread";
  readonly keywords: readonly KeywordLine[];
}

export interface FitsSummary {
  readonly path: string;
  readonly sizeBytes: number;
  readonly trailingBytes: number;
  readonly hdus: readonly HduSummary[];
}

/** Which image of a file. */
export interface ImageChoice {
  /** Number or EXTNAME; null: the first image with data. */
  readonly hdu: number | string | null;
  /** Over all axes beyond the second; null: all, or for a picture the first. */
  readonly planeIndex: number | null;
}

/** Statistics of an image; those of values in the unit of the image. */
export interface ImageFigures {
  readonly path: string;
  readonly shape: readonly number[];
  readonly unit: string;
  readonly pixelCount: number;
  readonly finiteCount: number;
  /** Null when no value is finite. */
  readonly values: {
    readonly minValue: number;
    readonly maxValue: number;
    readonly meanValue: number;
    readonly deviationValue: number;
    readonly medianValue: number;
    readonly robustDeviationValue: number;
  } | null;
  readonly minPx: readonly number[];
  readonly maxPx: readonly number[];
  /** Where the highest value is on the sky; null without right ascension and declination that are known. */
  readonly maxRaDeg: number | null;
  readonly maxDecDeg: number | null;
  readonly skyFrame: string | null;
}

export interface PictureChoice extends ImageChoice {
  readonly outputPath: string;
  readonly maxSizePx: number;
  readonly limits:
    | "zscale"
    | "minmax"
    | { readonly percent: number }
    | { readonly lowValue: number; readonly highValue: number };
  readonly stretch: "linear" | "sqrt" | "log" | "asinh";
  readonly colorMap: "grey" | "cubehelix" | "heat";
  readonly hasFrame: boolean;
}

export interface PictureMade {
  readonly path: string;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly lowValue: number;
  readonly highValue: number;
}

/** @throws PipelineError INPUT_UNREADABLE, IMAGE_UNREADABLE; for pictures OUTPUT_NOT_WRITABLE, DISK_FULL too */
export interface ImageInspector {
  /** @param hdu  only this one, by number or EXTNAME; null: all. @param hasChecks  reads all data to check DATASUM */
  summarise(path: string, hdu: number | string | null, hasChecks: boolean): Promise<FitsSummary>;
  measure(path: string, choice: ImageChoice): Promise<ImageFigures>;
  makePicture(path: string, choice: PictureChoice): Promise<PictureMade>;
}
