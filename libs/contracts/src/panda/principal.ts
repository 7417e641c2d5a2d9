/**
 * Who makes a request, in PanDA's terms (contract 2.2): made by the gateway from a token or from the headers of a trusted proxy, and sent along
 * where an answer depends on it.
 */
export interface Principal {
  /** The raw distinguished name, of a certificate or made from a token. */
  readonly dn: string;
  /** The compact user name (contract 2.3), which tasks, jobs, secrets and cache files name as their owner. */
  readonly name: string;
  readonly fqans: readonly string[];
  /** The production role (contract 2.4). */
  readonly isProduction: boolean;
  /** Whether a role of the VO's `pilot_groups` is held, which is enough for pilots, events and harvester (contract 2.4). */
  readonly isPilot: boolean;
  /** `wg` and `gr_wg` of each group role (contract 2.4). */
  readonly workingGroups: readonly string[];
  /** Null when no group role is held. */
  readonly primaryWorkingGroup: string | null;
}
