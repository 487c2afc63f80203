/** Whether a file is all there: complete, still being written, cut off, or damaged. Reads metadata only. */
import { isUvh5Error, type Uvh5Error } from "./errors.ts";
import type { ByteSource } from "./hdf5/byte-source.ts";
import { UNDEFINED_ADDRESS } from "./hdf5/byte-source.ts";
import { type Container, readContainer } from "./hdf5/container.ts";
import { type Dataset, readFirst } from "./hdf5/dataset.ts";
import { Extents } from "./hdf5/extents.ts";
import type { Codecs } from "./hdf5/filters.ts";
import { readSuperblock, type Superblock } from "./hdf5/superblock.ts";
import { readHeader, requireGroup } from "./header.ts";
import { dataArrays, hdf5Bytes } from "./open-uvh5.ts";
import { storedTree } from "./own-container.ts";
import { decodeNumbers } from "./stored.ts";
import type { WholeCheck, WholeCode, WholeOptions } from "./uvh5-file.ts";

/** Smallest superblock; a shorter file that begins like HDF5 is cut off. */
const SUPERBLOCK_BYTES = 48;

/** Names that writers and copiers give to files they have not finished: `…_incomplete.…`, rsync's `.name.XXXXXX`, `.part`, `.tmp`. */
export function isTemporaryName(path: string): boolean {
  const name = path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
  return name.startsWith(".") || /_incomplete(\.|$)/.test(name) || /\.(part|tmp|partial|filepart)$/i.test(name);
}

/**
 * Judges a source of bytes. Never throws for what the bytes contain.
 *
 * Complete means: the end in the superblock is the size of the source, no writer has it open, every structure of
 * the format reads and no two share a byte, the rows of all arrays agree with `Nblts`, all chunks are stored,
 * the header is consistent, `Ntimes` is as expected, and the name is not a temporary one. Raw data bears no
 * checksum in an uncompressed file: damage inside it cannot be seen by anyone.
 */
export function judgeWhole(source: ByteSource, codecs: Codecs, options: WholeOptions = {}): WholeCheck {
  const known: Known = { timeCount: null, bltCount: null, firstTimeJd: null };
  const answer = (verdict: WholeCheck["verdict"], code: WholeCode, reason: string): WholeCheck => ({
    verdict,
    code,
    reason,
    fileBytes: source.sizeBytes,
    ...known,
  });
  if (source.sizeBytes === 0) return answer("truncated", "EMPTY_FILE", "the file has no bytes");
  try {
    const hdf5 = hdf5Bytes(
      source,
      options.metadataPageBytes === undefined ? {} : { metadataPageBytes: options.metadataPageBytes },
    );
    if (source.sizeBytes < SUPERBLOCK_BYTES && hdf5.cursor(0, 1, "superblock").u8() === 0x89) {
      return answer("truncated", "SHORTER_THAN_DECLARED", `only ${source.sizeBytes} bytes of the superblock`);
    }
    const superblock = readSuperblock(hdf5, new Extents());
    const early = judgeSuperblock(superblock, source.sizeBytes);
    if (early !== null) return answer(...early);
    const container = readContainer(hdf5);
    const late = judgeContents(source.name, hdf5, codecs, container, options, known);
    if (late !== null) return answer(...late);
    if (isTemporaryName(source.name))
      return answer("writing", "TEMPORARY_NAME", "whole inside, but its name says unfinished");
    return answer("complete", "OK", `${known.timeCount} integrations, ${known.bltCount} rows, all chunks stored`);
  } catch (error) {
    if (!isUvh5Error(error)) throw error;
    return answer("corrupt", codeOf(error), error.message);
  }
}

interface Known {
  timeCount: number | null;
  bltCount: number | null;
  firstTimeJd: number | null;
}

type Judgement = readonly [WholeCheck["verdict"], WholeCode, string];

function codeOf(error: Uvh5Error): WholeCode {
  switch (error.tag) {
    case "not-hdf5":
      return "NOT_HDF5";
    case "not-uvh5":
      return "NOT_UVH5";
    case "inconsistent":
      return "HEADER_INCONSISTENT";
    case "unsupported":
      return "UNSUPPORTED";
    default:
      return "CORRUPT";
  }
}

