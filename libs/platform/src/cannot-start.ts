/** What the operator has to change before the process can start; the message says it and is all that is shown. */
export class CannotStart extends Error {
  override readonly name: string = 'CannotStart';
}
