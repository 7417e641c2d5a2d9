import { hostname } from 'node:os';
import type { Registration } from '../worker/worker.js';
import { NodeStatistics } from './node-statistics.js';
import type { Resources, OfferedResources } from './resources.js';
import type { Stored, TorcComputeNode, TorcConfig } from './torc-documents.js';
import type { Signals } from './torc-client.js';
import type { TorcWorkflowCalls } from './torc-workflow.js';

/** The Torc client that this one behaves like. */
const TORC_VERSION = '0.6.4';
const INTERVAL_SECONDS = 10;
const MS_PER_SECOND = 1_000;

/** Local time without a zone, as the real client writes it; the server keeps it as it is (Torc contract 1.9). */
export const clientTime = (): string => new Date().toISOString().slice(0, -1);

/** The compute node that a runner is to the server (Torc contract 2.5), from its first claim to its end. */
export class TorcRegistration implements Registration {
  private node: TorcComputeNode | undefined;
  private config_: TorcConfig | undefined;
  private statistics: NodeStatistics | undefined;
  private startedMs = 0;
  /** The run that jobs are started and completed in; adopted from the status while nothing runs. */
  runId = 0;

  constructor(
    private readonly workflow: TorcWorkflowCalls,
    private readonly resources: Resources,
    private readonly timeLimitSeconds: number | undefined,
    private readonly scheduler: object = { hostname: hostname(), scheduler_type: 'local' },
    /** Starts or restarts the workflow. */
    private readonly begin: (signals: Signals) => Promise<void>,
    /** Called with the config of the workflow before the first claim. */
    private readonly prepare: (config: TorcConfig) => Promise<void>,
  ) {}

  get config(): TorcConfig {
    if (this.config_ === undefined) throw new Error('the runner is not registered');
    return this.config_;
  }

  get nodeKey(): string {
    return this.node?._key ?? '';
  }

  /** The calls of Torc contract 7.3, steps 1 and 2. */
  async register(signal: AbortSignal): Promise<void> {
    const signals = { signal };
    const { client } = this.workflow;
    await client.get('/ping', signals);
    await this.begin(signals);
    const { run_id: runId } = await this.workflow.status(signals);
    this.runId = runId;
    const config = await this.workflow.config(signals);
    this.config_ = config;
    await this.addEvent('start', `Started worker ${hostname()}`, signals);
    this.startedMs = Date.now();
    const resources: OfferedResources = this.resources.left(this.timeLimitSeconds);
    this.node = await client.post<TorcComputeNode>(
      this.workflow.path('/compute_nodes'),
      {
        ...{ hostname: hostname(), pid: process.pid, start_time: clientTime(), is_active: true, resources },
        scheduler: this.scheduler,
      },
      signals,
    );
    const { interval = INTERVAL_SECONDS } = config.compute_node_resource_stats ?? {};
    this.statistics = new NodeStatistics(Math.max(interval, 1) * MS_PER_SECOND);
    await this.prepare(config);
  }

  /** Torc knows no sign of life of its workers. */
  beat(): Promise<void> {
    return Promise.resolve();
  }

  /** The calls of Torc contract 7.3, step 4, once no job runs any more. */
  async deregister(signal: AbortSignal): Promise<void> {
    const { node, config, workflow } = this;
    if (node === undefined) return;
    const signals = { signal };
    const stats = this.statistics?.end(config.compute_node_resource_stats ?? {}) ?? [];
    if (stats.length > 0) {
      const stored = await workflow.client.post<Stored>(
        workflow.path('/compute_node_stats'),
        { hostname: hostname(), timestamp: clientTime(), stats },
        signals,
      );
      const edge = { _from: node._id, _to: stored._id };
      await workflow.client.post(workflow.path('/edges/node_used'), edge, signals);
    }
    await workflow.client.put(
      workflow.path(`/compute_nodes/${encodeURIComponent(node._key)}`),
      { ...node, is_active: false, duration_seconds: (Date.now() - this.startedMs) / MS_PER_SECOND },
      signals,
    );
    await this.addEvent('stop', `Stopped worker ${hostname()}`, signals);
  }

  private async addEvent(type: 'start' | 'stop', message: string, signals: Signals): Promise<void> {
    const version = type === 'start' ? { torc_version: TORC_VERSION } : {};
    const event = { category: 'worker', type, node_name: hostname(), ...version, message };
    await this.workflow.client.post(this.workflow.path('/events'), event, signals);
  }
}
