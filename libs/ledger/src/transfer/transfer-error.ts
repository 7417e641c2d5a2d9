/** An export or import cannot be done. The message says why. */
export class TransferError extends Error {
  override readonly name: string = 'TransferError';
}
