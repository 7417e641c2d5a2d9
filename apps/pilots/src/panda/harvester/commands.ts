import { DomainError } from '#platform/domain-error.js';
import type { Nothing } from '#bus/contract.js';
import type { Queue } from '#contracts/panda/queues.js';
import { timeText } from '#contracts/panda/times.js';
import { HARVESTER_COMMANDS, type HarvesterEvents } from '#contracts/panda/worker-events.js';
import type { Decision, DecidedEvent } from '#event-sourcing/command.js';
import { endpointsOf } from '../queue/queue.js';
import { harvesterStream } from '../streams.js';
import type { HarvesterCommand, HarvesterView, LeftWorker } from './view.js';

export const SYNC_WORKERS_KILL = 'SYNC_WORKERS_KILL';

/** Commands that one call takes at most. */
const COMMANDS_MAX = 1000;

/** Workers that one command names: more would not fit into the event that records it. */
const LEFT_WORKERS_MAX = 5_000;

const HOUR_MICROS = 3_600 * 1_000_000;
/** A worker is named again after this time. */
const NAMED_AGAIN_MICROS = HOUR_MICROS / 2;
/** Of a worker that harvester has not told of for so long it knows nothing. */
const TOLD_WITHIN_MICROS = 7 * 24 * HOUR_MICROS;

/** Characters of parameters: more would not fit into the event. */
const PARAMS_CHARACTERS_MAX = 60 * 1024;

const invalid = (message: string): DomainError => new DomainError('invalid', 'panda.harvester.invalid', message);

interface Order {
  readonly harvesterId: string;
  readonly command: string;
  /** Raw JSON. */
  readonly params: string;
  readonly ackRequested?: boolean;
}

const issued = (id: number, { harvesterId, command, params, ackRequested = false }: Order): DecidedEvent => {
  const data: HarvesterEvents['CommandIssued'] = {
    ...{ harvester_id: harvesterId, command_id: id, command, params, ack_requested: ackRequested },
  };
  return { stream: harvesterStream(harvesterId), type: 'CommandIssued', data };
};

/** Orders an instance to do something: one of the commands of contract 3.10. */
export const issueCommand = (view: HarvesterView, order: Order): Decision<{ command_id: number }> => {
  const [name = ''] = order.command.split(':');
  if (!HARVESTER_COMMANDS.some((known) => known === name)) return invalid(`unknown command ${order.command}`);
  if (order.params.length > PARAMS_CHARACTERS_MAX) return invalid('the parameters are too long');
  const id = view.nextCommandId();
  return { events: [issued(id, order)], reply: { command_id: id } };
};

/** Kills workers of a queue (contract 6.4). Computing elements that the queue does not have are left out. */
export const sweepWorkers = (
  view: HarvesterView,
  queue: Queue | undefined,
  request: {
    readonly queue: string;
    readonly statuses: readonly string[] | 'ALL';
    readonly computing_elements: readonly string[] | 'ALL';
    readonly submission_hosts: readonly string[] | 'ALL';
  },
): Decision<Nothing> => {
  if (queue === undefined) return invalid('Error retrieving queue configuration from DB');
  if (queue.harvester === '') return invalid('Queue not served by any harvester ID');
  const endpoints = endpointsOf(queue);
  const { computing_elements: elements } = request;
  const params = JSON.stringify({
    status: request.statuses,
    computingSite: [queue.name],
    computingElement: elements === 'ALL' ? elements : elements.filter((element) => endpoints.includes(element)),
    submissionHost: request.submission_hosts,
  });
  const decision = issueCommand(view, { harvesterId: queue.harvester, command: 'KILL_WORKERS', params });
  return decision instanceof DomainError ? decision : { events: decision.events, reply: {} };
};

