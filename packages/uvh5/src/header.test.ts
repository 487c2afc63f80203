import { describe, expect, it } from "vitest";
import type { Datatype } from "./hdf5/datatype.ts";
import { readHeader } from "./header.ts";
import type { StoredArray, StoredGroup, StoredMember } from "./stored.ts";

const FLOAT64: Datatype = { kind: "float", bytes: 8, isBigEndian: false };

type Value = number | string | readonly number[] | readonly string[];

function array(path: string, value: Value): StoredArray {
  const list = typeof value === "object" ? value : [value];
  const shape = typeof value === "object" ? [value.length] : [];
  const isText = typeof list[0] === "string";
  return {
    kind: "dataset",
    path,
    shape,
    type: isText ? { kind: "vlen-string", bytes: 16 } : FLOAT64,
    readBytes: () => new Uint8Array(Float64Array.from(list as number[]).buffer),
    readVlenStrings: () => [...(list as string[])],
  };
}

function group(path: string, values: Readonly<Record<string, Value | StoredMember>>): StoredGroup {
  const members = Object.entries(values).map(([name, value]): [string, StoredMember] => [
    name,
    typeof value === "object" && "kind" in value ? value : array(`${path}/${name}`, value as Value),
  ]);
  return { kind: "group", path, members: new Map(members) };
}

/** Two rows of one baseline, three channels, two polarizations. */
const GOOD: Readonly<Record<string, Value | StoredMember>> = {
  Nblts: 2,
  Nbls: 1,
  Ntimes: 2,
  Nfreqs: 3,
  Npols: 2,
  Nspws: 1,
  Nants_data: 2,
  Nants_telescope: 2,
  telescope_name: "X",
  latitude: 45,
  longitude: -90,
  altitude: 10,
  freq_array: [3e9, 2e9, 1e9],
  channel_width: -1e9,
  polarization_array: [-5, -6],
  spw_array: [1],
  antenna_numbers: [4, 9],
  antenna_names: ["a", "b"],
  antenna_positions: [1, 2, 3, 4, 5, 6],
  time_array: [2460000.1, 2460000.2],
  integration_time: [10, 10],
  ant_1_array: [4, 4],
  ant_2_array: [9, 9],
  phase_center_app_dec: 0.5,
};

const read = (changes: Readonly<Record<string, Value | StoredMember | undefined>> = {}) => {
  const values = Object.fromEntries(
    Object.entries({ ...GOOD, ...changes }).filter(([, value]) => value !== undefined),
  ) as typeof GOOD;
  return readHeader("x.uvh5", group("Header", values), [2, 3, 2], false);
};

