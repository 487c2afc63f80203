/** What was simulated, written beside the files: `truth.json` and `truth_gain.c64`. */

import { airyPower } from "@contimg/sky";
import { type IntegrationGeometry, meanOf, pointingCentre } from "./geometry.ts";
import { ARRAY_CENTRE, DISH_DIAMETER_M, INTEGRATION_SEC, SEFD_JY } from "./instrument.ts";
import type { ResolvedSimulation } from "./simulation-options.ts";
import { sourceFluxJy } from "./sky-model.ts";
import type { GroupPlan } from "./visibilities.ts";

const DEG = 180 / Math.PI;

const DESCRIPTION = `Synthetic DSA-110 correlator group.
Measurement equation (values as stored in the file, ant1/ant2 as stored in the file):
  V_p(1,2,t,nu) = G_1p(t,nu) * conj(G_2p(t,nu)) * sum_k S_k(nu) A(theta_k(t),nu) * exp(+2 pi i nu/c (r2-r1).(s_k(t)-s0)) + noise + RFI
  r: ITRF antenna position; s_k: topocentric apparent direction of source k at mid-integration, without refraction;
  s0: the meridian (HA=0 at the header's longitude) at Dec=pt_dec, in every integration.
  S_k(nu) = flux_1400 (nu/1.4 GHz)^alpha; XX=YY=I; A = (2 J1(x)/x)^2, x = pi D nu/c sin(theta), theta from s0.
  No time or bandwidth smearing. Dead inputs: alive 1e-4. Autocorrelations: SEFD added before the gains.`;

/** The path of the gain file does not depend on the group: gains are the same in the middle of every group. */
export const GAIN_FILE = "truth_gain.c64";

/** The record that becomes truth.json; names and units as the fields' names say. */
export type GroupTruth = ReturnType<typeof describeTruth>;

export function describeTruth(
  options: ResolvedSimulation,
  plan: GroupPlan,
  geometries: readonly IntegrationGeometry[],
  files: readonly string[],
) {
  const { gains, freqHz, antennas, sky, rfi } = plan;
  const timesJd = geometries.map(({ timeJd }) => timeJd);
  const middle = pointingCentre(plan.middleJd, options.ptDecRad);
  const sigmaJy = SEFD_JY / Math.sqrt(2 * plan.channelWidthHz * INTEGRATION_SEC);
  const byPol = (values: Float64Array) =>
    antennas.stationOrder.map((_, ant) => [values[2 * ant]!, values[2 * ant + 1]!]);
  const bandCentreHz = meanOf(freqHz);
  return {
    description: DESCRIPTION,
    command: options.command,
    seed: options.seed,
    group_index: plan.groupIndex,
    files,
    faults: options.faults
      .filter((fault) => (fault.groupIndex ?? plan.groupIndex) === plan.groupIndex)
      .map(({ kind, subbandIndex }) => ({ kind, subband: subbandIndex })),
    layout: {
      nant: antennas.stationOrder.length,
      nbl_incl_autos: antennas.firstIndex.length,
      nint: options.integrationCount,
      nsub: options.subbandCount,
      nchan: options.channelCount,
      npol: 2,
      channel_width_hz: plan.channelWidthHz,
      freqs_descending: true,
      freq_first_hz: freqHz[0]!,
      freq_last_hz: freqHz.at(-1)!,
      times_jd: timesJd,
      integration_time_s: INTEGRATION_SEC,
      antenna_order_stations: antennas.stationOrder,
      ant_numbers_in_file: "station-1",
      dut1_s: geometries.map(({ ut1MinusUtcSec }) => ut1MinusUtcSec),
    },
    telescope: {
      lat_deg: ARRAY_CENTRE.latitudeRad * DEG,
      lon_deg: ARRAY_CENTRE.longitudeRad * DEG,
      alt_m: ARRAY_CENTRE.altitudeM,
    },
    pt_dec_rad: options.ptDecRad,
    phase_centre_icrs_per_integration_deg: geometries.map(({ centre }) => [centre.raRad * DEG, centre.decRad * DEG]),
    mid_meridian_icrs_deg: [middle.raRad * DEG, middle.decRad * DEG],
    sefd_jy: SEFD_JY,
    noise_sigma_re_im_jy: sigmaJy * options.noiseScaleFactor,
    rfi_channels: rfi.chanIndex.map((chan) => ({ chan, freq_hz: freqHz[chan]! })),
    bad_antennas_stations: {
      dead: gains.badStations.dead,
      dead_pol_YY: gains.badStations.deadYy,
      noisy: gains.badStations.noisy,
    },
    dish_diameter_m: DISH_DIAMETER_M,
    beam: "airy power (2J1(x)/x)^2 centred on (HA=0, pt_dec), fixed to the ground",
    sources: sky.map((source, k) => {
      let beamSum = 0;
      let apparentSumJy = 0;
      for (const { separationRad } of geometries) {
        for (const freq of freqHz) {
          const beam = airyPower(separationRad[k]!, freq, DISH_DIAMETER_M);
          beamSum += beam;
          apparentSumJy += beam * sourceFluxJy(source, freq);
        }
      }
      const sampleCount = geometries.length * freqHz.length;
      return {
        name: source.name,
        ra_deg: (((source.raRad * DEG) % 360) + 360) % 360,
        dec_deg: source.decRad * DEG,
        flux_1400_jy: source.fluxJy,
        alpha: source.spectralIndex,
        flux_bandcentre_jy: sourceFluxJy(source, bandCentreHz),
        beam_time_freq_mean: beamSum / sampleCount,
        apparent_flux_mean_jy: apparentSumJy / sampleCount,
      };
    }),
    gains: {
      convention: "V_stored(ant1,ant2)=G1*conj(G2)*V_true (stored sign)",
      g_amp: byPol(gains.amplitudeFactor),
      g_phase_rad: byPol(gains.phaseRad),
      phase_rate_rad_per_s: byPol(gains.phaseRateRadPerSec),
      delay_s: byPol(gains.delaySec),
      tmid_jd: plan.middleJd,
      order: "[antenna index in antenna_order_stations][pol XX,YY]",
      alive: byPol(gains.aliveFactor),
      sefd_jy: byPol(gains.sefdJy),
      bandpass_file: GAIN_FILE,
      bandpass_shape: [antennas.stationOrder.length, 2, freqHz.length],
      bandpass_meaning:
        "G at t=tmid incl. g and alive, complex64 LE, frequency order = sb00 ch0 .. sb15 last (descending)",
    },
  };
}
