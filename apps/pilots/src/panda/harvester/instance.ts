import { DomainError } from '#platform/domain-error.js';
import { isObject, type JsonMembers, objectIn } from '#platform/json-object.js';
import type { Nothing } from '#bus/contract.js';
import type { HarvesterEvents } from '#contracts/panda/worker-events.js';
import type { Decided, DecidedEvent, Decision } from '#event-sourcing/command.js';
import { harvesterStream } from '../streams.js';
import { acknowledgedByName } from './commands.js';
import { cut } from './cut.js';
import { harvesterTime } from './harvester-time.js';
import type { HarvesterView } from './view.js';
import { integerIn } from './worker-fields.js';

const TEXT_CHARACTERS_MAX = 500;
const IDENTIFIER_CHARACTERS_MAX = 100;
/** Of the metrics of one measurement. */
const METRICS_CHARACTERS_MAX = 16 * 1024;

const eventOf = <Type extends keyof HarvesterEvents>(type: Type, data: HarvesterEvents[Type]): DecidedEvent => ({
  stream: harvesterStream(data.harvester_id),
  type,
  data,
});

const textIn = (value: unknown, charactersMax = TEXT_CHARACTERS_MAX): string | undefined =>
  typeof value === 'string' ? value.slice(0, charactersMax) : undefined;

const timeIn = (value: unknown): string | undefined => (typeof value === 'string' ? harvesterTime(value) : undefined);

/** The members that have a value. */
const given = <Members extends object>(members: Members): { [Name in keyof Members]?: NonNullable<Members[Name]> } =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Members]?: NonNullable<Members[Name]>;
  };

/** An instance lives (contract 6.4). The first heartbeat registers it (D8). Members of other types are left out. */
export const recordHeartbeat = (
  view: HarvesterView,
  request: {
    readonly harvester_id: string;
    readonly owner: string;
    readonly host: string;
    readonly data: JsonMembers;
  },
): Decided<Nothing> => {
  const { harvester_id: id, owner, host, data } = request;
  const told = given({
    start_time: timeIn(data['startTime']),
    sw_version: textIn(data['sw_version']),
    commit_stamp: textIn(data['commit_stamp']),
    description: textIn(data['description']),
  });
  const commands = Array.isArray(data['commands']) ? (data['commands'] as readonly unknown[]) : [];
  const names = commands
    .filter(isObject)
    .map(({ command, computingSite: site }) => `${String(command)}:${String(site)}`);
  return {
    events: [
      eventOf('HarvesterSeen', { harvester_id: id, owner, host, ...told }),
      ...acknowledgedByName(view, id, names),
    ],
    reply: {},
  };
};

/** What the reference server's database kept of a resource type that nobody knows. */
const UNDEFINED_TYPE = 'Undefined';

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** Members that are objects and have something left after `inner`. */
const nested = (value: JsonMembers, inner: (value: JsonMembers, name: string) => object): object =>
  Object.fromEntries(
    Object.entries(value)
      .map(([name, each]) => [name, isObject(each) ? inner(each, name) : {}] as const)
      .filter(([, each]) => Object.keys(each).length > 0),
  );

/** All counts of workers of a queue (contract 3.12, 6.4). */
export const countWorkers = ({
  harvester_id: id,
  queue,
  statistics,
}: {
  readonly harvester_id: string;
  readonly queue: string;
  readonly statistics: string;
}): Decision<Nothing> => {
  const byJobType = objectIn(statistics);
  if (byJobType === undefined) return new DomainError('invalid', 'panda.harvester.json', 'failed to load JSON');
  const counts = nested(byJobType, (byType) =>
    nested(byType, (byStatus, type) =>
      type === UNDEFINED_TYPE ? {} : Object.fromEntries(Object.entries(byStatus).filter(([, count]) => isCount(count))),
    ),
  );
  const text = JSON.stringify(counts);
  if (text.length > METRICS_CHARACTERS_MAX)
    return new DomainError('invalid', 'panda.harvester.size', 'too many counts');
  return { events: [eventOf('WorkersCounted', { harvester_id: id, queue, statistics: text })], reply: {} };
};

type Metrics = HarvesterEvents['ServiceMeasured']['metrics'][number];

/** A triple of time, host and metrics; host and time may change places (contract 6.4). */
const metricsIn = (value: unknown): readonly Metrics[] => {
  if (!Array.isArray(value)) return [];
  const [first, second, metrics] = value as readonly unknown[];
  const time = timeIn(first) ?? timeIn(second);
  const host = textIn(timeIn(first) === undefined ? first : second);
  const text = textIn(typeof metrics === 'string' ? metrics : JSON.stringify(metrics), METRICS_CHARACTERS_MAX);
  return time === undefined || host === undefined || text === undefined ? [] : [{ time, host, metrics: text }];
};

/** Measurements of the instance's own processes. What is none is left out. */
export const addMetrics = (request: {
  readonly harvester_id: string;
  readonly metrics: readonly unknown[];
}): Decided<Nothing> => {
  const { harvester_id: id } = request;
  const parts = cut(request.metrics.flatMap(metricsIn));
  return { events: parts.map((metrics) => eventOf('ServiceMeasured', { harvester_id: id, metrics })), reply: {} };
};

type Dialog = HarvesterEvents['DialogsAdded']['dialogs'][number];

const dialogIn = (value: unknown): readonly Dialog[] => {
  const id = isObject(value) ? integerIn(value['diagID']) : undefined;
  if (!isObject(value) || id === undefined) return [];
  return [
    {
      diag_id: id,
      module: textIn(value['moduleName']) ?? null,
      identifier: textIn(value['identifier'], IDENTIFIER_CHARACTERS_MAX) ?? null,
      time: timeIn(value['creationTime']) ?? null,
      level: textIn(value['messageLevel']) ?? null,
      message: textIn(value['diagMessage']) ?? null,
    },
  ];
};

/** Messages of the instance to its operators. What is none is left out. */
export const addDialogs = (request: {
  readonly harvester_id: string;
  readonly dialogs: readonly unknown[];
}): Decided<Nothing> => {
  const { harvester_id: id } = request;
  const parts = cut(request.dialogs.flatMap(dialogIn));
  return { events: parts.map((dialogs) => eventOf('DialogsAdded', { harvester_id: id, dialogs })), reply: {} };
};

/** What a pilot says of the worker that runs it (contract 4.5, D27). */
export const recordPilotReport = (request: {
  readonly harvester_id: string;
  readonly worker_id: number;
  readonly status: 'started' | 'finished';
  readonly node_id: string | null;
}): Decided<Nothing> => {
  const { harvester_id: id, worker_id: worker, status } = request;
  const node = textIn(request.node_id);
  const report = { harvester_id: id, worker_id: worker, status, ...(node !== undefined && { node_id: node }) };
  return { events: [eventOf('PilotReported', report)], reply: {} };
};
