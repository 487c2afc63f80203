/** Reads and checks `Header`, whatever the version of the layout. */
import { NotUvh5Error, Uvh5UnsupportedError } from "./errors.ts";
import { Fields } from "./header-fields.ts";
import { readPhaseCenters } from "./phase-centers.ts";
import type { StoredGroup } from "./stored.ts";
import type { Uvh5Header } from "./uvh5-file.ts";

const DEGREE = Math.PI / 180;

/** AIPS polarization numbers that exist. */
const isPolarization = (code: number): boolean => (code >= -8 && code <= -1) || (code >= 1 && code <= 4);

/** Arrays [blt]: name, elements a row, and whether one element may stand for all rows. */
const BLT_ARRAYS = [
  ["time_array", 1, false],
  ["integration_time", 1, true],
  ["ant_1_array", 1, false],
  ["ant_2_array", 1, false],
  ["uvw_array", 3, false],
  ["lst_array", 1, false],
  ["phase_center_app_ra", 1, true],
  ["phase_center_app_dec", 1, true],
  ["phase_center_frame_pa", 1, true],
  ["phase_center_id_array", 1, false],
] as const;

/** Computes once, on first use. */
function lazy<T>(compute: () => T): () => T {
  let value: { readonly of: T } | undefined;
  return () => (value ??= { of: compute() }).of;
}

/**
 * Reads the header of a file. Small items are read and checked now, those `[blt]` on first use.
 *
 * @param shape       shape of the data arrays without their spectral-window axis
 * @param hasSpwAxis  whether they have that axis
 * @throws NotUvh5Error when an item that every UVH5 file has is missing
 * @throws Uvh5InconsistentError when items contradict each other, or the data arrays
 */
export function readHeader(
  file: string,
  group: StoredGroup,
  shape: readonly [number, number, number],
  hasSpwAxis: boolean,
): Uvh5Header {
  const fields = new Fields(file, group);
  const version = fields.string("version");
  if (version !== null && Number.parseFloat(version) >= 2) {
    throw new Uvh5UnsupportedError({ file, field: "Header/version", expected: "a version below 2", found: version });
  }
  const counts = readCounts(fields, shape);
  const { bltCount } = counts;
  for (const [name, perRow, allowOne] of BLT_ARRAYS) fields.checkLength(name, perRow * bltCount, allowOne);
  const extra = fields.subgroup("extra_keywords");
  const antennas = readAntennas(fields, counts.antennaCount);
  const phaseCenterCatalog = readPhaseCenters(fields);
  const isAntenna = membership(antennas.antennaNumbers);
  const antenna = (name: string): Int32Array => {
    const numbers = fields.required(name, fields.integers(name, bltCount));
    const bad = numbers.findIndex((number) => !isAntenna(number));
    if (bad >= 0) fields.inconsistent(name, "numbers in Header/antenna_numbers", `${numbers[bad]} at element ${bad}`);
    return numbers;
  };
  const timeJd = lazy(() => {
    const times = fields.required("time_array", fields.finiteNumbers("time_array", bltCount));
    const bad = times.findIndex((time) => !(time > 0 && time < 1e7));
    if (bad >= 0) fields.inconsistent("time_array", "Julian dates", `${times[bad]} at element ${bad}`);
    return times;
  });
  const integrationTimeSec = lazy(() => {
    const lengths = fields.required("integration_time", fields.finiteNumbers("integration_time", bltCount, true));
    const bad = lengths.findIndex((length) => !(length > 0));
    if (bad >= 0) fields.inconsistent("integration_time", "lengths above 0", `${lengths[bad]} at element ${bad}`);
    return lengths;
  });
  const ant1 = lazy(() => antenna("ant_1_array"));
  const ant2 = lazy(() => antenna("ant_2_array"));
  const uvwM = lazy(() => fields.finiteNumbers("uvw_array", 3 * bltCount));
  const lstRad = lazy(() => fields.finiteNumbers("lst_array", bltCount));
  const appRaRad = lazy(() => fields.finiteNumbers("phase_center_app_ra", bltCount, true));
  const appDecRad = lazy(() => fields.finiteNumbers("phase_center_app_dec", bltCount, true));
  const framePaRad = lazy(() => fields.finiteNumbers("phase_center_frame_pa", bltCount, true));
  const phaseCenterIdArray = lazy(() => {
    const ids = fields.integers("phase_center_id_array", bltCount);
    const bad = ids?.findIndex((id) => !phaseCenterCatalog.has(id)) ?? -1;
    if (ids !== null && bad >= 0)
      fields.inconsistent("phase_center_id_array", "numbers in the catalogue", `${ids[bad]} at element ${bad}`);
    return ids;
  });
  return {
    version,
    hasSpwAxis,
    ...counts,
    ...readSite(fields),
    ...readSpectrum(fields, counts),
    ...antennas,
    instrument: fields.string("instrument"),
    objectName: fields.string("object_name"),
    history: fields.string("history") ?? "",
    visUnits: fields.string("vis_units"),
    xOrientation: fields.string("x_orientation"),
    phaseType: fields.string("phase_type"),
    phaseCenterCatalog,
    phaseCenterRaRad: fields.number("phase_center_ra"),
    phaseCenterDecRad: fields.number("phase_center_dec"),
    phaseCenterEpochYear: readEpoch(fields),
    phaseCenterFrame: fields.string("phase_center_frame"),
    dut1Sec: fields.number("dut1"),
    earthOmegaDegPerDay: fields.number("earth_omega"),
    gst0Deg: fields.number("gst0"),
    referenceDate: fields.string("rdate"),
    timeSystem: fields.string("timesys"),
    extraKeywords: extra?.keywords() ?? new Map(),
    get timeJd() {
      return timeJd();
    },
    get integrationTimeSec() {
      return integrationTimeSec();
    },
    get ant1() {
      return ant1();
    },
    get ant2() {
      return ant2();
    },
    get uvwM() {
      return uvwM();
    },
    get lstRad() {
      return lstRad();
    },
    get appRaRad() {
      return appRaRad();
    },
    get appDecRad() {
      return appDecRad();
    },
    get framePaRad() {
      return framePaRad();
    },
    get phaseCenterIdArray() {
      return phaseCenterIdArray();
    },
  };
}

