import type { Bus } from '#bus/bus.js';
import type { Contract, MessageContext } from '#bus/contract.js';
import type { JobReport } from '#contracts/panda/reports.js';
import { DomainError } from '#platform/domain-error.js';
import type { Log } from '#platform/logging.js';
import type { PilotReports } from './pilot-reports.js';
import { ReportedNodes } from './reported-nodes.js';
import { WorkerHandlers } from './worker.handlers.js';

const NODE = { site: 'SITE_A', host_name: 'slot1@wn1', cpu_model: 'CPU X' };
const GPU = { site: 'SITE_A', host_name: 'wn1', vendor: 'V', model: 'M', count: 1 };

describe('nodes in the metadata of jobs', () => {
  const asked: (readonly [subject: string, request: object, context: MessageContext])[] = [];
  const failures: Error[] = [];
  const request = (contract: Contract<object, object>, sent: object, context: MessageContext): Promise<object> => {
    asked.push([contract.subject, sent, context]);
    const failure = failures.shift();
    return failure === undefined ? Promise.resolve({ was_known: false }) : Promise.reject(failure);
  };
  const warned: string[] = [];
  const workers = new WorkerHandlers({ request } as object as Bus, {} as PilotReports);
  const nodes = new ReportedNodes(workers, {
    warn: (_details: object, message: string) => warned.push(message),
  } as object as Log);
  const context: MessageContext = {
    ...{ correlationId: 'c', commandId: 'key', requestHash: 'h', dialect: 'panda', deadlineMs: Date.now() + 600_000 },
    caller: { subject: 'pilot', username: 'pilot', roles: [], groups: [] },
  };
  const report = (job_id: number, metadata: unknown): JobReport => ({
    ...{ job_id, job_status: 'finished', attempt_nr: 1 },
    fields: { meta_data: typeof metadata === 'string' ? metadata : JSON.stringify(metadata) },
  });
  const record = async (...reports: JobReport[]): Promise<typeof asked> => {
    asked.length = 0;
    await nodes.record(context, reports);
    return asked;
  };

  it('are commands of their own, so that an idempotency key of the report does not make them repeats of it', async () => {
    const all = { worker_node: NODE, worker_node_gpus: [GPU, { ...GPU, model: 'N' }] };
    await record(report(1, all), report(2, all));
    const ids = asked.map(([, , { commandId }]) => commandId);
    expect(ids).toHaveLength(6);
    expect(new Set([...ids, 'key']).size).toBe(7);
    await record(report(1, all), report(2, all));
    expect(asked.map(([, , { commandId }]) => commandId)).toEqual(ids);
  });

  it('are waited for a short while only', async () => {
    const startedMs = Date.now();
    await record(report(1, { worker_node: NODE }));
    const deadlines = asked.map((each) => each[2].deadlineMs);
    expect(deadlines.map((at) => at > startedMs && at < context.deadlineMs - 10_000)).toEqual([true]);
  });

  it('that cannot be recorded, or that are none, are passed over', async () => {
    failures.push(new DomainError('internal', 'internal', 'Internal error'));
    const wrong = report(2, { worker_node: [{ site: 'SITE_A' }, 5, null, [NODE]], worker_node_gpus: 'none' });
    await record(
      report(1, { worker_node: NODE }),
      wrong,
      report(3, '{"worker_node":'),
      report(4, { worker_node: NODE }),
    );
    expect(asked).toHaveLength(2);
    expect(warned).toHaveLength(1);
  });

  it('are bounded', async () => {
    const many = Array.from({ length: 1_000 }, (_, at) => ({ ...NODE, host_name: `wn${at}` }));
    expect(await record(report(1, { worker_node: many }))).toHaveLength(100);
  });
});
