import { DomainError } from '#platform/domain-error.js';
import { kindOf, membersOf } from '#contracts/raw-json.js';

/** Additional equality filters of a claim (contract 7.6). */
export interface ClaimFilters {
  readonly dataset?: string;
  readonly site?: string;
  readonly instance?: string;
  readonly priority?: number;
  /** Site that the requirements of the task must name. Raw JSON. */
  readonly requiredSite?: string;
  /** A filter that no task can match, such as a number for `dataset_id`. */
  readonly impossible: boolean;
}

const ALLOWED = ['dataset_id', 'site', 'instance_id', 'priority', 'requirements.site'] as const;
type Param = (typeof ALLOWED)[number];

const isAllowed = (name: string): name is Param => (ALLOWED as readonly string[]).includes(name);

const refused = (name: string): DomainError =>
  new DomainError('invalid', 'claim.param-not-allowed', `param ${name} is not allowed`);

const filterOf = (name: Param, value: unknown): Partial<ClaimFilters> => {
  if (name === 'requirements.site') return { requiredSite: JSON.stringify(value) };
  if (name === 'priority') return typeof value === 'number' ? { priority: value } : { impossible: true };
  if (typeof value !== 'string') return { impossible: true };
  switch (name) {
    case 'dataset_id':
      return { dataset: value };
    case 'site':
      return { site: value };
    case 'instance_id':
      return { instance: value };
  }
};

/** @param params raw JSON of an object */
export const readQueryParams = (params: string): ClaimFilters | DomainError => {
  let filters: ClaimFilters = { impossible: false };
  for (const [name, raw] of membersOf(params)) {
    const kind = kindOf(raw);
    if (!isAllowed(name) || kind === 'object' || kind === 'array') return refused(name);
    filters = { ...filters, ...filterOf(name, JSON.parse(raw)) };
  }
  return filters;
};
