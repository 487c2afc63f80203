/** FITS images on disk: read, written like others, given their names together. */

import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { FitsHeader, isFitsError, openFits, writeImage } from "@contimg/fits/node";
import { PipelineError } from "../../domain/error-codes.ts";
import { asWriteError } from "../../domain/write-error.ts";
import type { ImageFiles, ImagePlane } from "../../ports/image-files.ts";
import { syncDirectory } from "./sync-directory.ts";
import { hostInNames, isRunning } from "./work-directories.ts";

const ARCSEC_PER_DEG = 3600;
const PREFIX = ".imaging";

/** `.imaging~host~pid~2025-10-03T11:48:50.img`: says whose it is, so that what a killed process left can be told. */
const stagingName = (base: string) => [PREFIX, hostInNames, process.pid, basename(base)].join("~");

export const imageFiles: ImageFiles = {
  read: (path) => withImageErrors(path, () => readPlane(path)),

  async writeLike(templatePath, path, values, unit, history) {
    const { header, shape } = await withImageErrors(templatePath, async () => {
      await using file = await openFits(templatePath);
      const image = file.image();
      return { header: new FitsHeader(image.header.cards, path), shape: image.shape };
    });
    if (unit !== null) header.set("BUNIT", unit);
    for (const line of history) header.addHistory(line);
    try {
      await writeImage(path, { shape, type: "float32", values, header });
    } catch (error) {
      throw asWriteError(error, path);
    }
  },

  prepareStaging(base) {
    const directory = dirname(base);
    try {
      mkdirSync(directory, { recursive: true });
      removeOrphans(directory, base);
      const path = join(directory, stagingName(base));
      mkdirSync(path);
      return path;
    } catch (error) {
      throw asWriteError(error, directory);
    }
  },

  publish(stagingDir, names, base) {
    const directory = dirname(base);
    try {
      for (const name of names) syncFile(join(stagingDir, name));
      const paths = names.map((name) => {
        const path = join(directory, name);
        renameSync(join(stagingDir, name), path);
        return path;
      });
      syncDirectory(directory);
      return paths;
    } catch (error) {
      throw asWriteError(error, directory);
    }
  },

  discard(stagingDir) {
    rmSync(stagingDir, { recursive: true, force: true });
  },

  existing: (paths) => paths.filter((path) => existsSync(path)),
};

/** Removes what a process of this host that no longer runs left for the same products. */
function removeOrphans(directory: string, base: string): void {
  for (const name of readdirSync(directory)) {
    const [prefix, owner, pid, of] = name.split("~");
    if (prefix !== PREFIX || owner !== hostInNames || of !== basename(base)) continue;
    if (Number(pid) === process.pid || !isRunning(Number(pid)))
      rmSync(join(directory, name), { recursive: true, force: true });
  }
}

function syncFile(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

async function readPlane(path: string): Promise<ImagePlane> {
  await using file = await openFits(path);
  const image = file.image();
  const [widthPx = 0, heightPx = 0, ...further] = image.shape;
  const region = { startPx: image.shape.map(() => 0), endPx: [widthPx, heightPx, ...further.map(() => 1)] };
  const { data: values } = await image.read("float32", { region });
  const { header } = image;
  const [major, minor, paDeg] = ["BMAJ", "BMIN", "BPA"].map((keyword) => header.number(keyword));
  return {
    widthPx,
    heightPx,
    values,
    beam:
      major === undefined || minor === undefined
        ? null
        : { majorArcsec: major * ARCSEC_PER_DEG, minorArcsec: minor * ARCSEC_PER_DEG, paDeg: paDeg ?? 0 },
    unit: header.text("BUNIT") ?? "",
  };
}

async function withImageErrors<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isFitsError(error)) throw error;
    const code = isFitsError(error, "io") ? "INPUT_UNREADABLE" : "IMAGE_UNREADABLE";
    throw new PipelineError(code, error.message, { subject: path, cause: error });
  }
}
