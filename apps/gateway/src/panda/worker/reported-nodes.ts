import { Injectable } from '@nestjs/common';
import { isObject, type JsonMembers, objectIn } from '#platform/json-object.js';
import { Log } from '#platform/logging.js';
import type { MessageContext } from '#bus/contract.js';
import type { JobReport } from '#contracts/panda/reports.js';
import type { CallOf, PandaFunction } from '../protocol/function.js';
import { readerOf } from '../protocol/parameters.js';
import { workerFunctions } from './worker.functions.js';
import { WorkerHandlers } from './worker.handlers.js';

type Functions = typeof workerFunctions;
type Parameters<Name extends keyof Functions> = CallOf<Functions[Name]>['parameters'];

/** Longer metadata would keep other requests waiting while it is parsed. */
const CHARACTERS_MAX = 1024 * 1024;

const MENTIONS_NODE = /"worker_node(?:_gpus)?"/u;

/** Members that are parameters of a function, in their types; undefined when one is missing or wrong. */
const parametersIn = <Name extends keyof Functions>(name: Name, members: JsonMembers): Parameters<Name> | undefined => {
  const declared: PandaFunction = { ...workerFunctions[name], ignoresUnknown: true };
  const read = readerOf(declared)(new Map(Object.entries(members)), 'json');
  return 'values' in read ? (read.values as Parameters<Name>) : undefined;
};

const objectsIn = (value: unknown): readonly JsonMembers[] => [value].flat().filter(isObject);

/** Records what the metadata of jobs tells of the nodes that they ran on (PanDA contract 4.2.5). */
@Injectable()
export class ReportedNodes {
  constructor(
    private readonly workers: WorkerHandlers,
    private readonly log: Log,
  ) {}

  /** Never rejects: the report itself has been recorded, and pilots tell of their nodes by themselves too. */
  async record(context: MessageContext, { fields }: JobReport): Promise<void> {
    const { meta_data: text } = fields;
    if (typeof text !== 'string' || text.length > CHARACTERS_MAX || !MENTIONS_NODE.test(text)) return;
    const { worker_node: nodes, worker_node_gpus: gpus } = objectIn(text) ?? {};
    try {
      for (const node of objectsIn(nodes)) {
        const parameters = parametersIn('update_worker_node', node);
        if (parameters !== undefined) await this.workers.recordNode(context, parameters);
      }
      for (const gpu of objectsIn(gpus)) {
        const parameters = parametersIn('update_worker_node_gpu', gpu);
        if (parameters !== undefined) await this.workers.recordGpu(context, parameters);
      }
    } catch (error) {
      this.log.warn({ error }, "A job's worker node could not be recorded");
    }
  }
}
