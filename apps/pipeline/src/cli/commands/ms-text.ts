/** What `contimg ms` found, laid out as astronomers know it from CASA's listobs. */

import { formatUtc, utcFromMjdSec } from "@contimg/sky";
import type {
  AntennaSummary,
  CalTableSummary,
  FieldSummary,
  FlagCount,
  HeadCell,
  MsSummary,
  ObservationSummary,
  SpwSummary,
  TableDescription,
  TableHead,
  TableSummary,
  TimeRange,
  Verification,
} from "../../ports/ms-inspector.ts";
import { formatBytes } from "../output.ts";

const DEGREES_PER_RADIAN = 180 / Math.PI;

/** Columns as wide as their widest entry; numbers to the right. */
function table(
  header: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  indent = "  ",
): readonly string[] {
  const texts = [header, ...rows.map((row) => row.map(String))];
  const isNumeric = header.map((_name, at) => rows.length > 0 && rows.every((row) => typeof row[at] === "number"));
  const widths = header.map((_name, at) => Math.max(...texts.map((row) => (row[at] ?? "").length)));
  return texts.map((row) =>
    (
      indent + row.map((text, at) => (isNumeric[at] ? text.padStart(widths[at]!) : text.padEnd(widths[at]!))).join("  ")
    ).trimEnd(),
  );
}

const utc = (timeMjdSec: number) => formatUtc(utcFromMjdSec(timeMjdSec), { style: "casa", decimalCount: 1 });

function timeText({ startMjdSec, endMjdSec }: TimeRange, scale: string): string {
  return `${utc(startMjdSec)} to ${utc(endMjdSec)} (${scale}), ${(endMjdSec - startMjdSec).toFixed(1)} s`;
}

function sexagesimal(value: number, separator: string, decimals: number): string {
  const scale = 10 ** decimals;
  const total = Math.round(value * 3600 * scale);
  const seconds = ((total % (60 * scale)) / scale).toFixed(decimals).padStart(3 + decimals, "0");
  const pad = (part: number) => String(part).padStart(2, "0");
  return [pad(Math.floor(total / (3600 * scale))), pad(Math.floor(total / (60 * scale)) % 60), seconds].join(separator);
}

/** `11:48:50.12345` */
export function rightAscensionText(raRad: number): string {
  const turns = raRad / (2 * Math.PI);
  return sexagesimal((turns - Math.floor(turns)) * 24, ":", 5);
}

/** `+54.34.20.1234`, with CASA's full stops, so that it cannot be taken for hours. */
export function declinationText(decRad: number): string {
  return `${decRad < 0 ? "-" : "+"}${sexagesimal(Math.abs(decRad) * DEGREES_PER_RADIAN, ".", 4)}`;
}

const percent = ({ flaggedCount, valueCount }: FlagCount) =>
  valueCount === 0 ? "no values" : `${((100 * flaggedCount) / valueCount).toFixed(2)} %`;

const identityLines = (summary: TableSummary) => [
  summary.path,
  `  ${[summary.infoType, summary.infoSubType].filter((text) => text !== "").join(", ") || "casacore table"}, ${formatBytes(summary.sizeBytes)}, ${summary.rowCount} rows`,
];

const observationLines = (observations: readonly ObservationSummary[]) =>
  observations.map(
    ({ telescope, observer, project }) =>
      `  telescope ${telescope || "(none)"}, observer ${observer || "(none)"}, project ${project || "(none)"}`,
  );

function fieldLines(fields: readonly FieldSummary[]): readonly string[] {
  if (fields.length === 0) return [];
  const rows = fields.map((field) => [
    field.fieldIndex,
    field.name,
    field.code || "-",
    rightAscensionText(field.raRad),
    declinationText(field.decRad),
    field.frame || "-",
    field.rowCount,
  ]);
  return ["Fields", ...table(["ID", "Name", "Code", "RA", "Dec", "Epoch", "nRows"], rows)];
}

function spwLines(spws: readonly SpwSummary[]): readonly string[] {
  if (spws.length === 0) return [];
  const withFlags = spws.some((spw) => spw.flags !== null);
  const rows = spws.map((spw) => [
    spw.spwIndex,
    spw.name || "-",
    spw.chanCount,
    spw.frame || "-",
    (spw.firstChanHz / 1e6).toFixed(4),
    (spw.chanWidthHz / 1e3).toFixed(3),
    (spw.totalHz / 1e3).toFixed(1),
    (spw.centreHz / 1e6).toFixed(4),
    spw.corrs.join(" ") || "-",
    spw.rowCount,
    ...(withFlags ? [spw.flags ? percent(spw.flags) : "-"] : []),
  ]);
  const header = [
    "ID",
    "Name",
    "#Chans",
    "Frame",
    "Ch0(MHz)",
    "ChanWid(kHz)",
    "TotBW(kHz)",
    "CtrFreq(MHz)",
    "Corrs",
    "nRows",
    ...(withFlags ? ["Flagged"] : []),
  ];
  return ["Spectral windows", ...table(header, rows)];
}

