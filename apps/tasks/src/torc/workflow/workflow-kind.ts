import { membersOf, stringIn } from '#contracts/raw-json.js';
import type { JobFailed, TorcEvents } from '#contracts/torc/events.js';
import { arrayStatement } from '#event-sourcing/array-statement.js';
import type { EventOf } from '#event-sourcing/event-of.js';
import { ordinalOfKey, workloadOfKey } from '../../workload/member-key.js';
import { codeOf } from '../collection-code.js';
import { nameOfDocument } from '../document-name.js';
import { stateByUnits, type WorkloadFacts, type WorkloadKind } from '../../workload/workload-kind.js';

const CANCELED = 'canceled';

const textOf = (raw: string | undefined): string => (raw?.startsWith('"') === true ? stringIn(raw) : '');

const factsOfWorkflow = (document: string): Pick<WorkloadFacts, 'name' | 'owner'> => {
  const members = membersOf(document);
  return { name: textOf(members.get('name')), owner: textOf(members.get('user')) };
};

const statusOf = (document: string): string => (membersOf(document).get('is_canceled') === 'true' ? CANCELED : '');

type WorkflowEvents = Pick<TorcEvents, 'WorkflowCreated' | 'WorkflowReplaced'>;

const EVENT_TYPES: readonly (keyof WorkflowEvents)[] = ['WorkflowCreated', 'WorkflowReplaced'];
const DELETION: keyof TorcEvents = 'WorkflowDeleted';

/** Workflows in lists of all workloads. They have no status of their own but that they are canceled. */
export const workflowKind: WorkloadKind = {
  eventTypes: EVENT_TYPES,
  deletedBy: DELETION,
  readers: 'rule-if-any',
  changeOf: ({ type, data }) => {
    // Only the deciders of this service write these events, so that their types are known.
    const event = { type, data } as object as EventOf<WorkflowEvents>;
    switch (event.type) {
      case 'WorkflowCreated': {
        const { workflow, status } = event.data;
        return {
          what: 'created',
          facts: { ...factsOfWorkflow(workflow), status: statusOf(status), expected: 0, isTruncated: false },
        };
      }
      case 'WorkflowReplaced': {
        const { part, document } = event.data;
        if (part === 'workflow') return { what: 'changed', facts: factsOfWorkflow(document) };
        return part === 'status' ? { what: 'changed', facts: { status: statusOf(document) } } : undefined;
      }
    }
  },
  stateOf: ({ status }, units) => {
    if (status === CANCELED) return { status, phase: 'cancelled' };
    const state = stateByUnits(units);
    const isStarted = state.phase === 'running' || state.phase === 'ready' || state.phase === 'blocked';
    // Disabled jobs are held too, but nothing is to come of them.
    const isUninitialized = (units.byStatus.get('uninitialized') ?? 0) > 0;
    return isUninitialized && !isStarted ? { status: 'uninitialized', phase: 'held' } : state;
  },
  failureReasonOn: () => (_, event) => {
    // Only the deciders of this service write these events, so that their types are known.
    const { result, status } = event.data as object as JobFailed;
    const code = membersOf(result.document).get('return_code') ?? '';
    return status === 'terminated' ? `terminated with return code ${code}` : `return code ${code}`;
  },
  workersOn: (database) => {
    const select = arrayStatement<readonly [ordinal: number, key: string | null, document: string]>(
      database,
      `SELECT torc_document.ordinal, torc_document.key, document FROM torc_edge JOIN torc_document
         ON torc_document.workload = torc_edge.workload AND collection = ? AND torc_document.ordinal = source
       WHERE torc_edge.workload = ? AND edge = ? AND target = ? ORDER BY torc_edge.ordinal DESC LIMIT 1`,
    );
    return (unit) => {
      const [node, edge] = [codeOf('compute_nodes'), codeOf('executed')];
      const [ordinal, key, document] = select.get(node, workloadOfKey(unit), edge, ordinalOfKey(unit)) ?? [];
      if (document === undefined) return undefined;
      return { worker_id: key ?? String(ordinal), host: textOf(membersOf(document).get('hostname')) };
    };
  },
  unitTitlesOn: (database) => {
    const select = arrayStatement<readonly [document: string]>(
      database,
      'SELECT document FROM torc_job_document WHERE unit = ?',
    );
    return (key) => {
      const document = select.get(key)?.[0];
      return document === undefined ? undefined : nameOfDocument(document);
    };
  },
};
