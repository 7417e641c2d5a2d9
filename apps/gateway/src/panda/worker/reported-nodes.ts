import { Injectable } from '@nestjs/common';
import { isObject, type JsonMembers, objectIn } from '#platform/json-object.js';
import { Log } from '#platform/logging.js';
import type { MessageContext } from '#bus/contract.js';
import type { JobReport } from '#contracts/panda/reports.js';
import type { CallOf, PandaFunction } from '../protocol/function.js';
import { readerOf } from '../protocol/parameters.js';
import { stepOf } from '../../route/message-context.js';
import { workerFunctions } from './worker.functions.js';
import { WorkerHandlers } from './worker.handlers.js';

type Functions = typeof workerFunctions;
type Parameters<Name extends keyof Functions> = CallOf<Functions[Name]>['parameters'];

/** Longer metadata would keep other requests waiting while it is parsed. */
const CHARACTERS_MAX = 1024 * 1024;

/** Nodes, and GPUs, of one report: a job runs on one node, or on some. */
const NODES_MAX = 100;

/** The answer to reports waits no longer for what they tell of nodes. */
const WAIT_MS = 5_000;

const MENTIONS_NODE = /"worker_node(?:_gpus)?"/u;

/** Members that are parameters of a function, in their types; undefined when one is missing or wrong. */
const parametersIn = <Name extends keyof Functions>(name: Name, members: JsonMembers): Parameters<Name> | undefined => {
  const declared: PandaFunction = { ...workerFunctions[name], ignoresUnknown: true };
  const read = readerOf(declared)(new Map(Object.entries(members)), 'json');
  return 'values' in read ? (read.values as Parameters<Name>) : undefined;
};

const objectsIn = (value: unknown): readonly JsonMembers[] => [value].flat().slice(0, NODES_MAX).filter(isObject);

/** Records what the metadata of jobs tells of the nodes that they ran on (PanDA contract 4.2.5). */
@Injectable()
export class ReportedNodes {
  constructor(
    private readonly workers: WorkerHandlers,
    private readonly log: Log,
  ) {}

  /** Never rejects: the reports themselves have been recorded, and pilots tell of their nodes by themselves too. */
  async record(context: MessageContext, reports: readonly JobReport[]): Promise<void> {
    const limited = { ...context, deadlineMs: Math.min(context.deadlineMs, Date.now() + WAIT_MS) };
    for (const [at, { fields }] of reports.entries()) {
      try {
        await this.recordOf(stepOf(limited, `report.${at}`), fields['meta_data']);
      } catch (error) {
        this.log.warn({ error }, "A job's worker node could not be recorded");
      }
    }
  }

  private async recordOf(context: MessageContext, text: unknown): Promise<void> {
    if (typeof text !== 'string' || text.length > CHARACTERS_MAX || !MENTIONS_NODE.test(text)) return;
    const { worker_node: nodes, worker_node_gpus: gpus } = objectIn(text) ?? {};
    for (const [at, node] of objectsIn(nodes).entries()) {
      const parameters = parametersIn('update_worker_node', node);
      if (parameters !== undefined) await this.workers.recordNode(stepOf(context, `node.${at}`), parameters);
    }
    for (const [at, gpu] of objectsIn(gpus).entries()) {
      const parameters = parametersIn('update_worker_node_gpu', gpu);
      if (parameters !== undefined) await this.workers.recordGpu(stepOf(context, `gpu.${at}`), parameters);
    }
  }
}
