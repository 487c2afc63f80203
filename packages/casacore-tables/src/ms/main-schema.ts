/**
 * Columns of the MAIN table: names, comments, units and measures of the Measurement Set definition, version 2, as casacore
 * has them. casacore leaves the number of axes of optional data columns open; here they have the two of every real one.
 */
import { column, type SchemaColumn } from "./schema-column.ts";

/** Required columns first, in casacore's order. */
export const mainSchema: readonly SchemaColumn[] = [
  column("UVW", "double", "Vector with uvw coordinates (in meters)", {
    shape: [3],
    units: "m m m",
    measure: ["uvw", "ITRF"],
  }),
  column("FLAG", "bool", "The data flags, array of bools with same shape as data", { ndim: 2 }),
  column("FLAG_CATEGORY", "bool", "The flag category, NUM_CAT flags for each datum", {
    ndim: 3,
    nameLists: ["CATEGORY"],
  }),
  column("WEIGHT", "float", "Weight for each polarization spectrum", { ndim: 1 }),
  column("SIGMA", "float", "Estimated rms noise for channel with unity bandpass response", { ndim: 1 }),
  column("ANTENNA1", "int", "ID of first antenna in interferometer"),
  column("ANTENNA2", "int", "ID of second antenna in interferometer"),
  column("ARRAY_ID", "int", "ID of array or subarray"),
  column("DATA_DESC_ID", "int", "The data description table index"),
  column("EXPOSURE", "double", "The effective integration time", { units: "s" }),
  column("FEED1", "int", "The feed index for ANTENNA1"),
  column("FEED2", "int", "The feed index for ANTENNA2"),
  column("FIELD_ID", "int", "Unique id for this pointing"),
  column("FLAG_ROW", "bool", "Row flag - flag all data in this row if True"),
  column("INTERVAL", "double", "The sampling interval", { units: "s" }),
  column("OBSERVATION_ID", "int", "ID for this observation, index in OBSERVATION table"),
  column("PROCESSOR_ID", "int", "Id for backend processor, index in PROCESSOR table"),
  column("SCAN_NUMBER", "int", "Sequential scan number from on-line system"),
  column("STATE_ID", "int", "ID for this observing state"),
  column("TIME", "double", "Modified Julian Day", { units: "s", measure: ["epoch", "UTC"] }),
  column("TIME_CENTROID", "double", "Modified Julian Day", { units: "s", measure: ["epoch", "UTC"] }),
  column("ANTENNA3", "int", "ID of third antenna in interferometer", { isOptional: true }),
  column("BASELINE_REF", "bool", "Reference antenna for this baseline, True for ANTENNA1", { isOptional: true }),
  column("CORRECTED_DATA", "complex", "The corrected data column", { ndim: 2, isOptional: true }),
  column("DATA", "complex", "The data column", { ndim: 2, isOptional: true }),
  column("FEED3", "int", "The feed index for ANTENNA3", { isOptional: true }),
  column("FLOAT_DATA", "float", "Floating point data - for single dish", { ndim: 2, isOptional: true }),
  column("IMAGING_WEIGHT", "float", "Weight set by imaging task (e.g. uniform weighting)", {
    ndim: 1,
    isOptional: true,
  }),
  column("LAG_DATA", "complex", "The lag data column", { ndim: 2, isOptional: true }),
  column("MODEL_DATA", "complex", "The model data column", { ndim: 2, isOptional: true }),
  column("PHASE_ID", "int", "Id for phase switching", { isOptional: true }),
  column("PULSAR_BIN", "int", "Pulsar pulse-phase bin for this DATA", { isOptional: true }),
  column("PULSAR_GATE_ID", "int", "ID for this gate, index into PULSAR_GATE table", { isOptional: true }),
  column("SIGMA_SPECTRUM", "float", "Estimated rms noise for each data point", { ndim: 2, isOptional: true }),
  column("TIME_EXTRA_PREC", "double", "Additional precision for TIME", { units: "s", isOptional: true }),
  column("UVW2", "double", "uvw coordinates for second pair of triple corr product", {
    ndim: -1,
    units: "m m m",
    measure: ["uvw", "ITRF"],
    isOptional: true,
  }),
  column("VIDEO_POINT", "complex", "zero frequency point, needed for transform to lag", { ndim: -1, isOptional: true }),
  column("WEIGHT_SPECTRUM", "float", "Weight for each data point", { ndim: 2, isOptional: true }),
  column("CORRECTED_WEIGHT_SPECTRUM", "float", "Weight for each corrected data point", { ndim: 2, isOptional: true }),
];
