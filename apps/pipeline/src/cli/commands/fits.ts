/** `contimg fits`: look into FITS files and make pictures of images. */

import { type Command, InvalidArgumentError, Option } from "commander";
import { isPipelineError } from "../../domain/error-codes.ts";
import type {
  FitsSummary,
  HduSummary,
  ImageFigures,
  ImageInspector,
  PictureChoice,
} from "../../ports/image-inspector.ts";
import { createOutput, describeError, formatBytes } from "../output.ts";
import { wholeNumber } from "../values.ts";
import { declinationText, rightAscensionText } from "./ms-text.ts";

const HELP = `
FILE is a FITS file, whoever wrote it. Images are those of HDUs and not compressed.

Exit status: 0 it could be read, 1 it could not (header --check: or a sum is wrong), 2 wrong usage.

Examples:
  contimg fits header tile.fits
  contimg fits stats tile.fits --json | jq .values.robust_deviation_value
  contimg fits png tile.fits --stretch asinh --color-map cubehelix`;

const STATS_HELP = `
Pixels count from 0, first axis of FITS first. What is not finite is left out. Median and robust deviation (1.4826 times the median
distance from the median: the noise, where sources are few) are those of every n-th value, a quarter of a million at most.

Examples:
  contimg fits stats tile.fits
  contimg fits stats cube.fits --plane 3 --json`;

const PNG_HELP = `
Of large images each pixel of the picture is the mean of a block. The first row is at the bottom. Where the header says so, right ascension and declination
are written at the axes, and the beam is drawn in the lower left corner. --limits are those of zscale, all values (minmax), the middle
per cent of them (99.5), or two values (-0.001,0.01).

Examples:
  contimg fits png tile.fits
  contimg fits png tile.fits --output thumbnail.png --size 300 --no-frame
  contimg fits png tile.fits --limits 99.5 --stretch asinh`;

interface ImageFlags {
  readonly json: boolean;
  readonly hdu?: number | string;
  readonly plane?: number;
}

type PngFlags = ImageFlags & {
  readonly output?: string;
  readonly size: number;
  readonly limits: PictureChoice["limits"];
  readonly stretch: PictureChoice["stretch"];
  readonly colorMap: PictureChoice["colorMap"];
  readonly frame: boolean;
};

export function addFitsCommand(program: Command, inspector: ImageInspector): void {
  const fits = program
    .command("fits")
    .summary("look into FITS files, make pictures of images")
    .description("Looks into FITS files, whoever wrote them, and makes pictures of images.")
    .addHelpText("after", HELP);
  const subcommand = (name: string, summary: string, help = "") =>
    fits
      .command(name)
      .summary(summary)
      .description(`${summary}.`)
      .argument("<file>", "the FITS file")
      .option("--hdu <which>", "number or EXTNAME", hduChoice)
      .option("--json", "JSON on standard output", false)
      .addHelpText("after", help);

  subcommand("header", "HDUs and their keywords")
    .option("--check", "compare the data with DATASUM: reads them all", false)
    .action((path: string, flags: ImageFlags & { readonly check: boolean }) =>
      show(flags.json, async () => {
        const summary = await inspector.summarise(path, flags.hdu ?? null, flags.check);
        const isBad = summary.hdus.some(({ datasum }) => datasum === "bad");
        return { record: jsonHeader(summary), lines: headerLines(summary), exitStatus: isBad ? 1 : 0 };
      }),
    );

  subcommand("stats", "Statistics of an image", STATS_HELP)
    .option("--plane <index>", "only this one, over all axes beyond the second", wholeNumber("--plane", 0))
    .action((path: string, flags: ImageFlags) =>
      show(flags.json, async () => {
        const figures = await inspector.measure(path, { hdu: flags.hdu ?? null, planeIndex: flags.plane ?? null });
        return { record: snakeCased(figures), lines: statsLines(figures), exitStatus: 0 };
      }),
    );

  subcommand("png", "A quick-look picture of an image", PNG_HELP)
    .option("--output <file>", "default: the FITS file's name with .png")
    .option("--plane <index>", "over all axes beyond the second; default the first", wholeNumber("--plane", 0))
    .option(
      "--size <pixels>",
      "longer side of the image in the picture at most",
      wholeNumber("--size", 8, 16_384),
      1000,
    )
    .option("--limits <values>", "zscale, minmax, per cent, or LOW,HIGH", limitsChoice, "zscale")
    .addOption(
      new Option("--stretch <name>", "brightness").choices(["linear", "sqrt", "log", "asinh"]).default("linear"),
    )
    .addOption(new Option("--color-map <name>", "colours").choices(["grey", "cubehelix", "heat"]).default("grey"))
    .option("--no-frame", "the image alone")
    .action((path: string, flags: PngFlags) =>
      show(flags.json, async () => {
        const made = await inspector.makePicture(path, {
          hdu: flags.hdu ?? null,
          planeIndex: flags.plane ?? null,
          outputPath: flags.output ?? `${path.replace(/\.fits?$/i, "")}.png`,
          maxSizePx: flags.size,
          limits: flags.limits,
          stretch: flags.stretch,
          colorMap: flags.colorMap,
          hasFrame: flags.frame,
        });
        const line = `${made.path}: ${made.widthPx} × ${made.heightPx}, values from ${made.lowValue} to ${made.highValue}`;
        return { record: snakeCased(made), lines: [line], exitStatus: 0 };
      }),
    );
}

