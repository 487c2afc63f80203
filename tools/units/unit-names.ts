/** Unit suffixes. A rate is two of them with `Per` between: `MPerSec`, `JyPerBeam`. */
const UNITS = words(`
  Hz MHz GHz M Km Pc Lambda Px
  Rad Deg Arcsec Mas Turns Hours
  Jy Beam K Pa Hpa Celsius Db Percent
  Sec Ms Us Ns Day Days Year Years Century Centuries Mjd Jd
  Bytes Bits
`);

/** Last words of names of numbers that have no unit. */
const UNITLESS = words(`
  Count Counts Index Indices Id Ids Number Numbers Code Codes Version Order Seed
  Fraction Ratio Sigma Snr Weight Weights Factor Gain Gains Flag Flags Mask
  Token Tokens Locker Lockers Port
  Shape Stride Axis Axes Matrix Product Subband Subbands Polarization Polarizations
`);

/** Whole names of numbers that have no unit, or whose unit is that of the data they stand for. */
const UNITLESS_NAMES = new Set(
  words(`
    row chan spw pol re im snr elements data value values out vis flags weights samples nsamples mask gains
    shape stride matrix bytes length ndim option status conjugate
    byteLength bscale bzero blank nullValue referenceValue uint8 int8 int16 uint16 int32 uint32 int64 uint64 float32 float64
    lowValue highValue minValue maxValue meanValue medianValue deviationValue robustDeviationValue
    ant1 ant2 antenna1 antenna2 corrType corrTypes spwArray
  `),
);

/** Where one thing of a list is found: `rowStart`, `startByte`, `dataStartByte`, `spwOfChan`, `flexSpwIdArray`, `nsamplesUniform`. */
const PLACES =
  /(row|chan|blt|spw|cell|piece)(Start|End)$|^(start|end)(Byte|Row|Chan)$|[a-z](Start|End)Byte$|^(spw|field|centre|ant)Of[A-Z][a-z]+$|IdArray$|^nsamples[A-Z]/i;

/** Which of two sides a number is of; the word before it must say the unit. */
const SIDES = /(In|Out|Swapped)+$/;

const unit = `(?:${UNITS.join("|")})`;
const ENDS_IN_UNIT = new RegExp(`(?:[a-z0-9]|^[A-Z]?)${unit}(?:(?:Per)?${unit})*$|[a-z]Per${unit}$`);
const ENDS_UNITLESS = new RegExp(`(?:[a-z0-9]|^)(?:${UNITLESS.join("|")})$`);

/**
 * Whether the name of a number says its unit or that it has none: `freqHz`, `VELOCITY_M_PER_SEC`, `rowCount`, `nAntennas`.
 *
 * @param sidedName  camelCase, or UPPER_SNAKE for a constant
 */
export function isNamedWithUnit(sidedName: string): boolean {
  const name = sidedName.replace(SIDES, "");
  if (name.length === 1 || UNITLESS_NAMES.has(name) || /^n[A-Z]/.test(name) || PLACES.test(name)) return true;
  return saysUnit(name) || ENDS_UNITLESS.test(capitalized(name));
}

/** Whether a name ends in a unit, such as that of a record whose members all have it: `timingsSec.load`. */
export function saysUnit(name: string): boolean {
  return ENDS_IN_UNIT.test(capitalized(name));
}

function capitalized(name: string): string {
  return /^[A-Z0-9_]+$/.test(name) ? camelOfSnake(name) : name.charAt(0).toUpperCase() + name.slice(1);
}

function camelOfSnake(name: string): string {
  const words = name.toLowerCase().split("_");
  return words.map((word) => (word === "mhz" ? "MHz" : word.charAt(0).toUpperCase() + word.slice(1))).join("");
}

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}
