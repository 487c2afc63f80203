/** The subtables of a Measurement Set, from a conversion plan. SI units and radians, as the standard's columns have them. */

import type { ShapedCell, SubtableRow } from "@contimg/casacore-tables";
import { geodeticToGeocentricM } from "@contimg/sky";
import type { ConversionPlan } from "../../../domain/conversion-plan.ts";

type Rows = readonly SubtableRow[];

/** MEAS_FREQ_REF of frequencies as the telescope on the ground sees them. */
const TOPOCENTRIC = 5;

const matrix = (rows: number, columns: number, data: readonly number[] | Float64Array): ShapedCell => ({
  shape: [rows, columns],
  data,
});

/** Positions of antennas, ITRF from the Earth's centre; row-major [antenna, 3]. */
export function antennaItrfM(plan: Pick<ConversionPlan, "site" | "antennas">): Float64Array {
  const { latitudeRad, longitudeRad, altitudeM } = plan.site;
  const centreM = geodeticToGeocentricM(latitudeRad, longitudeRad, altitudeM);
  return plan.antennas.positionsM.map((offsetM, k) => offsetM + centreM[k % 3]!);
}

function antennaRows(plan: ConversionPlan): Rows {
  const positionsM = antennaItrfM(plan);
  return plan.antennas.names.map((name, antenna) => ({
    NAME: name,
    STATION: name,
    TYPE: "GROUND-BASED",
    MOUNT: "ALT-AZ",
    POSITION: positionsM.subarray(3 * antenna, 3 * antenna + 3),
    OFFSET: [0, 0, 0],
    DISH_DIAMETER: plan.antennas.diametersM[antenna]!,
    FLAG_ROW: false,
  }));
}

function feedRows(plan: ConversionPlan): Rows {
  return plan.antennas.names.map((_name, antenna) => ({
    ANTENNA_ID: antenna,
    FEED_ID: 0,
    SPECTRAL_WINDOW_ID: -1,
    TIME: (plan.startMjdSec + plan.endMjdSec) / 2,
    INTERVAL: plan.endMjdSec - plan.startMjdSec,
    NUM_RECEPTORS: 2,
    BEAM_ID: -1,
    BEAM_OFFSET: matrix(2, 2, [0, 0, 0, 0]),
    POLARIZATION_TYPE: [...plan.polarization.receptorNames],
    POL_RESPONSE: { shape: [2, 2], data: Float32Array.of(1, 0, 0, 0, 0, 0, 1, 0) },
    POSITION: [0, 0, 0],
    RECEPTOR_ANGLE: [0, 0],
  }));
}

function fieldRows(plan: ConversionPlan): Rows {
  return plan.fields.map((field, fieldId) => {
    const direction = matrix(2, 1, [field.raRad, field.decRad]);
    return {
      NAME: field.name,
      CODE: "",
      TIME: field.timeMjdSec,
      NUM_POLY: 0,
      DELAY_DIR: direction,
      PHASE_DIR: direction,
      REFERENCE_DIR: direction,
      SOURCE_ID: fieldId,
      FLAG_ROW: false,
    };
  });
}

function sourceRows(plan: ConversionPlan): Rows {
  return plan.fields.map((field, sourceId) => ({
    SOURCE_ID: sourceId,
    TIME: (plan.startMjdSec + plan.endMjdSec) / 2,
    INTERVAL: plan.endMjdSec - plan.startMjdSec,
    SPECTRAL_WINDOW_ID: -1,
    NUM_LINES: 0,
    NAME: field.name,
    CALIBRATION_GROUP: 0,
    CODE: "",
    DIRECTION: [field.raRad, field.decRad],
    PROPER_MOTION: [0, 0],
  }));
}

function spectralWindowRows(plan: ConversionPlan): Rows {
  return plan.spws.map((spw) => {
    const widthHz = spw.channelWidthHz;
    return {
      NUM_CHAN: spw.freqHz.length,
      NAME: spw.name,
      REF_FREQUENCY: spw.freqHz[0]!,
      CHAN_FREQ: spw.freqHz,
      CHAN_WIDTH: widthHz,
      EFFECTIVE_BW: widthHz,
      RESOLUTION: widthHz,
      TOTAL_BANDWIDTH: widthHz.reduce((sum, width) => sum + width, 0),
      MEAS_FREQ_REF: TOPOCENTRIC,
      NET_SIDEBAND: 1,
      IF_CONV_CHAIN: 0,
      FREQ_GROUP: 0,
      FREQ_GROUP_NAME: "",
      FLAG_ROW: false,
    };
  });
}

function historyRows(plan: ConversionPlan, writtenMjdSec: number): Rows {
  return plan.history.map((message) => ({
    TIME: writtenMjdSec,
    OBSERVATION_ID: 0,
    MESSAGE: message,
    PRIORITY: "NORMAL",
    ORIGIN: "contimg convert",
    OBJECT_ID: 0,
    APPLICATION: "contimg",
    CLI_COMMAND: [""],
    APP_PARAMS: [""],
  }));
}

/** @param writtenMjdSec when the conversion ran: the time of the HISTORY rows */
export function subtablesOf(plan: ConversionPlan, writtenMjdSec: number): Readonly<Record<string, Rows>> {
  const { polarization } = plan;
  return {
    ANTENNA: antennaRows(plan),
    DATA_DESCRIPTION: plan.spws.map((_spw, spwId) => ({
      SPECTRAL_WINDOW_ID: spwId,
      POLARIZATION_ID: 0,
      FLAG_ROW: false,
    })),
    FEED: feedRows(plan),
    FIELD: fieldRows(plan),
    HISTORY: historyRows(plan, writtenMjdSec),
    OBSERVATION: [
      {
        TELESCOPE_NAME: plan.telescopeName,
        TIME_RANGE: [plan.startMjdSec, plan.endMjdSec],
        OBSERVER: plan.telescopeName,
        LOG: [""],
        SCHEDULE_TYPE: "",
        SCHEDULE: [""],
        PROJECT: plan.objectName,
        RELEASE_DATE: plan.endMjdSec,
        FLAG_ROW: false,
      },
    ],
    POLARIZATION: [
      {
        NUM_CORR: polarization.corrTypes.length,
        CORR_TYPE: [...polarization.corrTypes],
        CORR_PRODUCT: matrix(2, polarization.corrTypes.length, polarization.corrProduct),
        FLAG_ROW: false,
      },
    ],
    PROCESSOR: [{ TYPE: "CORRELATOR", SUB_TYPE: plan.instrument, TYPE_ID: -1, MODE_ID: -1, FLAG_ROW: false }],
    SOURCE: sourceRows(plan),
    SPECTRAL_WINDOW: spectralWindowRows(plan),
    STATE: [
      { SIG: true, REF: false, CAL: 0, LOAD: 0, SUB_SCAN: 0, OBS_MODE: "OBSERVE_TARGET#UNSPECIFIED", FLAG_ROW: false },
    ],
  };
}
