import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Nothing } from '#bus/contract.js';
import type { NodeEvents, WorkerNode, WorkerNodeGpu } from '#contracts/panda/worker-events.js';
import type { Decided } from '#event-sourcing/command.js';
import { nodesStream } from '../streams.js';

/** Every pilot tells of its node: what is known is recorded again after this time only. */
const SEEN_AGAIN_MICROS = 10 * 60 * 1_000_000;

/** A GPU as it is kept. */
interface KnownGpu {
  readonly count: number;
  readonly framework: string | null;
  readonly frameworkVersion: string | null;
  readonly seenMicros: number;
}

/** Reads what {@link nodeProjection} keeps. */
export class NodeTables {
  private readonly selectNode: StatementSync;
  private readonly selectQueue: StatementSync;
  private readonly selectGpu: StatementSync;

  constructor(database: DatabaseSync) {
    this.selectNode = database.prepare('SELECT seen FROM panda_node WHERE site = ? AND host = ? AND cpu = ?');
    this.selectQueue = database.prepare('SELECT seen FROM panda_node_queue WHERE site = ? AND host = ? AND queue = ?');
    this.selectGpu = database.prepare(
      'SELECT * FROM panda_node_gpu WHERE site = ? AND host = ? AND vendor = ? AND model = ?',
    );
  }

  /** Microseconds since the Unix epoch; undefined when it is not known. */
  nodeSeen({ site, host_name: host, cpu_model: cpu }: WorkerNode): number | undefined {
    return seenIn(this.selectNode.get(site, host, cpu));
  }

  queueSeen({ site, host_name: host }: WorkerNode, queue: string): number | undefined {
    return seenIn(this.selectQueue.get(site, host, queue));
  }

  gpu({ site, host_name: host, vendor, model }: WorkerNodeGpu): KnownGpu | undefined {
    const row = this.selectGpu.get(site, host, vendor, model);
    if (row === undefined) return undefined;
    const textIn = (value: unknown): string | null => (typeof value === 'string' ? value : null);
    return {
      count: Number(row['count']),
      framework: textIn(row['framework']),
      frameworkVersion: textIn(row['framework_version']),
      seenMicros: Number(row['seen']),
    };
  }
}

const seenIn = (row: Readonly<Record<string, unknown>> | undefined): number | undefined =>
  row === undefined ? undefined : Number(row['seen']);

/** A pilot tells of its node and of the queue that it serves (contract 6.7). */
export const seeNode = (
  tables: NodeTables,
  { node, queue }: { readonly node: WorkerNode; readonly queue: string | null },
  timeMicros: number,
): Decided<Nothing> => {
  const isRecent = (seen: number | undefined): boolean => seen !== undefined && timeMicros - seen < SEEN_AGAIN_MICROS;
  const isKnown = isRecent(tables.nodeSeen(node)) && (queue === null || isRecent(tables.queueSeen(node, queue)));
  const data: NodeEvents['WorkerNodeSeen'] = { node, queue };
  return {
    events: isKnown ? [] : [{ stream: nodesStream(node.site), type: 'WorkerNodeSeen', data }],
    reply: {},
  };
};

/** A pilot tells of a GPU of its node (contract 6.7). */
export const seeGpu = (tables: NodeTables, gpu: WorkerNodeGpu, timeMicros: number): Decided<{ was_known: boolean }> => {
  const known = tables.gpu(gpu);
  const isSame =
    known !== undefined &&
    timeMicros - known.seenMicros < SEEN_AGAIN_MICROS &&
    known.count === gpu.count &&
    known.framework === gpu.framework &&
    known.frameworkVersion === gpu.framework_version;
  const data: NodeEvents['WorkerNodeGpuSeen'] = { gpu };
  return {
    events: isSame ? [] : [{ stream: nodesStream(gpu.site), type: 'WorkerNodeGpuSeen', data }],
    reply: { was_known: known !== undefined },
  };
};