describe("a header", () => {
  it("is normalised: radians, widths without sign, scalars repeated", () => {
    const header = read({ integration_time: 10 });
    expect(header.latitudeRad).toBeCloseTo(Math.PI / 4, 15);
    expect([...header.channelWidthHz]).toEqual([1e9, 1e9, 1e9]);
    expect(header.channelWidthStoredSign).toBe(-1);
    expect([...header.integrationTimeSec]).toEqual([10, 10]);
    expect([...(header.appDecRad ?? [])]).toEqual([0.5, 0.5]);
    expect(header.uvwM).toBeNull();
    expect(header.timeJd).toBe(header.timeJd);
  });

  it.each([
    ["Nfreqs", { Nfreqs: 4 }, /Header\/Nfreqs: expected 3, as in Data\/visdata, found 4/],
    ["Npols", { Npols: 1 }, /Header\/Npols: expected 2/],
    ["Nblts", { Nblts: 3 }, /Header\/Nblts: expected 2/],
    ["Nbls", { Nbls: 0 }, /Header\/Nblts: expected at most Nbls × Ntimes = 0, found 2/],
    ["a count that is no count", { Nants_telescope: 1.5 }, /Header\/Nants_telescope: expected a whole number/],
    [
      "a count that is too large for its array",
      { Nants_telescope: 3 },
      /Header\/antenna_numbers: expected 3 elements, found 2/,
    ],
    ["latitude", { latitude: 91 }, /Header\/latitude: expected degrees from -90 to 90, found 91/],
    ["a latitude that is no number", { latitude: Number.NaN }, /Header\/latitude: expected a finite number, found NaN/],
    [
      "frequencies",
      { freq_array: [1, -2, 3] },
      /Header\/freq_array: expected frequencies above 0, found -2 at element 1/,
    ],
    [
      "channel widths",
      { channel_width: [1, -1, 1] },
      /Header\/channel_width: expected widths of one sign, found -1 at element 1/,
    ],
    ["polarizations", { polarization_array: [-5, -5] }, /Header\/polarization_array: expected different AIPS/],
    ["an unknown polarization", { polarization_array: [-5, -9] }, /Header\/polarization_array/],
    ["antenna numbers", { antenna_numbers: [4, 4] }, /Header\/antenna_numbers: expected different numbers/],
    ["positions", { antenna_positions: [1, 2, 3] }, /Header\/antenna_positions: expected 6 elements, found 3/],
    ["rows of a header array", { ant_1_array: [4] }, /Header\/ant_1_array: expected 2 elements, found 1/],
    ["text where a number belongs", { altitude: "high" }, /Header\/altitude: expected numbers, found vlen-string/],
  ])("is refused for %s", (_, changes, message) => {
    expect(() => read(changes)).toThrow(
      expect.objectContaining({ tag: "inconsistent", file: "x.uvh5", message: expect.stringMatching(message) }),
    );
  });

  it.each(["telescope_name", "latitude", "freq_array", "polarization_array", "antenna_names", "Nblts"])(
    "is not UVH5 without %s",
    (name) => {
      expect(() => read({ [name]: undefined })).toThrow(
        expect.objectContaining({ tag: "not-uvh5", field: `Header/${name}` }),
      );
    },
  );

  it("checks the values of long arrays when they are used", () => {
    expect(() => read({ time_array: [2460000.1, Number.NaN] }).timeJd).toThrow(
      /Header\/time_array: expected finite numbers, found NaN at element 1/,
    );
    expect(() => read({ time_array: [2460000.1, 0] }).timeJd).toThrow(/expected Julian dates/);
    expect(() => read({ integration_time: [1, 0] }).integrationTimeSec).toThrow(/expected lengths above 0/);
    expect(() => read({ ant_2_array: [9, 5] }).ant2).toThrow(
      /Header\/ant_2_array: expected numbers in Header\/antenna_numbers, found 5 at element 1/,
    );
    expect(() => read({ time_array: undefined }).timeJd).toThrow(expect.objectContaining({ tag: "not-uvh5" }));
  });

  it("of a later major version is not guessed at", () => {
    expect(() => read({ version: "2.0" })).toThrow(
      expect.objectContaining({ tag: "unsupported", field: "Header/version" }),
    );
    expect(read({ version: "1.3" }).version).toBe("1.3");
  });

  it("finds phase centres by number or, in older versions, by name", () => {
    const entry = (values: Record<string, Value>) =>
      group("Header/phase_center_catalog/x", { cat_type: "sidereal", cat_lon: 1, cat_lat: 0.5, ...values });
    const catalog = (members: Record<string, StoredMember>) => ({
      phase_center_catalog: group("Header/phase_center_catalog", members),
    });
    expect(read(catalog({ "3": entry({ cat_name: "crab" }) })).phaseCenterCatalog.get(3)?.name).toBe("crab");
    expect(read(catalog({ crab: entry({ cat_id: 5 }) })).phaseCenterCatalog.get(5)).toMatchObject({
      name: "crab",
      lonRad: Float64Array.of(1),
    });
    expect(() => read(catalog({ crab: entry({ cat_name: "crab" }) }))).toThrow(/a whole number/);
    const stray = { ...catalog({ "3": entry({ cat_name: "crab" }) }), phase_center_id_array: [3, 4] };
    expect(() => read(stray).phaseCenterIdArray).toThrow(/numbers in the catalogue, found 4/);
  });
});
