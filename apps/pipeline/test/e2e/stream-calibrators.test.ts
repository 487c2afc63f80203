/** Where groups go that hold a calibrator, and what the queue knows of them. */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { readEarthOrientation } from "../../src/adapters/fs/earth-orientation.ts";
import { uvh5SubbandReader } from "../../src/adapters/fs/subband-reader.ts";
import { catalogStore } from "../../src/adapters/sqlite/catalog-store.ts";
import { organisedMsPath } from "../../src/domain/measurement-set.ts";
import { driftWindowOf } from "../../src/services/find-calibrators.ts";
import { middleOfDrift } from "../../src/stages/calibrate/calibrators-in-group.ts";
import { addGroup, runStreamUntil, type StreamPlace, streamPlace } from "./stream-group.ts";

const DEG = Math.PI / 180;

function row(place: StreamPlace, groupId: string) {
  const database = new DatabaseSync(place.setup.queuePath);
  try {
    return database
      .prepare("SELECT state, has_calibrator, calibrators, ms_path FROM ingest_queue WHERE group_id = ?")
      .get(groupId) as { state: string; has_calibrator: number | null; calibrators: string | null; ms_path: string };
  } finally {
    database.close();
  }
}

/** A catalogue of one calibrator, so far east of the middle of the group. */
function makeCatalog(place: StreamPlace, name: string, eastDeg: number): string {
  const file = readdirSync(place.setup.incomingDir).find((one) => one.endsWith(".hdf5"))!;
  const window = driftWindowOf(uvh5SubbandReader.readHeader(join(place.setup.incomingDir, file)))!;
  const centre = middleOfDrift(window, readEarthOrientation({ finalsPath: null, leapSecondsPath: null }));
  const path = join(place.root, `${name}.sqlite3`);
  const build = catalogStore.buildCalibrators(path);
  build.add([
    {
      name,
      raDeg: centre.raRad / DEG + eastDeg / Math.cos(centre.decRad),
      decDeg: centre.decRad / DEG,
      positionCode: "A",
      b1950Name: "",
      altName: null,
      bands: [
        {
          wavelength: "20cm",
          bandCode: "L",
          qualities: ["P", "P", "P", "P"],
          fluxJy: 8,
          uvMinKLambda: null,
          uvMaxKLambda: null,
        },
      ],
    },
  ]);
  build.finish({ inputs: [], builtUnixSec: 0, software: "test" });
  return path;
}

const withCatalog = (place: StreamPlace, calibratorCatalogPath: string): StreamPlace => ({
  ...place,
  setup: { ...place.setup, chain: { ...place.setup.chain, calibratorCatalogPath } },
});

test.each([
  ["in the middle", 0, "calibrators"],
  ["in the beam beside it", 0.5, "science"],
] as const)("a calibrator %s is recorded, and its group goes where it belongs", async (_where, eastDeg, msClass) => {
  const bare = streamPlace();
  const groupId = addGroup(bare);
  const place = withCatalog(bare, makeCatalog(bare, "1148+545", eastDeg));
  await runStreamUntil(place, () => row(place, groupId).state === "completed");
  const { has_calibrator, calibrators, ms_path } = row(place, groupId);
  expect(has_calibrator).toBe(1);
  const [found] = JSON.parse(calibrators!) as { name: string; sep_deg: number; weighted_flux: number }[];
  expect(found).toMatchObject({ name: "1148+545" });
  expect(found!.sep_deg).toBeCloseTo(eastDeg, 2);
  expect(found!.weighted_flux).toBeGreaterThan(eastDeg === 0 ? 7.9 : 5);
  expect(ms_path).toBe(organisedMsPath(place.setup.chain.outputDir, msClass, groupId));
});

test("without a catalogue nothing is said of calibrators", async () => {
  const place = streamPlace();
  const groupId = addGroup(place);
  await runStreamUntil(place, () => row(place, groupId).state === "completed");
  expect(row(place, groupId)).toMatchObject({ has_calibrator: null, calibrators: null });
});

test("a group that is done again under another catalogue stays where it is", async () => {
  const place = streamPlace();
  const groupId = addGroup(place);
  await runStreamUntil(place, () => row(place, groupId).state === "completed");
  const later = withCatalog(place, makeCatalog(place, "1148+545", 0));
  const queue = place.queue();
  expect(queue.requeue(groupId)).toBe(true);
  queue.close();
  await runStreamUntil(later, () => row(place, groupId).state === "completed");
  expect(row(place, groupId)).toMatchObject({
    has_calibrator: 1,
    ms_path: organisedMsPath(place.setup.chain.outputDir, "science", groupId),
  });
  expect(readdirSync(join(place.setup.chain.outputDir))).toEqual(["science"]);
});