function antennaLines(antennas: readonly AntennaSummary[], isVerbose: boolean): readonly string[] {
  if (antennas.length === 0) return [];
  const used = antennas.filter((antenna) => antenna.isUsed);
  const title = `Antennas: ${antennas.length}, of which ${used.length} have rows`;
  if (!isVerbose)
    return [
      title,
      `  ${wrapped(
        used.map((antenna) => antenna.name),
        100,
      ).join("\n  ")}`,
      ...(used.length > 0 ? [] : ["  none has rows"]),
    ];
  const rows = antennas.map((antenna) => [
    antenna.antennaIndex,
    antenna.name,
    antenna.station || "-",
    antenna.diameterM,
    (antenna.longitudeRad * DEGREES_PER_RADIAN).toFixed(6),
    (antenna.latitudeRad * DEGREES_PER_RADIAN).toFixed(6),
    antenna.altitudeM.toFixed(2),
    ...antenna.positionM.map((m) => m.toFixed(3)),
    antenna.isUsed ? "yes" : "no",
  ]);
  return [
    title,
    ...table(
      ["ID", "Name", "Station", "Diam(m)", "Long(deg)", "Lat(deg)", "Alt(m)", "ITRF x(m)", "y(m)", "z(m)", "Rows"],
      rows,
    ),
  ];
}

