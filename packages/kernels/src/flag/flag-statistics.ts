/** How much is flagged, by antenna, channel, correlation and baseline. */
import { checkBlock, type VisibilityBlock } from "./visibility-block.ts";

/** Sums over all blocks added. Each array of flagged samples has one of all samples beside it. */
export interface FlagStatistics {
  readonly antennaCount: number;
  /** A row counts for both of its antennas, once for an autocorrelation. */
  readonly flaggedByAntenna: Float64Array;
  readonly samplesByAntenna: Float64Array;
  readonly flaggedByChannel: Float64Array;
  readonly samplesByChannel: Float64Array;
  readonly flaggedByCorrelation: Float64Array;
  readonly samplesByCorrelation: Float64Array;
  /** At `min × antennaCount + max` of the two antennas. */
  readonly flaggedByBaseline: Float64Array;
  readonly samplesByBaseline: Float64Array;
}

export function createFlagStatistics(
  antennaCount: number,
  channelCount: number,
  correlationCount: number,
): FlagStatistics {
  return {
    antennaCount,
    flaggedByAntenna: new Float64Array(antennaCount),
    samplesByAntenna: new Float64Array(antennaCount),
    flaggedByChannel: new Float64Array(channelCount),
    samplesByChannel: new Float64Array(channelCount),
    flaggedByCorrelation: new Float64Array(correlationCount),
    samplesByCorrelation: new Float64Array(correlationCount),
    flaggedByBaseline: new Float64Array(antennaCount * antennaCount),
    samplesByBaseline: new Float64Array(antennaCount * antennaCount),
  };
}

/**
 * Adds the flags of a block.
 *
 * @throws RangeError when the block has other channels or correlations than the statistics, or an antenna beyond them.
 */
export function addFlagStatistics(
  statistics: FlagStatistics,
  block: VisibilityBlock,
  ant1: Int32Array,
  ant2: Int32Array,
): void {
  checkBlock(block);
  const { flags, rowCount, channelCount, correlationCount } = block;
  const { antennaCount, flaggedByChannel, flaggedByCorrelation } = statistics;
  if (flaggedByChannel.length !== channelCount || flaggedByCorrelation.length !== correlationCount) {
    throw new RangeError(
      `flag statistics: expected ${flaggedByChannel.length} channels of ${flaggedByCorrelation.length} correlations, ` +
        `found ${channelCount} of ${correlationCount}`,
    );
  }
  for (let row = 0, at = 0; row < rowCount; row++) {
    const one = Math.min(ant1[row], ant2[row]);
    const other = Math.max(ant1[row], ant2[row]);
    if (one < 0 || other >= antennaCount) {
      throw new RangeError(`flag statistics: expected antennas 0 to ${antennaCount - 1}, found ${one} and ${other}`);
    }
    let rowFlagged = 0;
    for (let channel = 0; channel < channelCount; channel++) {
      for (let correlation = 0; correlation < correlationCount; correlation++, at++) {
        if (flags[at] === 0) continue;
        rowFlagged++;
        flaggedByChannel[channel]++;
        flaggedByCorrelation[correlation]++;
      }
    }
    const rowSamples = channelCount * correlationCount;
    statistics.flaggedByAntenna[one] += rowFlagged;
    statistics.samplesByAntenna[one] += rowSamples;
    if (one !== other) {
      statistics.flaggedByAntenna[other] += rowFlagged;
      statistics.samplesByAntenna[other] += rowSamples;
    }
    statistics.flaggedByBaseline[one * antennaCount + other] += rowFlagged;
    statistics.samplesByBaseline[one * antennaCount + other] += rowSamples;
  }
  for (let channel = 0; channel < channelCount; channel++) {
    statistics.samplesByChannel[channel] += rowCount * correlationCount;
  }
  for (let correlation = 0; correlation < correlationCount; correlation++) {
    statistics.samplesByCorrelation[correlation] += rowCount * channelCount;
  }
}