/** Highest number for which a table is kept instead of a set. */
const MAX_TABLE = 1 << 16;

/** Whether a number is one of `numbers`; by a table when they are small, because it is asked for each row. */
function membership(numbers: Int32Array): (number: number) => boolean {
  if (numbers.every((number) => number >= 0 && number < MAX_TABLE)) {
    const table = new Uint8Array(MAX_TABLE);
    for (const number of numbers) table[number] = 1;
    return (number) => table[number] === 1;
  }
  const set = new Set(numbers);
  return (number) => set.has(number);
}

/** The group of this name at the root. */
export function requireGroup(file: string, root: StoredGroup, name: string): StoredGroup {
  const member = root.members.get(name);
  if (member?.kind !== "group") {
    throw new NotUvh5Error({
      file,
      field: name,
      expected: "a group",
      found: member === undefined ? "none" : "a dataset",
    });
  }
  return member;
}

type Counts = Pick<
  Uvh5Header,
  | "bltCount"
  | "baselineCount"
  | "timeCount"
  | "channelCount"
  | "polarizationCount"
  | "spwCount"
  | "antennaDataCount"
  | "antennaCount"
>;

function readCounts(fields: Fields, shape: readonly [number, number, number]): Counts {
  const counts = {
    bltCount: fields.count("Nblts", 0),
    baselineCount: fields.count("Nbls", 0),
    timeCount: fields.count("Ntimes", 0),
    channelCount: fields.count("Nfreqs", 1),
    polarizationCount: fields.count("Npols", 1),
    spwCount: fields.find("Nspws") === null ? 1 : fields.count("Nspws", 1),
    antennaDataCount: fields.count("Nants_data", 0),
    antennaCount: fields.count("Nants_telescope", 1),
  };
  const expected = [
    ["Nblts", counts.bltCount],
    ["Nfreqs", counts.channelCount],
    ["Npols", counts.polarizationCount],
  ] as const;
  for (const [i, [name, count]] of expected.entries()) {
    if (count !== shape[i]) fields.inconsistent(name, `${shape[i]}, as in Data/visdata`, count);
  }
  if (counts.bltCount > counts.baselineCount * counts.timeCount) {
    fields.inconsistent("Nblts", `at most Nbls × Ntimes = ${counts.baselineCount * counts.timeCount}`, counts.bltCount);
  }
  if (counts.antennaDataCount > counts.antennaCount) {
    fields.inconsistent("Nants_data", `at most Nants_telescope = ${counts.antennaCount}`, counts.antennaDataCount);
  }
  return counts;
}

