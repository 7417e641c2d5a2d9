import type { Examples } from '../route/example.js';

const task_id = '0193f5c2a7e04d1b8c6a5f20a0000001';

const dataset = 'iceprod.main.0193f5c2a7e04d1b8c6a5f20d0000001';

/** What all entries of timelines have. */
const told = {
  position: 4711,
  sequence: '4711',
  id: '5f0c6a3e-7c0b-5d2e-9a51-2f6b8f1f6f11',
  time: '2026-01-31T12:00:00.000000Z',
  cause: '5b0d6f3e9a7c48d2b1e4f60718293a4b',
  request: '5b0d6f3e9a7c48d2b1e4f60718293a4b',
  why: [],
};

const signedCheckpoint = {
  number: 7,
  events: 48_211,
  streams: 317,
  root: '5f3c0e1f0b6d7a4c8e2f91a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7',
  log: '0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9',
  previous: '9f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a39281706f5e4d3c2b1a0',
  time: '2026-01-31T12:00:00.000000Z',
  key: 'Zq0mXkqoS9kq3cW4m8m4bqf1c7d0i2yXn3H6m0qT1aM',
  public_key: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  signature: 'hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg',
};

const WEBHOOK = {
  webhook_id: '0193f5c2a7e04d1b8c6a5f2000000000',
  origin: 'https://hooks.example.org',
  description: 'failures of my dataset',
  filter: { workload: ['0193f5c2a7e04d1b8c6a5f20d0000001'], type: ['UnitFailed'] },
  ...{ owner: 'alice', status: 'active', created: '2026-01-31T12:00:00.000000Z', sequence: '4711' },
  ...{ delivered: 12, dead_letters: 0, dead_letters_dropped: 0, failing: null },
};

