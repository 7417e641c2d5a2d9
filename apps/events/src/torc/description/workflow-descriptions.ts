import { COLLECTIONS, type PlainCollectionName } from '#contracts/torc/collections.js';
import type { TorcEvents } from '#contracts/torc/events.js';
import { membersOf } from '#contracts/raw-json.js';
import { slicesOf } from '#contracts/ranges.js';
import type { Ranges } from '#contracts/work-events.js';
import { counted, countOf, type DescriptionsOf, type Subject } from '../../timeline/description.js';
import { isOf } from './document-subject.js';
import { type ChangedValues, exactly, hidden, joined, plainValues } from '../../timeline/values.js';

type WorkflowEvents = Omit<TorcEvents, 'JobsAdded' | 'JobReplaced' | 'JobsInitialized'>;

/** The members of the workflow, its config or its status are values `config.name`. */
const partValues = (part: string, document: string): Map<string, string> =>
  new Map([...membersOf(document)].map(([name, raw]) => [`${part}.${name}`, raw]));

const partReplaced = (part: string, document: string, { before }: Subject): ChangedValues => {
  const after: Map<string, string | undefined> = partValues(part, document);
  for (const name of before.keys()) {
    if (name.startsWith(`${part}.`) && !after.has(name)) after.set(name, undefined);
  }
  return after;
};

/** Key of an ordinal that a caller chose. */
const keyName = (ordinal: number): string => hidden(`key ${ordinal}`);
const started = (ordinal: number): string => hidden(`document ${ordinal}`);

/** Each document of a workflow is a value: `files/17`. */
const documentName = (collection: PlainCollectionName, ordinal: number, key: string | undefined): string =>
  `${collection}/${key ?? ordinal}`;

const nameIn = ({ before }: Subject, collection: PlainCollectionName, ordinal: number): string => {
  const key = before.get(keyName(ordinal));
  return documentName(collection, ordinal, key === undefined ? undefined : String(JSON.parse(key)));
};

/** A text that comes in parts is a value when its last part has come. */
const textValues = (name: string, ordinal: number, text: string, goesOn: true | undefined): ChangedValues =>
  new Map<string, string | undefined>(
    goesOn ? [[started(ordinal), text]] : [[started(ordinal), undefined], [name, text]], // prettier-ignore
  );

/** Members of the document of a timeline. A text that comes in parts is known when its last part has come. */
const documentValues = ({ before }: Subject, text: string, goesOn: true | undefined): ChangedValues => {
  if (goesOn) return new Map([[hidden('text'), text]]);
  return exactly(before, membersOf(text));
};

/** Of the action of a timeline, `action/<workflow>/<number>`: what it says in a run. */
const inRun = (run: number, value: object): ChangedValues => plainValues({ [`run ${run}`]: value });

const each = (ordinals: Ranges): readonly number[] => [...slicesOf(ordinals, 1)].map(([ordinal]) => ordinal);

const documentsText = (collection: PlainCollectionName, ordinals: Ranges): string => {
  const { noun } = COLLECTIONS[collection];
  const count = countOf(ordinals);
  return count === 1 ? `a document of ${collection}` : `${count} documents of ${collection} (${noun})`;
};

const part = (goesOn: true | undefined): string => (goesOn ? ' (it goes on)' : '');

