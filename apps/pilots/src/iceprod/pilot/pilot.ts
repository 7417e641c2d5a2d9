import { DomainError } from '#platform/domain-error.js';
import { ref, streamName } from '#ledger/ref.js';
import type { Nothing } from '#bus/contract.js';
import { elementsOf, isTooLargeForEvent, kindOf, membersOf } from '#contracts/raw-json.js';
import type { RunningWorker } from '#contracts/explain.js';
import type { WorkerEvents } from '#contracts/worker-events.js';
import type { Decision } from '#event-sourcing/command.js';
import {
  afterReport,
  growthProblem,
  hasNews,
  invalidValue,
  newDocument,
  reportProblem,
  timeText,
  tooLarge,
} from '../document/report.js';
import { DEFAULT_TIMEOUT_SECONDS, heartbeatTimeoutOf } from './heartbeat-timeout.js';

/** A pilot's list of tasks must fit the event of its end. */
const TASKS_BYTES_MAX = 128 * 1024;

export const pilotStream = (pilotId: string): string => streamName('worker', ref('iceprod', 'main', pilotId));

const DEFAULTS: readonly (readonly [name: string, raw: string])[] = [
  ['queue_host', '""'],
  ['queue_version', '""'],
  ['resources', '{}'],
  ['resources_available', '{}'],
  ['resources_claimed', '{}'],
  ['tasks', '[]'],
  ['host', '""'],
  ['site', '""'],
  ['version', '""'],
  ['grid_queue_id', '""'],
];

/** The document of a pilot that starts, as raw JSON (IceProd contract 12.1). */
export const startedPilot = (
  { worker_id: id, description }: WorkerEvents['WorkerStarted'],
  timeMicros: number,
): string => {
  const given = membersOf(description);
  const known = new Map([
    ['pilot_id', JSON.stringify(id)],
    ...DEFAULTS.map(([name, raw]) => [name, given.get(name) ?? raw] as const),
    ['submit_date', timeText(timeMicros)],
    ['start_date', '""'],
    ['last_update', timeText(timeMicros)],
  ]);
  return newDocument(known, description);
};

/** The document after a report of the pilot. A list of tasks or a heartbeat timeout that is none is refused. */
export const reportedPilot = (document: string, fields: string, timeMicros: number): string | DomainError => {
  const after = afterReport(document, fields, 'pilot_id', timeMicros);
  if (after instanceof DomainError) return after;
  if (!isTaskList(membersOf(after).get('tasks') ?? '')) return invalidValue('tasks');
  return heartbeatTimeoutOf(after) === undefined ? invalidValue('heartbeat_seconds') : after;
};

const isTaskList = (raw: string): boolean =>
  raw !== '' && kindOf(raw) === 'array' && elementsOf(raw).every((element) => kindOf(element) === 'string');

/** Ids of the tasks that a pilot's document lists. */
export const tasksOf = (document: string): readonly string[] =>
  elementsOf(membersOf(document).get('tasks') ?? '[]').map((raw) => JSON.parse(raw) as string);

/** What an explanation of a task shows of the pilot that runs it. */
export const runningWorkerOf = (document: string): RunningWorker => {
  const { pilot_id, host, site, last_update } = JSON.parse(document) as Readonly<Record<string, unknown>>;
  return {
    worker_id: String(pilot_id),
    host: String(host),
    site: String(site),
    last_heartbeat: String(last_update),
    heartbeat_seconds: heartbeatTimeoutOf(document) ?? DEFAULT_TIMEOUT_SECONDS,
  };
};

const hasTooManyTasks = (document: string): boolean =>
  Buffer.byteLength(JSON.stringify(membersOf(document).get('tasks') ?? '')) > TASKS_BYTES_MAX;

export const pilotNotFound = (): DomainError => new DomainError('not-found', 'pilot.not-found', 'Pilot not found');
const tooManyTasks = (): DomainError => new DomainError('invalid', 'pilot.too-many-tasks', 'too many tasks');

/** `POST /pilots` */
export const startPilot = (data: WorkerEvents['WorkerStarted'], timeMicros: number): Decision<{ pilot_id: string }> => {
  if (isTooLargeForEvent(data.description)) return tooLarge('Pilot');
  if (hasTooManyTasks(startedPilot(data, timeMicros))) return tooManyTasks();
  return {
    events: [{ stream: pilotStream(data.worker_id), type: 'WorkerStarted', data }],
    reply: { pilot_id: data.worker_id },
  };
};

/** `PATCH /pilots/{pilot_id}`. A report without news is no event: the caller records the heartbeat. */
export const reportPilot = (
  document: string | undefined,
  { pilot_id: id, fields }: { readonly pilot_id: string; readonly fields: string },
  timeMicros: number,
): Decision<{ document: string }> => {
  const problem = reportProblem(fields);
  if (problem !== undefined) return problem;
  if (document === undefined) return pilotNotFound();
  const after = reportedPilot(document, fields, timeMicros);
  if (after instanceof DomainError) return after;
  if (hasTooManyTasks(after)) return tooManyTasks();
  const growth = growthProblem(document, after);
  if (growth !== undefined) return growth;
  if (!hasNews(document, after)) return { events: [], reply: { document: after } };
  const data: WorkerEvents['WorkerReported'] = { worker_id: id, fields };
  return { events: [{ stream: pilotStream(id), type: 'WorkerReported', data }], reply: { document: after } };
};

/**
 * `DELETE /pilots/{pilot_id}`, and the end of a pilot whose heartbeats stopped.
 *
 * @param silence how long no heartbeat had arrived, for an expired pilot, and its last one
 */
export const endPilot = (
  document: string | undefined,
  id: string,
  reason: WorkerEvents['WorkerEnded']['reason'],
  silence?: { readonly seconds: number; readonly lastHeartbeatMicros: number },
): Decision<Nothing> => {
  if (document === undefined) return pilotNotFound();
  const data: WorkerEvents['WorkerEnded'] = {
    worker_id: id,
    reason,
    units: tasksOf(document),
    ...(silence !== undefined && { silent_seconds: silence.seconds }),
    // Other pilots list tasks as they please (contract 12.3).
    ...(silence !== undefined &&
      membersOf(document).has('heartbeat_seconds') && { last_heartbeat_micros: silence.lastHeartbeatMicros }),
  };
  return { events: [{ stream: pilotStream(id), type: 'WorkerEnded', data }], reply: {} };
};
