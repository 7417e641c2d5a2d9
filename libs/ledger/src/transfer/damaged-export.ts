import { TransferError } from './transfer-error.js';

/** An export is not what was written, or not whole. */
export class DamagedExport extends TransferError {
  override readonly name = 'DamagedExport';

  constructor(
    readonly file: string,
    /** The first line that does not fit; 1 is the header. */
    readonly line: number,
    reason: string,
    cause?: unknown,
  ) {
    super(`${file}, line ${line}: ${reason}`, { cause });
  }
}