export const workflowDescriptions: DescriptionsOf<WorkflowEvents> = {
  WorkflowCreated: {
    what: ({ workload_id }) => `created the workflow ${workload_id}`,
    sets: {
      workload: ({ workload_id, workflow, config, status }) =>
        joined(
          plainValues({ _key: workload_id }),
          partValues('workflow', workflow),
          partValues('config', config),
          partValues('status', status),
        ),
    },
  },
  WorkflowReplaced: {
    what: ({ part, is_reset }) =>
      is_reset
        ? 'reset the status of the workflow'
        : part === 'workflow'
          ? 'overwrote the workflow'
          : `overwrote the ${part} of the workflow`,
    sets: { workload: ({ part, document }, subject) => partReplaced(part, document, subject) },
  },
  WorkflowDeleted: {
    what: () => 'deleted the workflow with everything that belonged to it',
    sets: { workload: (_, { before }) => exactly(before) },
  },
  DocumentsStored: {
    what: ({ collection, ordinals, goes_on }) => `stored ${documentsText(collection, ordinals)}${part(goes_on)}`,
    sets: {
      workload: ({ collection, ordinals, documents, keys = {}, goes_on }) =>
        joined(
          ...each(ordinals).map((ordinal, at) =>
            joined(
              keys[ordinal] === undefined ? new Map() : plainValues({ [keyName(ordinal)]: keys[ordinal] }),
              textValues(documentName(collection, ordinal, keys[ordinal]), ordinal, documents[at] ?? '{}', goes_on),
            ),
          ),
        ),
      document: ({ collection, documents, goes_on }, subject) =>
        isOf(subject, collection) ? documentValues(subject, documents[subject.index] ?? '{}', goes_on) : undefined,
    },
  },
  DocumentReplaced: {
    what: ({ collection, goes_on }) => `overwrote a document of ${collection}${part(goes_on)}`,
    sets: {
      workload: ({ collection, ordinal, document, goes_on }, subject) =>
        textValues(nameIn(subject, collection, ordinal), ordinal, document, goes_on),
      document: ({ collection, document, goes_on }, subject) =>
        isOf(subject, collection) ? documentValues(subject, document, goes_on) : undefined,
    },
  },
  DocumentContinued: {
    what: ({ collection, goes_on }) => `stored more of a document of ${collection}${part(goes_on)}`,
    sets: {
      workload: ({ collection, ordinal, text, goes_on }, subject) => {
        const start = subject.before.get(started(ordinal)) ?? '';
        return textValues(nameIn(subject, collection, ordinal), ordinal, start + text, goes_on);
      },
      document: ({ collection, text, goes_on }, subject) =>
        isOf(subject, collection)
          ? documentValues(subject, (subject.before.get(hidden('text')) ?? '') + text, goes_on)
          : undefined,
    },
    follows: () => ['DocumentsStored', 'DocumentReplaced', 'DocumentContinued'],
  },
  DocumentsDeleted: {
    what: ({ collection, ordinals }) => `deleted ${documentsText(collection, ordinals)}`,
    sets: {
      workload: ({ collection, ordinals }, subject) => {
        const gone = new Map<string, undefined>();
        // Ranges may name many documents that have never been: those that the timeline knows are fewer.
        for (const [first, last] of ordinals) {
          for (const name of subject.before.keys()) {
            const key = name.startsWith(`${collection}/`) ? Number(name.slice(collection.length + 1)) : Number.NaN;
            if (key >= first && key <= last) gone.set(name, undefined);
          }
          if (first === last) gone.set(nameIn(subject, collection, first), undefined);
        }
        return gone;
      },
      document: ({ collection }, subject) => (isOf(subject, collection) ? exactly(subject.before) : undefined),
    },
  },
  EdgesAdded: { what: ({ edge, ordinals }) => `added ${counted(countOf(ordinals), 'edge')} ${edge}` },
  EdgesDeleted: { what: ({ edge, ordinals }) => `deleted ${counted(countOf(ordinals), 'edge')} ${edge}` },
  CompletionScriptHandedOut: { what: () => 'got the completion script of the workflow' },
  CompletionScriptSettled: {
    what: ({ has_arrived }) => `found that the completion script has ${has_arrived ? '' : 'not '}arrived`,
    follows: () => ['CompletionScriptHandedOut'],
  },
  ActionsAdded: {
    what: ({ actions }) => `added ${counted(actions.length, 'action')} to the workflow`,
    sets: {
      workload: ({ actions }) => new Map(actions.map(({ number, document }) => [`action ${number}`, document])),
      object: ({ actions }, { id }) =>
        membersOf(actions.find(({ number }) => id.endsWith(`/${number}`))?.document ?? '{}'),
    },
  },
  ActionClaimed: {
    what: ({ number, run_id, worker }) => `let ${worker} carry out the action ${number} in run ${run_id}`,
    sets: { object: ({ run_id, worker }) => inRun(run_id, { worker }) },
    follows: () => ['ActionsAdded'],
  },
  ActionCompleted: {
    what: ({ number, run_id, worker, is_successful }) =>
      `told that ${worker} has carried out the action ${number} in run ${run_id}${is_successful ? '' : ', and that it failed'}`,
    sets: { object: ({ run_id, worker, is_successful }) => inRun(run_id, { worker, is_successful }) },
    follows: () => ['ActionClaimed'],
  },
};