const shown = ({ id, command, params, ackRequested, createdMicros }: HarvesterCommand): string =>
  `{"command_id":${String(id)},"command":${JSON.stringify(command)},"params":${params},` +
  `"ack_requested":${ackRequested ? '1' : '0'},"creation_date":"${timeText(createdMicros)}"}`;

/** The oldest new commands, which are retrieved now; raw JSON of a list. */
export const acquireCommands = (
  view: HarvesterView,
  { harvester_id: harvesterId, count }: { readonly harvester_id: string; readonly count: number },
): Decision<{ document: string }> => {
  const commands = view.newCommands(harvesterId, Math.min(Math.max(count, 0), COMMANDS_MAX));
  const data: HarvesterEvents['CommandsRetrieved'] = {
    harvester_id: harvesterId,
    command_ids: commands.map(({ id }) => id),
  };
  const events = [{ stream: harvesterStream(harvesterId), type: 'CommandsRetrieved', data }];
  return { events: commands.length === 0 ? [] : events, reply: { document: `[${commands.map(shown).join(',')}]` } };
};

const acknowledged = (commands: readonly HarvesterCommand[]): readonly DecidedEvent[] => {
  const open = commands.filter(({ status }) => status !== 'acknowledged');
  return [...new Set(open.map(({ harvesterId }) => harvesterId))].map((harvesterId): DecidedEvent => {
    const ids = open.filter((command) => command.harvesterId === harvesterId).map(({ id }) => id);
    const data: HarvesterEvents['CommandsAcknowledged'] = { harvester_id: harvesterId, command_ids: ids };
    return { stream: harvesterStream(harvesterId), type: 'CommandsAcknowledged', data };
  });
};

/** Commands were carried out. Unknown ones are left out. */
export const acknowledgeCommands = (view: HarvesterView, ids: readonly number[]): Decision<Nothing> => {
  const commands = [...new Set(ids)].map((id) => view.command(id)).filter((command) => command !== undefined);
  return { events: acknowledged(commands), reply: {} };
};

/** Commands of an instance that a heartbeat says were carried out, by their names. */
export const acknowledgedByName = (
  view: HarvesterView,
  harvesterId: string,
  names: readonly string[],
): readonly DecidedEvent[] =>
  acknowledged(
    [...new Set(names)].map((name) => view.commandOf(harvesterId, name)).filter((command) => command !== undefined),
  );

/**
 * Tells each instance to kill the workers whose pilot has finished, while it takes them for alive (contract 4.5). Workers that an earlier
 * command names which nobody has retrieved yet are named again.
 *
 * @param graceMicros how long harvester has to notice by itself
 */
export const killLeftWorkers = (
  view: HarvesterView,
  graceMicros: number,
  timeMicros: number,
): Decision<{ workers: number }> => {
  const left = view.leftWorkers(
    {
      finishedBefore: timeMicros - graceMicros,
      namedBefore: timeMicros - NAMED_AGAIN_MICROS,
      toldSince: timeMicros - TOLD_WITHIN_MICROS,
    },
    LEFT_WORKERS_MAX,
  );
  const first = view.nextCommandId();
  const events = [...byHarvester(left)].map(([harvesterId, workers], index) => {
    const earlier = view.commandOf(harvesterId, SYNC_WORKERS_KILL);
    const waiting = earlier?.status === 'new' ? (JSON.parse(earlier.params) as readonly number[]) : [];
    const params = JSON.stringify([...new Set([...waiting, ...workers])].slice(-LEFT_WORKERS_MAX));
    return issued(first + index, { harvesterId, command: SYNC_WORKERS_KILL, params });
  });
  return { events, reply: { workers: left.length } };
};

const byHarvester = (left: readonly LeftWorker[]): ReadonlyMap<string, readonly number[]> => {
  const workers = new Map<string, number[]>();
  for (const { harvesterId, workerId } of left) {
    const known = workers.get(harvesterId);
    if (known === undefined) workers.set(harvesterId, [workerId]);
    else known.push(workerId);
  }
  return workers;
};
