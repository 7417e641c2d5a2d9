import type { ObjectName } from '#contracts/cairn/objects.js';
import type { CacheEvents } from '#contracts/panda/cache-events.js';
import type { PandaDirectoryEvents } from '#contracts/panda/configuration.js';
import type { PandaConfigurationEvents, QueueEvents } from '#contracts/panda/queues.js';
import type { UserSecretsEvents } from '#contracts/panda/secrets.js';
import type { HarvesterEvents, NodeEvents, SlotEvents } from '#contracts/panda/worker-events.js';
import { membersOf } from '#contracts/raw-json.js';
import { counted, type DescriptionsOf, listed, type Subject } from '../../timeline/description.js';
import { type ChangedValues, exactly, plainValues, rawValues } from '../../timeline/values.js';

/** Each worker of an instance of harvester is a value of its own in the timeline of the instance. */
const workerName = (id: number): string => `worker ${id}`;

const NONE: ReadonlyMap<string, string> = new Map();

const objectIn = ({ before }: Subject, name: string): object => JSON.parse(before.get(name) ?? '{}') as object;

/** Whether a timeline of an instance, or of one of its workers, is about a worker. */
const isAbout = ({ id }: Subject, harvester: string, worker: number): boolean =>
  id === harvester || id === `${harvester}/${worker}`;

const harvesterEvents: DescriptionsOf<HarvesterEvents> = {
  HarvesterSeen: {
    what: ({ harvester_id, host }) => `sent a heartbeat of harvester ${harvester_id} on ${host}`,
    sets: { worker: (data) => plainValues(data) },
  },
  WorkersReported: {
    what: ({ workers }) => `reported ${counted(workers.length, 'worker')}`,
    sets: {
      worker: ({ harvester_id: harvester, workers }, subject) => {
        const values = new Map<string, object>();
        for (const { worker_id: id, set, jobs, adds_jobs: added } of workers) {
          const name = workerName(id);
          if (!isAbout(subject, harvester, id)) continue;
          const before = values.get(name) ?? objectIn(subject, name);
          const known = 'jobs' in before && Array.isArray(before.jobs) ? (before.jobs as readonly unknown[]) : [];
          const all = jobs ?? (added && [...new Set([...known, ...added])]);
          values.set(name, { ...before, ...set, ...(all && { jobs: all }) });
        }
        return plainValues(Object.fromEntries(values));
      },
    },
  },
  PilotReported: {
    what: ({ worker_id, status }) => `reported that the pilot of worker ${worker_id} has ${status}`,
    sets: {
      worker: ({ harvester_id: harvester, worker_id, status, node_id }, subject) => {
        const name = workerName(worker_id);
        if (!isAbout(subject, harvester, worker_id)) return NONE;
        return plainValues({
          [name]: { ...objectIn(subject, name), pilot: status, ...(node_id && { nodeID: node_id }) },
        });
      },
    },
  },
  WorkersCounted: {
    what: ({ queue }) => `counted the workers of ${queue}`,
    sets: { worker: ({ queue, statistics }) => rawValues({ [`workers of ${queue}`]: statistics }) },
  },
  ServiceMeasured: { what: ({ metrics }) => `sent ${counted(metrics.length, 'measurement')} of the service` },
  DialogsAdded: {
    what: ({ dialogs }) =>
      `sent ${counted(dialogs.length, 'message')}: ${listed(dialogs.map(({ message }) => message ?? ''))}`,
  },
  CommandIssued: {
    what: ({ command, command_id }) => `ordered ${command} (command ${command_id})`,
    sets: {
      worker: ({ command, command_id, ack_requested, params }) =>
        new Map([
          [
            `command ${command}`,
            `{"command_id":${command_id},"ack_requested":${ack_requested},"params":${params || 'null'}}`,
          ],
        ]),
    },
  },
  CommandsRetrieved: {
    what: ({ command_ids: ids }) => `fetched the commands ${listed(ids)}`,
    follows: () => ['CommandIssued'],
  },
  CommandsAcknowledged: {
    what: ({ command_ids: ids }) => `acknowledged the commands ${listed(ids)}`,
    follows: () => ['CommandsRetrieved'],
  },
};

const slotsName = (share: string | null, type: string | null): string => `slots of ${share ?? 'any'}/${type ?? 'any'}`;

const queueEvents: DescriptionsOf<QueueEvents & SlotEvents & NodeEvents> = {
  QueueConfigured: {
    what: ({ queue }) => `configured the queue ${queue.name}, ${queue.status}`,
    sets: {
      // Queues are told in the timeline of their site, too.
      site: ({ queue }, { id, before }) => {
        if (queue.name !== id) return NONE;
        const known = new Map([...before].filter(([name]) => !name.startsWith('slots of ')));
        return exactly(known, membersOf(queue.document));
      },
    },
  },
  QueueRemoved: {
    what: ({ name }) => `removed the queue ${name}`,
    sets: { site: ({ name }, subject) => (name === subject.id ? exactly(subject.before) : NONE) },
  },
  SlotsTargeted: {
    what: ({ queue, slots, share, resource_type }) =>
      `asked for ${counted(slots, 'slot')} at ${queue} for ${share ?? 'any share'} and ${resource_type ?? 'any type'}`,
    sets: {
      site: ({ share, resource_type, slots, expires_micros }) =>
        plainValues({ [slotsName(share, resource_type)]: { slots, expires_micros } }),
    },
  },
  SlotsReleased: {
    what: ({ queue }) => `let the number of slots at ${queue} be free again`,
    sets: { site: ({ share, resource_type }) => new Map([[slotsName(share, resource_type), undefined]]) },
  },
  WorkerNodeSeen: {
    what: ({ node }) => `described the worker node ${node.host_name} of ${node.site}`,
    sets: {
      site: ({ node }) => plainValues({ [`node ${node.host_name}`]: node }),
      object: ({ node, queue }) => plainValues({ ...node, queue }),
    },
  },
  WorkerNodeGpuSeen: {
    what: ({ gpu }) => `described ${gpu.count} ${gpu.vendor} ${gpu.model} of the worker node ${gpu.host_name}`,
    sets: {
      site: ({ gpu }) => plainValues({ [`gpu ${gpu.model} of ${gpu.host_name}`]: gpu }),
      object: ({ gpu }) => plainValues({ [`gpu ${gpu.model}`]: gpu }),
    },
  },
};

