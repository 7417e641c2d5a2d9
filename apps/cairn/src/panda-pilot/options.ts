/** What a pilot for PanDA is told on its command line. */
export interface PandaOptions {
  /** `computingSite` of the jobs that it takes. */
  readonly queue: string;
  /** `prod_source_label` that it asks for (PanDA contract 4.2.2). */
  readonly label: string;
  readonly offer: { readonly memoryMb: number; readonly diskMb: number; readonly seconds: number };
  readonly workdir: string;
  /** Folder in which outputs are kept. */
  readonly outputs: string;
  readonly heartbeatMs: number;
  readonly keep: boolean;
}
