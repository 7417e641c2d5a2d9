import type { Examples } from '../route/example.js';

const task_id = '0193f5c2a7e04d1b8c6a5f20a0000001';

/** What the documentation of Cairn's own operations shows. */
export const EXAMPLES: Examples = {
  values: {
    unit_id: task_id,
    workload: 'iceprod.main.0193f5c2a7e04d1b8c6a5f20d0000001',
    ref: 'iceprod.main.0193f5c2a7e04d1b8c6a5f20d0000001',
    dialect: 'iceprod',
    id: '0193f5c2a7e04d1b8c6a5f20d0000001',
    owner: 'alice',
    cursor: 'WyJjcmVhdGVkIix0cnVlXQ',
    next: 'WyJjcmVhdGVkIix0cnVlXQ',
    created: '2026-01-31T12:00:00.000000Z',
    changed: '2026-01-31T12:05:00.000000Z',
    created_from: '2026-01-01T00:00:00Z',
    created_to: '2026-01-31T12:00:00Z',
    progress: 0.3,
    by_phase: { succeeded: 30, running: 70 },
    workload_id: '0193f5c2a7e04d1b8c6a5f20d0000001',
    request_id: '0193f5c2a7e04d1b8c6a5f20e0000001',
    action: 'submit',
    task_id,
    dataset_id: '0193f5c2a7e04d1b8c6a5f20d0000001',
    reason: 'It asks for 8 GB of memory; no worker has offered more than 4.',
    status: 'waiting',
    phase: 'ready',
    status_changed: '2026-01-31T12:00:00.000000',
    seen: '2026-01-31T12:05:00.000000',
    last_seen: '2026-01-31T12:05:00.000000',
    dataset_status: 'processing',
    requirements: { cpu: 1, memory: 8 },
    name: 'memory',
    asked: 8,
    offered: 4,
    remaining_hrs: 105,
    avg_hrs: 1.5,
    remaining: 70,
    complete: 30,
  },
  requests: {},
  responses: {
    listEventSchemas: {
      schemas: [
        {
          ...{ dialect: 'iceprod', type: 'UnitsClaimed', version: 1 },
          description: 'A worker claimed units. The lease says which claim holds them.',
          path: '/cairn/events/schemas/iceprod/UnitsClaimed/1',
        },
      ],
    },
    getEventSchema: {
      $schema: 'http://json-schema.org/draft-07/schema#',
      $id: '/cairn/events/schemas/iceprod/UnitsClaimed/1',
      title: 'UnitsClaimed',
      type: 'object',
      properties: { lease_id: { type: 'string' } },
    },
    getUnitHistory: {
      unit_id: task_id,
      events: [
        {
          position: 4711,
          time: '2026-01-31T12:00:00.000000Z',
          actor: 'production',
          event: 'UnitsClaimed',
          cause: '5b0d6f3e9a7c48d2b1e4f60718293a4b',
          data: { status: 'queued', lease_id: '9a7c48d2b1e4f60718293a4b5b0d6f3e', site: 'WIPAC' },
        },
      ],
    },
    livez: { live: true },
    readyz: { ready: true, checks: { ledger: 'ok', tasks: 'ok' } },
    openApi: { openapi: '3.1.0', info: { title: 'Cairn', version: '0.1.0' }, paths: {} },
    docs: '<!doctype html><html>...</html>',
    metrics: '# TYPE cairn_http_requests_total counter\n',
  },
};
