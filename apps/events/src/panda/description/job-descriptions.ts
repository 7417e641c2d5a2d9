import type {
  JobsAmended,
  JobsMoved,
  PandaEvents,
  PandaUnitEvents,
  TextContinued,
  TextStored,
} from '#contracts/panda/events.js';
import type { RangeEvents } from '#contracts/panda/range-events.js';
import { counted, countOf, type DescriptionsOf, listed, type Subject } from '../../timeline/description.js';
import { unitDescriptions } from '../../timeline/unit-descriptions.js';
import { type ChangedValues, hidden, joined, plainValues, rawValues } from '../../timeline/values.js';

/** What PanDA calls what the engine knows of jobs. Neither leases nor counts of failures are shown in it. */
const ENGINE = unitDescriptions({ status: 'jobStatus', site: 'computingSite' });

/** The first values, and attributes that the event sets under their public names. */
const withSet = (values: ChangedValues | undefined, set: object | undefined): ChangedValues =>
  joined(values ?? new Map(), plainValues(set ?? {}));

const unitEvents: DescriptionsOf<PandaUnitEvents> = {
  UnitsClaimed: {
    what: ({ worker, ...data }, words) =>
      ENGINE.UnitsClaimed.what(data, words) +
      (worker === undefined ? '' : ` (worker ${worker.worker_id} of ${worker.harvester_id})`),
    sets: { unit: (data, subject) => withSet(ENGINE.UnitsClaimed.sets?.unit?.(data, subject), data.set) },
  },
  UnitStarted: {
    what: ENGINE.UnitStarted.what,
    sets: { unit: (data, subject) => withSet(ENGINE.UnitStarted.sets?.unit?.(data, subject), data.set) },
  },
  UnitsMoved: {
    what: ({ final, ...data }: JobsMoved, words) =>
      ENGINE.UnitsMoved.what(data, words) + (final === undefined ? '' : `, with ${final} reported as the end`),
    sets: {
      unit: ({ report, ...data }, subject) =>
        withSet(ENGINE.UnitsMoved.sets?.unit?.(data, subject), {
          ...{ ...data.set, ...data.end?.set },
          ...(report !== undefined && { report }),
        }),
    },
  },
  UnitSucceeded: {
    what: ENGINE.UnitSucceeded.what,
    sets: { unit: (data, subject) => withSet(ENGINE.UnitSucceeded.sets?.unit?.(data, subject), data.end.set) },
  },
  UnitFailed: {
    what: ENGINE.UnitFailed.what,
    sets: { unit: (data, subject) => withSet(ENGINE.UnitFailed.sets?.unit?.(data, subject), data.end.set) },
  },
};

/** A text that comes in parts is a value when its last part has come. */
const textValues = ({ name, text, goes_on: goesOn }: TextStored, start = ''): ChangedValues =>
  new Map([
    [hidden(name), goesOn ? JSON.stringify(start + text) : undefined],
    ...(goesOn ? [] : ([[name, JSON.stringify(start + text)]] as const)),
  ]);

const continued = (data: TextContinued, { before }: Subject): ChangedValues => {
  const start = before.get(hidden(data.name));
  return textValues(data, start === undefined ? '' : String(JSON.parse(start)));
};

const part = (goesOn: true | undefined): string => (goesOn ? ' (it goes on)' : '');

const textEvents: DescriptionsOf<Pick<PandaEvents, 'TextStored' | 'TextContinued'>> = {
  TextStored: {
    what: ({ units, name, goes_on }, words) => `stored the text ${name} of ${words.units(units)}${part(goes_on)}`,
    sets: { unit: (data) => textValues(data), workload: (data) => textValues(data) },
  },
  TextContinued: {
    what: ({ units, name, goes_on }, words) =>
      `stored more of the text ${name} of ${words.units(units)}${part(goes_on)}`,
    sets: { unit: continued, workload: continued },
    follows: () => ['TextStored', 'TextContinued'],
  },
};

const attributes = ({ set }: Pick<JobsAmended, 'set'>): string => listed(Object.keys(set));

const jobEvents: DescriptionsOf<
  Pick<PandaEvents, 'JobsCreated' | 'JobFilesAdded' | 'JobsAmended' | 'JobsPrioritized' | 'JobsPlaced'>
> = {
  JobsCreated: {
    what: ({ units, kind, site }, words) =>
      `made ${words.units(units)} to ${kind === 'run' ? 'run the payload' : kind}${site === '' ? '' : ` at ${site}`}`,
    sets: {
      unit: ({ status, site, label, priority, requirements, common, jobs }, { index }) =>
        joined(
          plainValues({
            PandaID: jobs[index]?.panda_id,
            jobStatus: status,
            computingSite: site,
            prodSourceLabel: label,
            currentPriority: priority,
            ...common,
            ...jobs[index]?.set,
          }),
          rawValues({ needs: requirements }),
        ),
    },
    unitData: ({ jobs, ...data }, index) => ({ ...data, jobs: jobs.slice(index, index + 1) }),
  },
  JobFilesAdded: {
    what: ({ units, files }, words) => `named ${counted(files.length, 'more file')} of ${words.units(units)}`,
  },
  JobsAmended: {
    what: ({ units, set, kind }, words) =>
      kind === 'heartbeat'
        ? `reported ${attributes({ set })} of ${words.units(units)}`
        : `set ${attributes({ set })} of ${words.units(units)}`,
    sets: { unit: ({ set }) => plainValues(set) },
  },
  JobsPrioritized: {
    what: ({ units, priority }, words) => `gave ${words.units(units)} the priority ${priority}`,
    sets: { unit: ({ priority }) => plainValues({ currentPriority: priority }) },
  },
  JobsPlaced: {
    what: ({ units, site, set }, words) =>
      site === undefined
        ? `changed what claims compare of ${words.units(units)}: ${attributes({ set })}`
        : `placed ${words.units(units)} at ${site}`,
    sets: {
      unit: ({ site, requirements, set }) =>
        joined(plainValues({ computingSite: site, ...set }), rawValues({ needs: requirements })),
    },
  },
};

const rangeEvents: DescriptionsOf<RangeEvents> = {
  RangesCut: {
    what: ({ jobset_id, records, attempts }) =>
      `cut ${counted(records.length, 'record')} of the jobset ${jobset_id} into event ranges, each with ${counted(attempts, 'attempt')}`,
  },
  RangesAcquired: {
    what: ({ panda_id, ranges }) => `gave ${counted(countOf(ranges), 'event range')} to the job ${panda_id}`,
  },
  RangesReported: {
    what: ({ panda_id, reports }) =>
      `reported event ranges of the job ${panda_id}: ${listed(reports.map(({ ranges, status }) => `${countOf(ranges)} ${status}`))}`,
  },
  RangesReleased: { what: ({ panda_id }) => `took the event ranges of the job ${panda_id} back at its end` },
  RangesMerged: { what: ({ jobset_id }) => `counted the event ranges of the jobset ${jobset_id} as merged` },
  RangesDiscarded: {
    what: ({ files }) =>
      files === undefined
        ? 'gave up all event ranges of the task'
        : `gave up the event ranges of ${counted(countOf(files), 'file')}`,
  },
  CloneChosen: {
    what: ({ jobset_id, panda_id }) => `chose the job ${panda_id} among the clones of the jobset ${jobset_id}`,
  },
};

export const jobDescriptions = { ...unitEvents, ...textEvents, ...jobEvents, ...rangeEvents };