function readSite(
  fields: Fields,
): Pick<Uvh5Header, "telescopeName" | "telescopeFrame" | "latitudeRad" | "longitudeRad" | "altitudeM"> {
  const latitudeDeg = fields.requireNumber("latitude");
  const longitudeDeg = fields.requireNumber("longitude");
  if (Math.abs(latitudeDeg) > 90) fields.inconsistent("latitude", "degrees from -90 to 90", latitudeDeg);
  if (Math.abs(longitudeDeg) > 360) fields.inconsistent("longitude", "degrees from -360 to 360", longitudeDeg);
  return {
    telescopeName: fields.requireString("telescope_name"),
    telescopeFrame: fields.string("telescope_frame"),
    latitudeRad: latitudeDeg * DEGREE,
    longitudeRad: longitudeDeg * DEGREE,
    altitudeM: fields.requireNumber("altitude"),
  };
}

type Spectrum = Pick<
  Uvh5Header,
  "freqHz" | "channelWidthHz" | "channelWidthStoredSign" | "polarizations" | "spwArray" | "flexSpwIdArray"
>;

function readSpectrum(fields: Fields, counts: Counts): Spectrum {
  const { channelCount, polarizationCount, spwCount } = counts;
  const freqHz = fields.required("freq_array", fields.finiteNumbers("freq_array", channelCount));
  const bad = freqHz.findIndex((freq) => !(freq > 0));
  if (bad >= 0) fields.inconsistent("freq_array", "frequencies above 0", `${freqHz[bad]} at element ${bad}`);
  const widths = fields.required("channel_width", fields.finiteNumbers("channel_width", channelCount, true));
  const sign = (widths[0] as number) < 0 ? -1 : 1;
  const odd = widths.findIndex((width) => width === 0 || Math.sign(width) !== sign);
  if (odd >= 0) fields.inconsistent("channel_width", "widths of one sign", `${widths[odd]} at element ${odd}`);
  const polarizations = fields.required("polarization_array", fields.integers("polarization_array", polarizationCount));
  const unknown = polarizations.findIndex((code, i) => !isPolarization(code) || polarizations.indexOf(code) !== i);
  if (unknown >= 0)
    fields.inconsistent("polarization_array", "different AIPS polarization numbers", polarizations.join(", "));
  const spwArray = fields.integers("spw_array", spwCount) ?? Int32Array.from({ length: spwCount }, (_, i) => i);
  const flexSpwIdArray = fields.integers("flex_spw_id_array", channelCount);
  const stray = flexSpwIdArray?.findIndex((id) => !spwArray.includes(id)) ?? -1;
  if (flexSpwIdArray !== null && stray >= 0) {
    fields.inconsistent(
      "flex_spw_id_array",
      "numbers in Header/spw_array",
      `${flexSpwIdArray[stray]} at element ${stray}`,
    );
  }
  return {
    freqHz,
    channelWidthHz: widths.map(Math.abs),
    channelWidthStoredSign: sign,
    polarizations,
    spwArray,
    flexSpwIdArray,
  };
}

type Antennas = Pick<
  Uvh5Header,
  "antennaNumbers" | "antennaNames" | "antennaPositionsM" | "antennaDiametersM" | "mountTypes"
>;

function readAntennas(fields: Fields, count: number): Antennas {
  const antennaNumbers = fields.required("antenna_numbers", fields.integers("antenna_numbers", count));
  if (new Set(antennaNumbers).size !== count) fields.inconsistent("antenna_numbers", "different numbers", "some twice");
  return {
    antennaNumbers,
    antennaNames: fields.required("antenna_names", fields.strings("antenna_names", count)),
    antennaPositionsM: fields.required("antenna_positions", fields.finiteNumbers("antenna_positions", 3 * count)),
    antennaDiametersM: fields.finiteNumbers("antenna_diameters", count, true),
    mountTypes: fields.strings("mount_type", count),
  };
}

/** Older files store the epoch as a year; a few as a string such as "J2000". */
function readEpoch(fields: Fields): number | null {
  const array = fields.find("phase_center_epoch");
  if (array === null) return null;
  if (array.type.kind !== "string" && array.type.kind !== "vlen-string") return fields.number("phase_center_epoch");
  const text = fields.string("phase_center_epoch") as string;
  const year = Number(text.replace(/^[JB]/, ""));
  if (!Number.isFinite(year)) fields.inconsistent("phase_center_epoch", "a year", JSON.stringify(text));
  return year;
}
