import type { AddedJob, TorcEvents } from '#contracts/torc/events.js';
import type { TorcUnitEvents } from '#contracts/torc/event-types.js';
import { membersOf } from '#contracts/raw-json.js';
import type { UnitEvents } from '#contracts/work-events.js';
import { type DescriptionsOf, type Subject } from '../../timeline/description.js';
import { unitDescriptions } from '../../timeline/unit-descriptions.js';
import { isOf } from './document-subject.js';
import { type ChangedValues, hidden, joined, plainValues, rawValues, replacedBy } from '../../timeline/values.js';

/** What Torc's documents call what the engine knows of jobs. */
const ENGINE = unitDescriptions({ status: 'status', outcome: 'outcome' });

const DOCUMENT = hidden('document');

const jobValues = ({ document, status, key, requirements, scheduler, hash }: AddedJob): ChangedValues =>
  joined(
    membersOf(document),
    plainValues({ _key: key, status, scheduler_config_id: scheduler, hash }),
    rawValues({ requirements, [DOCUMENT]: document }),
  );

const returnCode = (result: { readonly document: string }): string =>
  ` with return code ${membersOf(result.document).get('return_code') ?? 'unknown'}`;

const endValues = (
  engine: ChangedValues | undefined,
  { result, input_hash }: { readonly result: { readonly document: string }; readonly input_hash: number },
): ChangedValues =>
  joined(engine ?? new Map(), rawValues({ result: result.document }), plainValues({ hash: input_hash }));

/** Of the compute node nothing changes. */
const nodeValues = (subject: Subject): ChangedValues | undefined =>
  isOf(subject, 'compute_nodes') ? new Map() : undefined;

const resultValues = (
  { result }: { readonly result: { readonly document: string } },
  subject: Subject,
): ChangedValues | undefined => (isOf(subject, 'results') ? membersOf(result.document) : nodeValues(subject));

export const jobDescriptions: DescriptionsOf<
  TorcUnitEvents &
    Pick<UnitEvents, 'UnitsLinked' | 'UnitsUnlinked'> &
    Pick<TorcEvents, 'JobsAdded' | 'JobReplaced' | 'JobsInitialized'>
> = {
  UnitsLinked: ENGINE.UnitsLinked,
  UnitsUnlinked: ENGINE.UnitsUnlinked,
  JobsAdded: {
    what: ({ units }, words) => `added ${words.units(units)}`,
    sets: {
      unit: ({ jobs }, { index }) => {
        const job = jobs[index];
        return job === undefined ? new Map() : jobValues(job);
      },
    },
    unitData: ({ jobs, ...data }, index) => ({ ...data, jobs: jobs.slice(index, index + 1) }),
  },
  JobReplaced: {
    what: ({ units }, words) => `overwrote ${words.units(units)}`,
    sets: {
      unit: ({ job }, { before }) => joined(replacedBy(job.document, before.get(DOCUMENT)), jobValues(job)),
    },
  },
  JobsInitialized: {
    what: ({ units, status }, words) =>
      `initialized ${words.units(units)}${status === undefined ? '' : `, now ${status}`}`,
    sets: {
      unit: ({ requirements, scheduler, status }) =>
        joined(rawValues({ requirements }), plainValues({ scheduler_config_id: scheduler, status })),
    },
  },
  UnitStarted: {
    what: (data, words) => `${ENGINE.UnitStarted.what(data, words)} in run ${data.run_id}`,
    sets: {
      unit: (data, subject) =>
        joined(ENGINE.UnitStarted.sets?.unit?.(data, subject) ?? new Map(), plainValues({ run_id: data.run_id })),
      document: (_, subject) => nodeValues(subject),
    },
  },
  UnitSucceeded: {
    what: (data, words) => ENGINE.UnitSucceeded.what(data, words) + returnCode(data.result),
    sets: {
      unit: (data, subject) => endValues(ENGINE.UnitSucceeded.sets?.unit?.(data, subject), data),
      document: resultValues,
    },
  },
  UnitFailed: {
    what: (data, words) => ENGINE.UnitFailed.what(data, words) + returnCode(data.result),
    sets: {
      unit: (data, subject) => endValues(ENGINE.UnitFailed.sets?.unit?.(data, subject), data),
      document: resultValues,
    },
  },
  UnitsMoved: {
    what: ENGINE.UnitsMoved.what,
    sets: {
      unit: (data, subject) => {
        const engine = ENGINE.UnitsMoved.sets?.unit?.(data, subject);
        return 'result' in data ? endValues(engine, data) : (engine ?? new Map());
      },
      document: (data, subject) => ('result' in data ? resultValues(data, subject) : undefined),
    },
  },
  UnitsRemoved: ENGINE.UnitsRemoved,
};
