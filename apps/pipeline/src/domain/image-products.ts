/** The files of an image: names that WSClean and its users know. */

/** What a product shows; the file is `<base>-<kind>.fits`. */
export const imageKinds = ["image", "image-pb", "dirty", "residual", "model", "psf", "pb"] as const;
export type ImageKind = (typeof imageKinds)[number];

export interface ImageProduct {
  readonly kind: ImageKind;
  /** Of the parts of the band counted from 0; "MFS" of all; null when the band was not divided. */
  readonly channel: number | "MFS" | null;
  readonly path: string;
}

/** `base-image.fits`, `base-0003-image.fits`, `base-MFS-image.fits`. */
export function productName(base: string, kind: ImageKind, channel: ImageProduct["channel"]): string {
  const part = channel === null ? "" : channel === "MFS" ? "-MFS" : `-${String(channel).padStart(4, "0")}`;
  return `${base}${part}-${kind}.fits`;
}

/** What a name says; undefined: it is no product of `base`. */
export function parseProductName(name: string, base: string): Omit<ImageProduct, "path"> | undefined {
  if (!name.startsWith(`${base}-`) || !name.endsWith(".fits")) return undefined;
  const [, part, kindText] = /^(?:(MFS|\d{4})-)?(.+)$/.exec(name.slice(base.length + 1, -".fits".length)) ?? [];
  const kind = imageKinds.find((one) => one === kindText);
  if (kind === undefined) return undefined;
  return { kind, channel: part === undefined ? null : part === "MFS" ? part : Number(part) };
}

/** Where the products of a Measurement Set lie, without the kind: `images/2025-10-03/2025-10-03T11:48:50.img`. */
export function organisedImageBase(outputDir: string, msStem: string): string {
  const trimmed = outputDir.length > 1 ? outputDir.replace(/\/+$/, "") : outputDir;
  const root = /(^|\/)images$/.test(trimmed) ? trimmed : `${trimmed}/images`;
  const day = /^\d{4}-\d{2}-\d{2}/.exec(msStem)?.[0];
  return `${root}/${day === undefined ? "" : `${day}/`}${msStem}.img`;
}