/** Words in lines of at most `width`. */
function wrapped(words: readonly string[], width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Scans of a long observation are not all of interest at once. */
const SHOWN_SCAN_COUNT = 40;

function scanLines({ scans, timeScale }: MsSummary, isVerbose: boolean): readonly string[] {
  if (scans.length === 0) return [];
  const shown = isVerbose ? scans : scans.slice(0, SHOWN_SCAN_COUNT);
  const rows = shown.map((scan) => [
    scan.scanIndex,
    `${utc(scan.time.startMjdSec)} - ${utc(scan.time.endMjdSec)}`,
    scan.fieldIndex,
    scan.fieldName,
    scan.rowCount,
    rangesText(scan.spwIndices),
    scan.intervalSec.toFixed(2),
  ]);
  const more = scans.length > shown.length ? [`  … and ${scans.length - shown.length} more; --verbose shows all`] : [];
  return [
    "Scans",
    ...table(["Scan", `Timerange (${timeScale})`, "FldId", "FieldName", "nRows", "SpwIds", "Int(s)"], rows),
    ...more,
  ];
}

/** `0~15`, `0,2,5~7`: as CASA selects. */
function rangesText(indices: readonly number[]): string {
  const parts: string[] = [];
  for (let k = 0; k < indices.length; ) {
    let end = k;
    while (end + 1 < indices.length && indices[end + 1] === indices[end]! + 1) end++;
    parts.push(end > k ? `${indices[k]}~${indices[end]}` : String(indices[k]));
    k = end + 1;
  }
  return parts.join(",");
}

function msLines(ms: MsSummary, isVerbose: boolean): readonly string[] {
  const { baselines } = ms;
  const lengths =
    baselines.shortestM === null || baselines.longestM === null
      ? ""
      : `, ${baselines.shortestM.toFixed(1)} to ${baselines.longestM.toFixed(1)} m`;
  return [
    ...observationLines(ms.observations),
    ...(ms.time
      ? [`  observed ${timeText(ms.time, ms.timeScale)}, ${ms.integrationCount} integrations`]
      : ["  no rows"]),
    `  baselines: ${baselines.crossCount} cross${lengths}, ${baselines.autoCount} auto`,
    ...(ms.flags ? [`  flagged: ${percent(ms.flags)}`] : []),
    `  columns: ${wrapped(ms.columnNames, 96).join("\n           ")}`,
    "",
    ...scanLines(ms, isVerbose),
    ...fieldLines(ms.fields),
    ...spwLines(ms.spws),
    ...antennaLines(ms.antennas, isVerbose),
  ];
}

function calTableLines(cal: CalTableSummary, isVerbose: boolean): readonly string[] {
  const rows = cal.solutions.map((solution) => [
    solution.fieldIndex,
    solution.fieldName || "-",
    solution.spwIndex,
    solution.solutionTimeCount,
    solution.rowCount,
    utc(solution.time.startMjdSec),
    utc(solution.time.endMjdSec),
    solution.flags ? percent(solution.flags) : "-",
  ]);
  return [
    `  ${cal.visCal || "calibration"}, ${cal.parType || "?"} parameters in ${cal.parameterColumn}${cal.parameterShape ? ` [${cal.parameterShape.join(", ")}]` : ""}, basis ${cal.polBasis || "unknown"}`,
    `  solved from ${cal.msName || "(not said)"}${cal.casaVersionText === "" ? "" : `, CASA ${cal.casaVersionText}`}`,
    ...observationLines(cal.observations),
    ...(cal.time
      ? [`  solutions ${timeText(cal.time, cal.timeScale)}, ${cal.solutionTimeCount} times`]
      : ["  no solutions"]),
    ...(cal.flags ? [`  flagged: ${percent(cal.flags)}`] : []),
    ...(cal.referenceAntennaIndices.length > 0
      ? [`  reference antenna: ${cal.referenceAntennaIndices.map((at) => cal.antennas[at]?.name ?? at).join(", ")}`]
      : []),
    "",
    ...(rows.length > 0
      ? ["Solutions", ...table(["FldId", "FieldName", "Spw", "Times", "nRows", "First", "Last", "Flagged"], rows)]
      : []),
    ...fieldLines(cal.fields),
    ...spwLines(cal.spws),
    ...antennaLines(cal.antennas, isVerbose),
  ];
}

export function summaryLines(summary: TableSummary, isVerbose: boolean): readonly string[] {
  const body =
    summary.kind === "measurement-set"
      ? msLines(summary, isVerbose)
      : summary.kind === "calibration-table"
        ? calTableLines(summary, isVerbose)
        : [
            `  columns: ${wrapped(summary.columnNames, 96).join("\n           ")}`,
            `  subtables: ${summary.subtableNames.join(" ") || "none"}`,
          ];
  return [...identityLines(summary), ...body, ...summary.notes.map((note) => `note: ${note}`)];
}

export function columnLines(description: TableDescription, showsKeywords: boolean): readonly string[] {
  const shapeText = (shape: readonly number[] | null, isFixed: boolean) =>
    shape === null ? "[any]" : `[${shape.join(", ")}]${isFixed ? "" : " (first)"}`;
  const rows = description.columns.map((column) => [
    column.name,
    column.type,
    column.form === "scalar" ? "scalar" : shapeText(column.shape, column.hasFixedShape),
    column.manager || "-",
    [...new Set(column.units)].join(",") || "-",
    column.measure ?? "-",
    column.unreadableReason === null ? column.comment : `UNREADABLE: ${column.unreadableReason}`,
  ]);
  const keywordLines = (entries: TableDescription["keywords"]) =>
    entries.map(({ name, type, value }) => `    ${name} (${type}) = ${JSON.stringify(value)}`);
  const subtables = description.subtables.map((subtable) => [
    subtable.name,
    subtable.rowCount ?? "-",
    subtable.problem ?? "",
  ]);
  return [
    `${description.path}: ${description.rowCount} rows`,
    ...table(["Column", "Type", "Shape", "Storage", "Unit", "Measure", "Comment"], rows),
    ...(subtables.length > 0 ? ["Subtables", ...table(["Name", "nRows", ""], subtables)] : []),
    ...(showsKeywords
      ? [
          "Keywords of the table",
          ...keywordLines(description.keywords),
          ...description.columns.flatMap((column) =>
            column.keywords.length > 0 ? [`Keywords of ${column.name}`, ...keywordLines(column.keywords)] : [],
          ),
        ]
      : []),
  ];
}

const MAX_CELL_LENGTH = 120;

function cellText(cell: HeadCell): string {
  if (cell.kind === "undefined") return "(no value)";
  if (cell.kind === "unreadable") return `UNREADABLE: ${cell.reason}`;
  const text = typeof cell.value === "string" ? cell.value : JSON.stringify(cell.value);
  const shown = text.length > MAX_CELL_LENGTH ? `${text.slice(0, MAX_CELL_LENGTH)}…` : text;
  const shape = cell.shape.length > 0 ? ` [${cell.shape.join(", ")}]` : "";
  return `${shown}${shape}${cell.nonFiniteCount > 0 ? ` (${cell.nonFiniteCount} not finite, shown as null)` : ""}`;
}

export function headLines(head: TableHead): readonly string[] {
  const width = Math.max(0, ...head.columnNames.map((name) => name.length));
  return [
    `${head.path}: ${head.rowCount} rows`,
    ...head.rows.flatMap((row) => [
      `row ${row.rowIndex}`,
      ...row.cells.map((cell, at) => `  ${head.columnNames[at]!.padEnd(width)}  ${cellText(cell)}`),
    ]),
  ];
}

export function verificationLines({ path, findings }: Verification): readonly string[] {
  const count = (severity: string) => findings.filter((finding) => finding.severity === severity).length;
  const width = Math.max(0, ...findings.map((finding) => finding.check.length));
  const verdict = count("error") > 0 ? "not sound" : count("warning") > 0 ? "sound, with warnings" : "sound";
  return [
    path,
    ...findings.map(
      ({ severity, check, message }) => `  ${severity.toUpperCase().padEnd(7)}  ${check.padEnd(width)}  ${message}`,
    ),
    `${verdict}: ${count("ok")} checks passed, ${count("warning")} warnings, ${count("error")} errors`,
  ];
}
