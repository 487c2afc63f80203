/** Moving a finished table from its staging directory to its final name. */

export interface PublishOptions {
  /** Brings the table and both directories to disk around the rename. Default true. */
  readonly isDurable?: boolean;
}
