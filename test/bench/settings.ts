/** How the bench was asked to run. */
export interface Settings {
  /** Length of a round. */
  readonly seconds: number;
  /** Variables of the processes of Cairn. */
  readonly environment: Readonly<Record<string, string>>;
  /** The server that is measured beside the SQLite ledger. */
  readonly eventStoreUrl?: string | undefined;
}
