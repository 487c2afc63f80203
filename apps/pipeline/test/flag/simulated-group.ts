/** Simulated groups as blocks of visibilities: the files of a directory side by side in frequency, highest first. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { VisibilityBlock } from "@contimg/kernels/flag";
import { openUvh5 } from "@contimg/uvh5/node";

export interface SimulatedGroup {
  readonly block: VisibilityBlock;
  /** Antenna numbers as stored, per row. */
  readonly ant1: Int32Array;
  readonly ant2: Int32Array;
  readonly timeCount: number;
  readonly subbandChannelCount: number;
  readonly rfiChannels: readonly number[];
  /** Station numbers: antenna number + 1. */
  readonly badStations: {
    readonly dead: readonly number[];
    readonly dead_pol_YY: readonly number[];
    readonly noisy: readonly number[];
  };
}

interface Truth {
  readonly files: readonly string[];
  readonly layout: { readonly nint: number; readonly nchan: number };
  readonly rfi_channels: readonly { readonly chan: number }[];
  readonly bad_antennas_stations: SimulatedGroup["badStations"];
}

export function readSimulatedGroup(directory: string): SimulatedGroup {
  const truth = JSON.parse(readFileSync(join(directory, "truth.json"), "utf8")) as Truth;
  const names = readdirSync(directory)
    .filter((name) => /_sb\d\d\.hdf5$/.test(name))
    .sort();
  const { nchan } = truth.layout;
  const channelCount = names.length * nchan;
  let group: SimulatedGroup | undefined;
  for (const [subband, name] of names.entries()) {
    using file = openUvh5(join(directory, name));
    const { bltCount, polarizationCount, ant1, ant2 } = file.header;
    group ??= {
      block: {
        vis: new Float32Array(2 * bltCount * channelCount * polarizationCount),
        flags: new Uint8Array(bltCount * channelCount * polarizationCount),
        rowCount: bltCount,
        channelCount,
        correlationCount: polarizationCount,
      },
      ant1: Int32Array.from(ant1),
      ant2: Int32Array.from(ant2),
      timeCount: truth.layout.nint,
      subbandChannelCount: nchan,
      rfiChannels: truth.rfi_channels.map(({ chan }) => chan),
      badStations: truth.bad_antennas_stations,
    };
    const part = 2 * nchan * polarizationCount;
    const vis = new Float32Array(bltCount * part);
    const flags = new Uint8Array(vis.length / 2);
    file.readRows({ bltStart: 0, bltEnd: bltCount }, { vis, flags, nsamples: new Float32Array(flags.length) });
    for (let row = 0; row < bltCount; row++) {
      const to = (row * names.length + subband) * part;
      group.block.vis.set(vis.subarray(row * part, (row + 1) * part), to);
    }
  }
  if (group === undefined) throw new Error(`${directory}: no subband files`);
  return group;
}