function hduChoice(text: string): number | string {
  return /^\d+$/.test(text) ? Number(text) : text;
}

function limitsChoice(text: string): PictureChoice["limits"] {
  if (text === "zscale" || text === "minmax") return text;
  const numbers = text.split(",").map((part) => (part.trim() === "" ? NaN : Number(part)));
  const [first = NaN, second] = numbers;
  if (numbers.length === 1 && first > 0 && first <= 100) return { percent: first };
  if (numbers.length === 2 && second !== undefined && first < second) return { lowValue: first, highValue: second };
  throw new InvalidArgumentError(
    `--limits: expected zscale, minmax, a per cent up to 100 or LOW,HIGH, found "${text}"`,
  );
}

interface Shown {
  readonly record: Readonly<Record<string, unknown>>;
  readonly lines: readonly string[];
  readonly exitStatus: 0 | 1;
}

async function show(json: boolean, look: () => Promise<Shown>): Promise<void> {
  const output = createOutput(json, process.stdout, process.stderr, false);
  try {
    const { record, lines, exitStatus } = await look();
    output.event(record);
    for (const line of lines) output.line(line);
    process.exitCode = exitStatus;
  } catch (error) {
    if (!isPipelineError(error)) throw error;
    output.problem(describeError(error));
    process.exitCode = 1;
  }
}

/** `hduIndex` → `hdu_index`. */
function snakeCased(record: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]: [string, unknown]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      typeof value === "object" && value !== null && !Array.isArray(value) ? snakeCased(value) : value,
    ]),
  );
}

/** Keywords as an object, since programs ask for them by name; COMMENT and HISTORY as lists of lines. */
function jsonHeader(summary: FitsSummary): Readonly<Record<string, unknown>> {
  const hdus = summary.hdus.map(({ keywords, ...hdu }) => ({
    ...snakeCased(hdu),
    keywords: Object.fromEntries(
      keywords.toReversed().flatMap(({ keyword, value }) => (value === undefined ? [] : [[keyword, value]])),
    ),
    comment: keywords.filter(({ keyword }) => keyword === "COMMENT").map(({ comment }) => comment),
    history: keywords.filter(({ keyword }) => keyword === "HISTORY").map(({ comment }) => comment),
  }));
  return { ...snakeCased(summary), hdus };
}

function headerLines({ hdus, trailingBytes }: FitsSummary): readonly string[] {
  const lines = hdus.flatMap((hdu) => [
    hduLine(hdu),
    ...hdu.keywords.flatMap(({ cards }) => cards.map((card) => `  ${card.trimEnd()}`)),
  ]);
  return trailingBytes === 0 ? lines : [...lines, `${trailingBytes} bytes behind the last HDU are no HDU`];
}

function hduLine({ hduIndex, name, kind, elementType, shape, dataBytes, missingBytes, datasum }: HduSummary): string {
  const parts = [`HDU ${hduIndex}`, name, kind, elementType ?? "", shape.join(" × "), formatBytes(dataBytes)];
  if (missingBytes > 0) parts.push(`${missingBytes} bytes are missing`);
  if (datasum !== "unread") parts.push(`DATASUM ${datasum}`);
  return parts.filter((part) => part !== "").join("  ");
}

function statsLines(figures: ImageFigures): readonly string[] {
  const { path, shape, unit, pixelCount, finiteCount, values, minPx, maxPx, maxRaDeg, maxDecDeg, skyFrame } = figures;
  const lines = [`${path}: ${shape.join(" × ")}, ${finiteCount} of ${pixelCount} values are finite`];
  if (values === null) return lines;
  const row = (name: string, value: number, more = ""): string =>
    `  ${name.padEnd(17)} ${value.toPrecision(7)} ${unit}${more === "" ? "" : `  ${more}`}`.trimEnd();
  const rad = (angleDeg: number): number => (angleDeg * Math.PI) / 180;
  const sky =
    maxRaDeg === null || maxDecDeg === null
      ? ""
      : `, ${rightAscensionText(rad(maxRaDeg))} ${declinationText(rad(maxDecDeg))} (${skyFrame ?? ""})`;
  return [
    ...lines,
    row("highest", values.maxValue, `at pixel ${maxPx.join(", ")}${sky}`),
    row("lowest", values.minValue, `at pixel ${minPx.join(", ")}`),
    row("mean", values.meanValue),
    row("deviation", values.deviationValue),
    row("median", values.medianValue),
    row("robust deviation", values.robustDeviationValue),
  ];
}
