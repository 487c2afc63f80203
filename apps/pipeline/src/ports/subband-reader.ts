import type { SubbandProbe } from "../domain/group.ts";
import type { SubbandHeader } from "../domain/subband-header.ts";

/** Reads what a subband file says of itself. */
export interface SubbandReader {
  /**
   * A look that costs milliseconds: is the file whole, and which observation is it of?
   * @throws PipelineError UVH5_* when the file cannot be used as it is, INPUT_UNREADABLE when it cannot be opened
   */
  probe(path: string): SubbandProbe;
  /** The whole header. @throws PipelineError as {@link SubbandReader.probe} does */
  readHeader(path: string): SubbandHeader;
}
