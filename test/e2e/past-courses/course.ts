import type { HttpClient } from '../../harness/http-client.js';
import type { Random } from '../../chaos/random.js';

/** A workload that changes at random. */
export interface Course {
  /** Its id in its dialect. */
  readonly workload: string;
  /** Path of the document of the workload, as clients of the dialect ask for it. */
  readonly document: string;
  /** Ids of its units so far. */
  readonly units: readonly string[];
  documentOfUnit(unit: string): string;
  /** Of lists and counts of its units, as they are now. */
  readonly lists: readonly string[];
  /** The bytes of an answer. */
  read(path: string): Promise<string>;
  /** Some of the changes are refused. */
  change(random: Random): Promise<unknown>;
}

export const textOf = async (client: HttpClient, path: string): Promise<string> =>
  (await client.send('GET', path)).text;
