/**
 * Why a broker did not start, where the host branches on it.
 *
 * @module
 */

/** Another process serves this data folder. */
export class DataLockedError extends Error {
  override readonly name = "DataLockedError";
  readonly folder: string;

  constructor(folder: string) {
    super(`Cannot open the data folder '${folder}': another process holds it`);
    this.folder = folder;
  }
}

/** Another process listens there. */
export class PortInUseError extends Error {
  override readonly name = "PortInUseError";
  readonly address: string;

  constructor(address: string, cause?: unknown) {
    super(`Cannot listen on ${address}: the port is in use`, { cause });
    this.address = address;
  }
}

/** The data folder is not one that this version can serve. */
export class DataFormatError extends Error {
  override readonly name = "DataFormatError";
}
