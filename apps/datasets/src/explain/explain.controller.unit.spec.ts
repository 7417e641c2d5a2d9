import type { Message } from '#bus/contract.js';
import { ExplainController } from './explain.controller.js';
import { type WorkloadExplainer, WorkloadExplainers } from './workload-explainers.js';

const message = <Request>(request: Request): Message<Request> => ({
  request,
  context: {
    caller: { subject: 'a', username: 'a', roles: [], groups: [] },
    correlationId: 'test',
    dialect: 'cairn',
    deadlineMs: 0,
  },
});

const knowing = (known: string): WorkloadExplainer => {
  const explanationOf = (id: string) => (id.startsWith(known) ? { reply: { document: `"of ${known}"` } } : undefined);
  return {
    explainWorkload: ({ request }) => explanationOf(request.workload_id),
    explainRequest: ({ request }) => explanationOf(request.request_id),
  };
};

const controller = (): ExplainController => {
  const explainers = new WorkloadExplainers();
  explainers.register('iceprod', knowing('dataset'));
  explainers.register('torc', knowing('workflow'));
  return new ExplainController(explainers);
};

it('has each workload explained by the dialect that knows it', () => {
  const explained = (id: string) => controller().workload(message({ workload_id: id }));
  expect(explained('dataset 1')).toEqual({ reply: { document: '"of dataset"' } });
  expect(explained('workflow 1')).toEqual({ reply: { document: '"of workflow"' } });
  expect(explained('other')).toMatchObject({ error: { kind: 'not-found', code: 'workload.not-found' } });
});

it('has each asynchronous request explained by the dialect that knows it', () => {
  const explained = (id: string) => controller().request(message({ request_id: id }));
  expect(explained('dataset 1')).toEqual({ reply: { document: '"of dataset"' } });
  expect(explained('workflow 1')).toEqual({ reply: { document: '"of workflow"' } });
  expect(explained('other')).toMatchObject({ error: { kind: 'not-found', code: 'request.not-found' } });
});
