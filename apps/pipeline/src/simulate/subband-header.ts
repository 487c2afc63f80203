/** The header that the on-site writer gives to each subband file. */

import type { Uvh5WriteHeader } from "@contimg/uvh5";
import { type AntennaLayout, STATION_COUNT } from "./antenna-layout.ts";
import { ARRAY_CENTRE, DISH_DIAMETER_M } from "./instrument.ts";

/** Cable delay that the correlator applies to each connected input. */
const APPLIED_DELAY_NS = "15734";

export function subbandHeader(
  antennas: AntennaLayout,
  freqHz: Float64Array,
  signedChannelWidthHz: number,
  ptDecRad: number,
): Uvh5WriteHeader {
  const connected = new Set(antennas.stationOrder);
  const decText = ((ptDecRad * 180) / Math.PI).toFixed(1);
  const delays = Array.from({ length: 2 * STATION_COUNT }, (_, input) =>
    connected.has(Math.floor(input / 2) + 1) ? APPLIED_DELAY_NS : "0",
  );
  return {
    telescopeName: "OVRO_MMA",
    instrument: "DSA",
    objectName: "search",
    history: "synthetic: contimg simulate, layout of dsa110-meridian-fringestopping",
    phaseType: "drift",
    latitudeRad: ARRAY_CENTRE.latitudeRad,
    longitudeRad: ARRAY_CENTRE.longitudeRad,
    altitudeM: ARRAY_CENTRE.altitudeM,
    appDecRad: ptDecRad,
    antennaDataCount: antennas.stationOrder.length,
    antennaNames: Array.from({ length: STATION_COUNT }, (_, k) => String(k + 1)),
    antennaNumbers: Int32Array.from({ length: STATION_COUNT }, (_, k) => k),
    antennaPositionsM: antennas.stationPositionsM,
    antennaDiametersM: new Float64Array(STATION_COUNT).fill(DISH_DIAMETER_M),
    freqHz,
    channelWidthHz: signedChannelWidthHz,
    polarizations: Int32Array.of(-5, -6),
    spwArray: Int32Array.of(1),
    extraKeywords: new Map<string, string | number | { readonly vlen: string }>([
      ["phase_center_dec", ptDecRad],
      ["ha_phase_center", 0],
      ["phase_center_epoch", { vlen: "HADEC" }],
      ["fs_table", `/home/ubuntu/data//fringestopping_table_dec${decText}deg_${connected.size}ant.npz`],
      ["applied_delays_ns", delays.join(" ")],
    ]),
  };
}
