/** Days of the Gregorian calendar. */

/** MJD at 0 h of a date; the month counts from 1, and days past the end of a month run on. */
export function mjdOfDate(yearNumber: number, monthNumber: number, dayNumber: number): number {
  // Years from March, so that the leap day is the last of its year; 306 days from 1 March to the year's end.
  const shifted = monthNumber > 2 ? yearNumber : yearNumber - 1;
  const monthFromMarch = (monthNumber + 9) % 12;
  const dayOfYear = Math.floor((153 * monthFromMarch + 2) / 5) + dayNumber - 1;
  const days = 365 * shifted + Math.floor(shifted / 4) - Math.floor(shifted / 100) + Math.floor(shifted / 400);
  return days + dayOfYear - 678_881;
}

/** Year, month from 1 and day of month on which a whole MJD begins. */
export function dateOfMjd(mjd: number): {
  readonly yearNumber: number;
  readonly monthNumber: number;
  readonly dayNumber: number;
} {
  const days = mjd + 678_881;
  const era = Math.floor(days / 146_097);
  const dayOfEra = days - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const dayNumber = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const monthNumber = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return { yearNumber: era * 400 + yearOfEra + (monthNumber <= 2 ? 1 : 0), monthNumber, dayNumber };
}