const fromDocument = (digest: string | undefined): string =>
  digest === undefined ? '' : ", as the operator's document says";

/** The object of the timeline, if it was or is in a list that is complete. */
const oneOf = <Listed extends object>(
  list: readonly Listed[],
  nameOf: (listed: Listed) => ObjectName,
  { id, before }: Subject,
): ChangedValues | undefined => {
  const found = list.find((listed) => nameOf(listed) === id);
  if (found !== undefined) return exactly(before, plainValues(found));
  return before.size === 0 ? undefined : exactly(before);
};

const removed = (_: unknown, { before }: Subject): ChangedValues => exactly(before);

const configurationEvents: DescriptionsOf<PandaConfigurationEvents & PandaDirectoryEvents> = {
  SharesConfigured: {
    what: ({ shares, from_document: from }) => `configured ${counted(shares.length, 'share')}${fromDocument(from)}`,
    sets: { object: ({ shares }, subject) => oneOf(shares, ({ name }) => `share/${name}`, subject) },
  },
  ResourceTypesConfigured: {
    what: ({ resource_types: types, from_document: from }) =>
      `configured ${counted(types.length, 'resource type')}${fromDocument(from)}`,
    sets: {
      object: ({ resource_types: types }, subject) =>
        oneOf(types, ({ resource_name: name }) => `resource_type/${name}`, subject),
    },
  },
  RetryRulesConfigured: {
    what: ({ retry_rules: rules, from_document: from }) =>
      `configured ${counted(rules.length, 'rule')} for failed jobs${fromDocument(from)}`,
    sets: { object: ({ retry_rules: rules }, subject) => oneOf(rules, ({ name }) => `retry_rule/${name}`, subject) },
  },
  UserConfigured: {
    what: ({ user, from_document: from }) => `configured the user ${user.name}, ${user.status}${fromDocument(from)}`,
    sets: { person: ({ user }) => plainValues({ panda: user }) },
  },
  UserRemoved: {
    what: ({ name, from_document: from }) => `removed the entry of the user ${name}${fromDocument(from)}`,
    sets: { person: () => new Map([['panda', undefined]]) },
  },
  VoConfigured: {
    what: ({ vo, from_document: from }) => `configured the virtual organisation ${vo.name}${fromDocument(from)}`,
    sets: { object: ({ vo }) => plainValues(vo) },
  },
  VoRemoved: {
    what: ({ name, from_document: from }) => `removed the virtual organisation ${name}${fromDocument(from)}`,
    sets: { object: removed },
  },
  StorageConfigured: {
    what: ({ name, from_document: from }) => `configured the storage ${name}${fromDocument(from)}`,
    sets: { object: ({ document }, { before }) => exactly(before, membersOf(document)) },
  },
  StorageRemoved: {
    what: ({ name, from_document: from }) => `removed the storage ${name}${fromDocument(from)}`,
    sets: { object: removed },
  },
};

const cacheEvents: DescriptionsOf<CacheEvents & UserSecretsEvents> = {
  CacheFileStored: {
    what: ({ path, blob }) => `stored the file ${path} (${counted(blob.size, 'byte')})`,
    sets: {
      object: ({ owner, blob, registration }, { before }) =>
        exactly(before, plainValues({ owner, size: blob.size, sha256: blob.sha256, registration })),
    },
  },
  CacheFileAppended: {
    what: ({ path, blob }) => `appended ${counted(blob.size, 'byte')} to the file ${path}`,
    sets: {
      object: ({ owner, blob }, { before }) =>
        new Map([
          ...plainValues({ owner, size: Number(before.get('size') ?? 0) + blob.size }),
          ['sha256', undefined] as const,
        ]),
    },
  },
  CacheFileTouched: { what: ({ path }) => `used the file ${path}, so that it is kept longer` },
  CacheFileDeleted: { what: ({ path }) => `deleted the file ${path}`, sets: { object: removed } },
  CacheFileRegistered: {
    what: ({ registration }) => `registered the file ${registration.file_name} of ${registration.host}`,
  },
  CacheFilesExpired: {
    what: ({ paths, registrations }) =>
      `deleted ${counted(paths.length, 'file')} and ${counted(registrations.length, 'registration')} that were too old`,
    sets: { object: removed },
  },
  OperatorRequestMade: {
    what: ({ kind, user_name }) => `asked the operators for ${kind}, for ${user_name}`,
    sets: { object: ({ kind, user_name, task_id }) => plainValues({ kind, user_name, task_id }) },
  },
  UserSecretsSealed: {
    what: ({ owner, secrets_id: id }) =>
      id === null ? `deleted all secrets of ${owner}` : `sealed secrets of ${owner}`,
    sets: { person: ({ secrets_id }) => plainValues({ secrets_id }) },
  },
};

export const siteDescriptions = { ...harvesterEvents, ...queueEvents, ...configurationEvents, ...cacheEvents };
