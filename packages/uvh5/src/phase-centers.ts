/** The phase-centre catalogue of current UVH5 versions. */
import type { Fields } from "./header-fields.ts";
import type { PhaseCenter } from "./uvh5-file.ts";

/**
 * Reads `Header/phase_center_catalog`.
 *
 * @returns entries by number; none when there is no catalogue. Versions 0.x and 1.0 name the entries and
 * keep the number in `cat_id`; later ones use the number as the name of the group.
 */
export function readPhaseCenters(header: Fields): Map<number, PhaseCenter> {
  const centers = new Map<number, PhaseCenter>();
  const catalog = header.subgroup("phase_center_catalog");
  if (catalog === null) return centers;
  for (const [key, member] of catalog.group.members) {
    if (member.kind !== "group") continue;
    const entry = catalog.subgroup(key) as Fields;
    const center = readPhaseCenter(entry, key);
    if (centers.has(center.idNumber)) entry.inconsistent("cat_id", "different numbers", center.idNumber);
    centers.set(center.idNumber, center);
  }
  return centers;
}

function readPhaseCenter(entry: Fields, key: string): PhaseCenter {
  const isNumbered = entry.find("cat_id") === null;
  const idNumber = isNumbered ? Number(key) : entry.requireNumber("cat_id");
  if (!Number.isInteger(idNumber))
    entry.inconsistent(isNumbered ? "" : "cat_id", "a whole number", isNumbered ? key : idNumber);
  const angles = (name: string): Float64Array => {
    const array = entry.find(name);
    if (array === null) return new Float64Array(0);
    const count = (array.shape ?? []).reduce((product, size) => product * size, 1);
    return entry.finiteNumbers(name, count) ?? new Float64Array(0);
  };
  const lonRad = angles("cat_lon");
  const latRad = angles("cat_lat");
  if (lonRad.length !== latRad.length)
    entry.inconsistent("cat_lat", `${lonRad.length} elements, as cat_lon`, latRad.length);
  const times = angles("cat_times");
  if (times.length !== 0 && times.length !== lonRad.length)
    entry.inconsistent("cat_times", `${lonRad.length} elements, as cat_lon`, times.length);
  const first = (name: string): number | null => angles(name)[0] ?? null;
  return {
    idNumber,
    name: isNumbered ? entry.requireString("cat_name") : (entry.string("cat_name") ?? key),
    type: entry.requireString("cat_type"),
    frame: entry.string("cat_frame"),
    epochYear: first("cat_epoch"),
    lonRad,
    latRad,
    timeJd: times.length === 0 ? null : times,
    pmRaMasPerYear: first("cat_pm_ra"),
    pmDecMasPerYear: first("cat_pm_dec"),
    distancePc: first("cat_dist"),
    radialVelocityKmPerSec: first("cat_vrad"),
  };
}
