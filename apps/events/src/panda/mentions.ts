import { EVERY } from '#contracts/cairn/objects.js';
import type { Ranges } from '#contracts/work-events.js';
import type { NewJob } from '#contracts/panda/events.js';
import type { WorkerReport } from '#contracts/panda/worker-events.js';
import { unitMentions } from '../index/engine-mentions.js';
import type { Mentioned, MentionsOf, NamedPart } from '../index/mentioned.js';

/** Numbers of workers are those of their harvester. */
const workerOf = (harvesterId: string, workerId: number): string => `${harvesterId}/${workerId}`;

function* namedJobs(units: Ranges, jobs: readonly NewJob[]): Generator<NamedPart, void, void> {
  let at = 0;
  for (const [first, last] of units) {
    for (let ordinal = first; ordinal <= last; ordinal++, at++) {
      const job = jobs[at];
      if (job !== undefined) yield { kind: 'unit', ordinal, id: `${job.panda_id}` };
    }
  }
}

const ofHarvester = ({ harvester_id: harvester }: { readonly harvester_id: string }): Mentioned => ({
  workers: [harvester],
});

const jobsOf = ({ jobs = [], adds_jobs: more = [] }: WorkerReport): readonly number[] => [...jobs, ...more];

const ofNode = ({ site, host_name: host }: { readonly site: string; readonly host_name: string }): Mentioned => ({
  objects: [`node/${site}/${host}`],
});
const ofStorage = ({ name }: { readonly name: string }): Mentioned => ({ objects: [`storage/${name}`] });
const ofFile = ({ path }: { readonly path: string }): Mentioned => ({ objects: [`cache_file/${path}`] });

const ofQueue = ({ queue }: { readonly queue: string }): Mentioned => ({ sites: [queue] });

export const mentions: MentionsOf<'panda'> = {
  ...unitMentions,
  TaskSubmitted: ({ set: { userName: user, site } }) => ({ people: [user], sites: [site] }),
  TaskAmended: ({ set: { site } }) => ({ sites: [site] }),
  CommandRegistered: ({ by }) => ({ people: [by] }),
  JobsCreated: ({ units, jobs, site, common }) => ({
    sites: [site],
    people: [common.prodUserName],
    named: namedJobs(units, jobs),
  }),
  JobsPlaced: ({ site }) => ({ sites: [site] }),
  UnitsClaimed: ({ holder, site, worker }) => ({
    people: [holder],
    sites: [site],
    workers: worker === undefined ? [] : [worker.harvester_id, workerOf(worker.harvester_id, worker.worker_id)],
  }),
  HarvesterSeen: ({ harvester_id: harvester, owner }) => ({ workers: [harvester], people: [owner] }),
  WorkersReported: ({ harvester_id: harvester, workers }) => ({
    workers: [harvester, ...workers.map((worker) => workerOf(harvester, worker.worker_id))],
    sites: workers.map(({ set }) => set.computingSite),
    units: workers.flatMap((worker) => jobsOf(worker)),
  }),
  PilotReported: ({ harvester_id: harvester, worker_id: worker }) => ({
    workers: [harvester, workerOf(harvester, worker)],
  }),
  WorkersCounted: ({ harvester_id: harvester, queue }) => ({ workers: [harvester], sites: [queue] }),
  ServiceMeasured: ofHarvester,
  DialogsAdded: ofHarvester,
  CommandIssued: ofHarvester,
  CommandsRetrieved: ofHarvester,
  CommandsAcknowledged: ofHarvester,
  QueueConfigured: ({ queue }) => ({ sites: [queue.name, queue.site] }),
  QueueRemoved: ({ name }) => ({ sites: [name] }),
  SlotsTargeted: ofQueue,
  SlotsReleased: ofQueue,
  WorkerNodeSeen: ({ node, queue }) => ({ sites: [node.site, queue], ...ofNode(node) }),
  WorkerNodeGpuSeen: ({ gpu }) => ({ sites: [gpu.site], ...ofNode(gpu) }),
  SharesConfigured: () => ({ objects: [`share/${EVERY}`] }),
  ResourceTypesConfigured: () => ({ objects: [`resource_type/${EVERY}`] }),
  RetryRulesConfigured: () => ({ objects: [`retry_rule/${EVERY}`] }),
  VoConfigured: ({ vo }) => ({ objects: [`vo/${vo.name}`] }),
  VoRemoved: ({ name }) => ({ objects: [`vo/${name}`] }),
  StorageConfigured: ofStorage,
  StorageRemoved: ofStorage,
  UserConfigured: ({ user }) => ({ people: [user.name] }),
  UserRemoved: ({ name }) => ({ people: [name] }),
  CacheFileStored: ({ owner, path }) => ({ people: [owner], ...ofFile({ path }) }),
  CacheFileAppended: ({ owner, path }) => ({ people: [owner], ...ofFile({ path }) }),
  CacheFileTouched: ofFile,
  CacheFileDeleted: ofFile,
  CacheFilesExpired: ({ paths }) => ({ objects: paths.map((path) => `cache_file/${path}` as const) }),
  CacheFileRegistered: ({ registration }) => ({ people: [registration.user_name] }),
  OperatorRequestMade: ({ task_id: task, user_name: user, request_id: id }) => ({
    ...{ workloads: [task], people: [user], objects: [`operator_request/${id}`] },
  }),
  UserSecretsSealed: ({ owner }) => ({ people: [owner] }),
};
