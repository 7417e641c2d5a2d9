import type { DatabaseSync } from 'node:sqlite';
import type { NodeEvents } from '#contracts/panda/worker-events.js';
import type { EventOf } from '#event-sourcing/event-of.js';
import type { AppliedEvent, Projection, ProjectionWriter } from '#event-sourcing/projection.js';

/** Worker nodes, the queues they serve and their GPUs (contract 3.8), and when each was last seen. */
export const nodeProjection: Projection = {
  name: 'panda-node',
  version: 1,
  streamPrefixes: ['site-panda.nodes.'],
  eventTypes: ['WorkerNodeSeen', 'WorkerNodeGpuSeen'] satisfies (keyof NodeEvents)[],
  tables: `
    CREATE TABLE panda_node (
      site TEXT NOT NULL, host TEXT NOT NULL, cpu TEXT NOT NULL, seen INTEGER NOT NULL,
      PRIMARY KEY (site, host, cpu)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE panda_node_queue (
      site TEXT NOT NULL, host TEXT NOT NULL, queue TEXT NOT NULL, seen INTEGER NOT NULL,
      PRIMARY KEY (site, host, queue)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE panda_node_gpu (
      site TEXT NOT NULL, host TEXT NOT NULL, vendor TEXT NOT NULL, model TEXT NOT NULL,
      count INTEGER NOT NULL, framework TEXT, framework_version TEXT, seen INTEGER NOT NULL,
      PRIMARY KEY (site, host, vendor, model)
    ) STRICT, WITHOUT ROWID;`,
  indexes: '',

  attach(database: DatabaseSync): ProjectionWriter {
    const seeNode = database.prepare('INSERT OR REPLACE INTO panda_node (site, host, cpu, seen) VALUES (?, ?, ?, ?)');
    const seeQueue = database.prepare(
      'INSERT OR REPLACE INTO panda_node_queue (site, host, queue, seen) VALUES (?, ?, ?, ?)',
    );
    const seeGpu = database.prepare(
      `INSERT OR REPLACE INTO panda_node_gpu (site, host, vendor, model, count, framework, framework_version, seen)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    return {
      apply({ type, data, metadata: { timeMicros } }: AppliedEvent): void {
        // Types are ours from the ledger on: written by the deciders of this service only.
        const event = { type, data } as object as EventOf<NodeEvents>;
        if (event.type === 'WorkerNodeSeen') {
          const { node, queue } = event.data;
          seeNode.run(node.site, node.host_name, node.cpu_model, timeMicros);
          if (queue !== null) seeQueue.run(node.site, node.host_name, queue, timeMicros);
          return;
        }
        const { gpu } = event.data;
        const { count, framework, framework_version: version } = gpu;
        seeGpu.run(gpu.site, gpu.host_name, gpu.vendor, gpu.model, count, framework, version, timeMicros);
      },
      forget: () => {
        // There is no state besides the tables.
      },
    };
  },
};
