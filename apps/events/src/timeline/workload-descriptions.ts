import type { AccessRule } from '#contracts/access.js';
import type { AccessEvents, WorkloadEvents } from '#contracts/workload-events.js';
import { because, type DescriptionsOf, listed } from './description.js';
import { joined, plainValues } from './values.js';

const LISTS = ['read_groups', 'write_groups', 'read_users', 'write_users'] as const;

/** The lists that a rule has, each a value; the others stay as they were. */
const listsOf = (rule: AccessRule): Map<string, string> =>
  plainValues(Object.fromEntries(LISTS.map((list) => [list, rule[list]])));

const ruleText = (rule: AccessRule): string =>
  LISTS.flatMap((list) => (rule[list] === undefined ? [] : `${list} ${listed(rule[list])}`)).join('; ');

/**
 * Meanings of the events of workloads.
 *
 * @param id what the dialect's documents call the id
 */
export const workloadDescriptions = (id: string): DescriptionsOf<WorkloadEvents> => ({
  WorkloadSubmitted: {
    what: ({ workload_id, submitter }, { nouns }) => `submitted the ${nouns.workload} ${workload_id} for ${submitter}`,
    sets: {
      workload: ({ workload_id, access, ...rest }) =>
        joined(plainValues({ [id]: workload_id, ...rest, submitter: undefined }), listsOf(access)),
      access: ({ access }) => listsOf(access),
    },
  },
  WorkloadMoved: {
    what: ({ status, forced, reason }, { nouns }) =>
      `set the ${nouns.workload} to ${status}${forced ? ', though its status did not allow it' : ''}${because(reason)}`,
    sets: { workload: ({ status }) => plainValues({ status }) },
  },
  WorkloadPrioritized: {
    what: ({ priority }, { nouns }) => `gave the ${nouns.workload} the priority ${priority}`,
    sets: { workload: ({ priority }) => plainValues({ priority }) },
  },
});

export const accessDescriptions: DescriptionsOf<AccessEvents> = {
  AccessRuleSet: {
    what: (rule) => `set who has access: ${ruleText(rule) || 'no list'}`,
    sets: { access: listsOf, workload: listsOf },
  },
};