function judgeSuperblock(superblock: Superblock, fileBytes: number): Judgement | null {
  const { endOfFile, isOpenForWriting } = superblock;
  if (isOpenForWriting) return ["writing", "OPEN_FOR_WRITING", "the superblock says that a writer has the file open"];
  if (endOfFile > fileBytes) {
    return [
      "truncated",
      "SHORTER_THAN_DECLARED",
      `superblock: expected a file of ${endOfFile} bytes, found ${fileBytes}`,
    ];
  }
  if (endOfFile < fileBytes) {
    return [
      "writing",
      "END_NOT_WRITTEN",
      `superblock: expected an end at ${fileBytes}, the size of the file, found ${endOfFile}`,
    ];
  }
  return null;
}

function judgeContents(
  file: string,
  hdf5: ReturnType<typeof hdf5Bytes>,
  codecs: Codecs,
  container: Container,
  options: WholeOptions,
  known: Known,
): Judgement | null {
  const root = storedTree(hdf5, codecs, container);
  const headerGroup = requireGroup(file, root, "Header");
  const arrays = dataArrays(file, container, false);
  const members = container.members.get("Header");
  const datasets: Container["members"] = members?.kind === "group" ? members.members : new Map();
  const rows = arrays[0].shape[0];
  const number = (name: string): number | null => {
    const member = datasets.get(name);
    return member?.kind === "dataset" ? firstNumber(file, hdf5, codecs, member.dataset) : null;
  };
  known.bltCount = number("Nblts");
  known.timeCount = number("Ntimes");
  for (const { path, shape } of arrays) {
    if (shape[0] !== known.bltCount)
      return [
        "writing",
        "ROWS_DISAGREE",
        `${path}: expected ${known.bltCount} rows by Header/Nblts, found ${shape[0]}`,
      ];
  }
  for (const [name, member] of datasets) {
    if (member.kind !== "dataset" || !GROWING.has(name)) continue;
    const found = member.dataset.shape?.[0];
    if (found !== undefined && found !== rows && !(found === 1 && rows > 1)) {
      return ["writing", "ROWS_DISAGREE", `Header/${name}: expected ${rows} rows, found ${found}`];
    }
  }
  for (const dataset of everyDataset(container.members)) {
    const missing = missingChunks(dataset);
    if (missing > 0)
      return ["writing", "CHUNKS_MISSING", `${dataset.path}: expected all chunks stored, found ${missing} missing`];
  }
  known.firstTimeJd = number("time_array");
  const data = container.members.get("Data");
  const visdata = data?.kind === "group" ? data.members.get("visdata") : undefined;
  readHeader(file, headerGroup, arrays[0].shape, visdata?.kind === "dataset" && visdata.dataset.shape?.length === 4);
  return judgeTimes(known.timeCount, options.expectedTimeCount);
}

/** Arrays that a streaming writer makes longer as it goes. */
const GROWING = new Set(["time_array", "integration_time", "ant_1_array", "ant_2_array", "uvw_array", "lst_array"]);

/** Compares the count of integrations with the expected one. */
export function judgeTimes(timeCount: number | null, expected: number | undefined): Judgement | null {
  if (expected === undefined || timeCount === expected) return null;
  const reason = `Header/Ntimes: expected ${expected}, found ${timeCount}`;
  return (timeCount ?? 0) < expected
    ? ["writing", "FEWER_TIMES_THAN_EXPECTED", reason]
    : ["corrupt", "MORE_TIMES_THAN_EXPECTED", reason];
}

function firstNumber(
  file: string,
  hdf5: ReturnType<typeof hdf5Bytes>,
  codecs: Codecs,
  dataset: Dataset,
): number | null {
  if (dataset.unknownFilter !== null) return null;
  const bytes = readFirst(hdf5, codecs, dataset);
  if (bytes === null || (dataset.type.kind !== "integer" && dataset.type.kind !== "float")) return null;
  return decodeNumbers(file, dataset.path, bytes, dataset.type)[0] ?? null;
}

function* everyDataset(members: Container["members"]): Generator<Dataset> {
  for (const member of members.values()) {
    if (member.kind === "group") yield* everyDataset(member.members);
    else if (member.kind === "dataset") yield member.dataset;
  }
}

/** Chunks that are not stored; for contiguous storage that was never allocated, 1. */
function missingChunks({ layout, chunks, shape }: Dataset): number {
  if (chunks !== null) return chunks.addressBytes.length - chunks.storedCount;
  const isEmpty = shape === null || shape.includes(0);
  return layout.kind === "contiguous" && layout.address === UNDEFINED_ADDRESS && !isEmpty ? 1 : 0;
}
