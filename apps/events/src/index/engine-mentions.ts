import type { AccessRule } from '#contracts/access.js';
import type { ObjectName } from '#contracts/cairn/objects.js';
import type { CredentialOwner } from '#contracts/credentials.js';
import type { GroupEvents, UnitEvents } from '#contracts/work-events.js';
import type { SiteEvents, WorkerEvents } from '#contracts/worker-events.js';
import type { AccessEvents, WorkloadEvents, WorkloadSubmitted } from '#contracts/workload-events.js';
import type { CredentialEvents } from '#contracts/credential-events.js';
import type { Mentioned } from './mentioned.js';

type Mentioning<Events> = { readonly [Type in keyof Events]?: (data: Events[Type]) => Mentioned };

const usersOf = ({ read_users = [], write_users = [] }: AccessRule): readonly string[] => [
  ...read_users,
  ...write_users,
];

/** Events that all dialects share, by what they record: each dialect takes those that it has. */
export const unitMentions = {
  UnitAdded: ({ units, unit_id: id }) => ({ named: [{ kind: 'unit', ordinal: units[0]?.[0] ?? 0, id }] }),
  UnitsAdded: ({ units: [range], prefix }) => ({
    named: range ? [{ kind: 'unit', ordinal: range[0], prefix, first: 0, count: range[1] - range[0] + 1 }] : [],
  }),
  UnitsClaimed: ({ holder, site }) => ({ people: [holder], sites: [site] }),
  UnitStarted: ({ site }) => ({ sites: [site] }),
  UnitFailed: ({ site, worker_id: worker }) => ({ sites: [site], workers: [worker] }),
  UnitSucceeded: ({ site, worker_id: worker }) => ({ sites: [site], workers: [worker] }),
} as const satisfies Mentioning<UnitEvents>;

export const groupMentions = {
  GroupsAdded: ({ groups: [range], ids }) => {
    if (range === undefined) return {};
    const [ordinal, last] = range;
    if ('id' in ids) return { named: [{ kind: 'group', ordinal, id: ids.id }] };
    return { named: [{ kind: 'group', ordinal, prefix: ids.prefix, first: 0, count: last - ordinal + 1 }] };
  },
} as const satisfies Mentioning<GroupEvents>;

export const workloadMentions = {
  WorkloadSubmitted: ({ submitter, access }: Pick<WorkloadSubmitted, 'submitter' | 'access'>) => ({
    people: [submitter, ...usersOf(access)],
  }),
} as const satisfies Mentioning<WorkloadEvents>;

export const accessMentions = {
  AccessRuleSet: (rule) => ({ people: usersOf(rule) }),
} as const satisfies Mentioning<AccessEvents>;

export const workerMentions = {
  WorkerStarted: ({ worker_id: worker, holder }) => ({ workers: [worker], people: [holder] }),
  WorkerReported: ({ worker_id: worker }) => ({ workers: [worker] }),
  WorkerEnded: ({ worker_id: worker, units }) => ({ workers: [worker], units }),
  WorkerUnitsReleased: ({ worker_id: worker }) => ({ workers: [worker] }),
  SiteRegistered: ({ site_id: site, username }) => ({ sites: [site], people: [username] }),
  SiteReported: ({ site_id: site }) => ({ sites: [site] }),
} as const satisfies Mentioning<WorkerEvents & SiteEvents>;

const ofOwner = (owner: CredentialOwner): Mentioned => {
  if ('user' in owner) return { people: [owner.user] };
  return 'group' in owner ? {} : { workloads: [owner.workload_id] };
};

const credential = (id: string): ObjectName => `credential/${id}`;

export const credentialMentions = {
  CredentialStored: ({ owner, credential_id: id, replaces }) => ({
    ...ofOwner(owner),
    objects: [id, ...replaces].map(credential),
  }),
  CredentialDeleted: ({ owner, credential_id: id }) => ({ ...ofOwner(owner), objects: [credential(id)] }),
} as const satisfies Mentioning<CredentialEvents>;