/** What the documentation of Cairn's own operations shows. */
export const EXAMPLES: Examples = {
  values: {
    unit_id: task_id,
    group_id: '0193f5c2a7e04d1b8c6a5f20b0000001',
    worker: '0193f5c2a7e04d1b8c6a5f20c0000001',
    site: 'CERN',
    person: 'bob',
    request: '0193f5c2a7e04d1b8c6a5f20e0000001',
    workload: dataset,
    ref: dataset,
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
    checkpoint: '7',
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
  requests: {
    registerWebhook: {
      url: 'https://hooks.example.org/cairn?token=x',
      description: 'failures of my dataset',
      filter: { workload: ['0193f5c2a7e04d1b8c6a5f20d0000001'], type: ['UnitFailed'] },
    },
  },
  responses: {
    registerWebhook: { ...WEBHOOK, secret: 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD' },
    listWebhooks: { webhooks: [WEBHOOK] },
    getWebhook: WEBHOOK,
    pauseWebhook: { ...WEBHOOK, status: 'paused' },
    resumeWebhook: WEBHOOK,
    deleteWebhook: {},
    pingWebhook: { status: 204 },
    listDeadLetters: {
      dead_letters: [
        {
          ...{ id: '3c2f0e5d-6f0b-5f0e-9d3f-0a4b1c2d3e4f', type: 'UnitFailed' },
          ...{ source: '/cairn/streams/work-iceprod.main.0193f5c2a7e04d1b8c6a5f20d0000001', sequence: '4711' },
          ...{ error: 'answered 503', given_up: '2026-01-31T12:00:00.000Z' },
        },
      ],
    },
    replayDeadLetters: { delivered: 1, left: 0 },
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
          ...{ ...told, actor: 'production', event: 'UnitsClaimed' },
          sentence: 'production claimed the task at WIPAC.',
          changes: { status: { before: 'waiting', after: 'queued' }, site: { before: '', after: 'WIPAC' } },
          data: { status: 'queued', lease_id: '9a7c48d2b1e4f60718293a4b5b0d6f3e', site: 'WIPAC' },
        },
      ],
    },
    getGroupHistory: {
      group_id: '0193f5c2a7e04d1b8c6a5f20b0000001',
      events: [
        {
          ...{ ...told, actor: 'alice', event: 'GroupsMoved', sentence: 'alice set the job to suspended.' },
          changes: { status: { before: 'processing', after: 'suspended' } },
          data: { groups: [[0, 99]], status: 'suspended' },
        },
      ],
    },
    getWorkloadHistory: {
      workload: dataset,
      events: [
        {
          ...{ ...told, actor: 'alice', event: 'WorkloadPrioritized' },
          sentence: 'alice gave the dataset the priority 0.75.',
          changes: { priority: { before: 0.5, after: 0.75 } },
          data: { priority: 0.75 },
        },
      ],
    },
    getWorkerHistory: {
      worker: '0193f5c2a7e04d1b8c6a5f20c0000001',
      events: [
        {
          ...{ ...told, actor: 'watchdog', event: 'WorkerUnitsReleased' },
          sentence: 'watchdog released the tasks of the ended pilot; 1 had still been running.',
          why: [
            {
              ...{ sequence: '4700', id: '9d1c7f0e-30a4-5b6d-8e21-7c5b4a392817', time: '2026-01-31T11:59:59.000000Z' },
              ...{ event: 'WorkerEnded', actor: 'watchdog' },
              sentence: 'watchdog counted the pilot as lost, because no heartbeat came for 90 s; it ran 1 task.',
            },
          ],
          changes: {},
          data: { worker_id: '0193f5c2a7e04d1b8c6a5f20c0000001', evicted: 1 },
        },
      ],
    },
    getSiteHistory: {
      site: 'CERN',
      events: [
        {
          ...{ ...told, actor: 'operator', event: 'SlotsTargeted' },
          sentence: 'operator asked for 20 slots at CERN for Test and any type.',
          changes: { 'slots of Test/any': { after: { slots: 20, expires_micros: null } } },
          data: { queue: 'CERN', share: 'Test', resource_type: null, slots: 20, expires_micros: null },
        },
      ],
    },
    getPersonHistory: {
      person: 'bob',
      events: [
        {
          ...{ ...told, actor: 'admin', event: 'UserJoinedGroup', sentence: 'admin put bob into the group simprod.' },
          changes: { groups: { before: ['users'], after: ['users', 'simprod'] } },
          data: { username: 'bob', group: 'simprod' },
        },
      ],
    },
    getObjectHistory: {
      object: 'user_group/simprod',
      events: [
        {
          ...{ ...told, actor: 'admin', event: 'GroupDescribed' },
          sentence: 'admin changed the group simprod, whose priority is 0.7.',
          changes: { priority: { before: 0.5, after: 0.7 } },
          data: { name: 'simprod', priority: 0.7, extra: '{}' },
        },
      ],
    },
    getAccessHistory: {
      workload: dataset,
      events: [
        {
          ...{
            ...told,
            actor: 'alice',
            event: 'AccessRuleSet',
            sentence: 'alice set who has access: read_users alice, bob.',
          },
          changes: { read_users: { before: ['alice'], after: ['alice', 'bob'] } },
          data: { read_users: ['alice', 'bob'] },
        },
      ],
    },
    getRequestHistory: {
      request: '0193f5c2a7e04d1b8c6a5f20e0000001',
      events: [
        {
          ...{ ...told, actor: 'alice', event: 'RequestStarted' },
          sentence: 'alice began to work on the request 0193f5c2a7e04d1b8c6a5f20e0000001.',
          changes: {},
          data: { request_id: '0193f5c2a7e04d1b8c6a5f20e0000001' },
        },
      ],
    },
    signCheckpoint: signedCheckpoint,
    listCheckpoints: { checkpoints: [signedCheckpoint], next: '7' },
    getCheckpoint: { format: 'cairn checkpoint 1', checkpoint: signedCheckpoint },
    listCheckpointKeys: {
      keys: [
        {
          ...{ kty: 'OKP', crv: 'Ed25519', x: signedCheckpoint.public_key, kid: signedCheckpoint.key },
          ...{ use: 'sig', alg: 'EdDSA' },
        },
      ],
    },
    verifyHistory: {
      state: 'whole',
      events: 48_215,
      streams: 318,
      checkpoints: 7,
      rewrites: [],
      keys: [signedCheckpoint.key],
      began: '2026-01-31T12:05:00.000000Z',
      ended: '2026-01-31T12:05:01.250000Z',
      faults: [],
    },
    listEvents: {
      events: [
        {
          ...{ specversion: '1.0', id: '0b6f7f0e-7f0e-5d52-9d5c-3f0f4f1c2a77' },
          source: '/cairn/streams/work-iceprod.main.0193f5c2a7e04d1b8c6a5f20d0000001',
          ...{ type: 'cairn.iceprod.UnitsClaimed', subject: 'iceprod.main.0193f5c2a7e04d1b8c6a5f20d0000001' },
          ...{ time: '2026-01-31T12:00:00.000000Z', datacontenttype: 'application/json' },
          dataschema: 'urn:cairn:schema:iceprod:UnitsClaimed:1',
          ...{ sequence: '4711', revision: 17, actor: 'pilot-1', dialect: 'iceprod' },
          correlationid: '5b0d6f3e-9a7c-48d2-b1e4-f60718293a4b',
          causationid: '5b0d6f3e-9a7c-48d2-b1e4-f60718293a4b',
          data: { units: [[0, 3]], status: 'queued', lease_id: '9a7c48d2b1e4f60718293a4b5b0d6f3e', site: 'WIPAC' },
        },
      ],
      next: '4711',
    },
    livez: { live: true },
    readyz: { ready: true, checks: { ledger: 'ok', tasks: 'ok' } },
    openApi: { openapi: '3.1.0', info: { title: 'Cairn', version: '0.1.0' }, paths: {} },
    docs: '<!doctype html><html>...</html>',
    metrics: '# TYPE cairn_http_requests_total counter\n',
  },
};
