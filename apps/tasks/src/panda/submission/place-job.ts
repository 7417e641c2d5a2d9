import type { JobAttributes } from '#contracts/panda/job-attributes.js';
import { Broker, NoQueue } from '../brokerage/broker.js';
import type { PandaView } from '../view.js';

/** Most characters of `brokerageErrorDiag` (contract 3.4). */
const DIAGNOSTIC_MAX = 250;

/** Chooses queues for jobs without a task. One object per change. */
export class JobPlacement {
  private readonly brokers = new Map<string, Broker>();

  constructor(private readonly view: Pick<PandaView, 'queues' | 'countAtSite'>) {}

  /** Where the job goes, or why it can go nowhere. */
  place(job: JobAttributes): JobAttributes {
    const label = job.prodSourceLabel ?? '';
    const name = JSON.stringify([label, job.cloud]);
    let broker = this.brokers.get(name);
    if (broker === undefined) {
      const choice = { label, site: null, cloud: job.cloud ?? null, included: [], excluded: [] };
      this.brokers.set(name, (broker = new Broker(this.view, { ...choice, failedBuilds: new Set() })));
    }
    const queue = broker.place({
      cores: job.coreCount ?? 1,
      ram: { count: job.minRamCount ?? 0, isPerCore: false, base: 0 },
      disk: job.maxDiskCount ?? 0,
      walltime: job.maxWalltime ?? undefined,
    });
    if (queue instanceof NoQueue) return { brokerageErrorDiag: queue.reason.slice(0, DIAGNOSTIC_MAX) };
    return { computingSite: queue.name, cloud: job.cloud ?? queue.cloud, brokerageErrorDiag: null };
  }
}
