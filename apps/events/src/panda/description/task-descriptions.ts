import type { PandaEvents } from '#contracts/panda/events.js';
import { because, counted, countOf, type DescriptionsOf, listed, type Subject } from '../../timeline/description.js';
import { type ChangedValues, joined, plainValues } from '../../timeline/values.js';

type TaskEvents = Pick<
  PandaEvents,
  | ('TaskSubmitted' | 'TaskMoved' | 'TaskAmended' | 'CommandRegistered' | 'CommandExecuted' | 'CommandDropped')
  | ('DatasetsAdded' | 'DatasetsMoved' | 'FilesAdded' | 'FilesReopened' | 'FilesAmended')
>;

const COMMAND = 'command';

/** Each dataset of a task is a value of its own. */
const datasetName = (id: number): string => `dataset ${id}`;

const datasetIn = ({ before }: Subject, id: number): Readonly<Record<string, unknown>> =>
  JSON.parse(before.get(datasetName(id)) ?? '{}') as Readonly<Record<string, unknown>>;

const commandDone = (): ChangedValues => new Map([[COMMAND, undefined]]);

const filesText = (files: Parameters<typeof countOf>[0]): string => counted(countOf(files), 'file');

export const taskDescriptions: DescriptionsOf<TaskEvents> = {
  TaskSubmitted: {
    what: ({ task_id, set }) => `submitted the task ${task_id}${set.taskName ? ` (${set.taskName})` : ''}`,
    sets: { workload: ({ task_id, set }) => plainValues({ jediTaskID: task_id, ...set }) },
  },
  TaskMoved: {
    what: ({ status, reason, command }) =>
      `set the task to ${status}${command === undefined ? '' : ` by the command ${command}`}${because(reason)}`,
    sets: { workload: ({ status, set }) => joined(plainValues({ status }), plainValues(set ?? {})) },
    follows: ({ command }) => (command === undefined ? [] : ['CommandRegistered']),
  },
  TaskAmended: {
    what: ({ set, reason }) => `set ${listed(Object.keys(set))} of the task${because(reason)}`,
    sets: { workload: ({ set }) => plainValues(set) },
  },
  CommandRegistered: {
    what: ({ command, by }) => `registered the command ${command} of ${by} for the task`,
    sets: {
      workload: ({ command, options, by }) =>
        new Map([[COMMAND, `{"command":"${command}","by":${JSON.stringify(by)},"options":${options || 'null'}}`]]),
    },
  },
  CommandExecuted: {
    what: ({ command }) => `carried out the command ${command}`,
    sets: { workload: commandDone },
    follows: () => ['CommandRegistered'],
  },
  CommandDropped: {
    what: ({ command, reason }) => `dropped the command ${command}${because(reason)}`,
    sets: { workload: commandDone },
    follows: () => ['CommandRegistered'],
  },
  DatasetsAdded: {
    what: ({ datasets }) => `added ${counted(datasets.length, 'dataset')}: ${listed(datasets.map(({ name }) => name))}`,
    sets: {
      workload: ({ datasets }) =>
        plainValues(Object.fromEntries(datasets.map((dataset) => [datasetName(dataset.dataset_id), dataset]))),
    },
  },
  DatasetsMoved: {
    what: ({ datasets, status, state, files_to_be_used: files }) => {
      const changes = [
        ...(status === undefined ? [] : [`the status ${status}`]),
        ...(state === undefined ? [] : [`the state ${state}`]),
        ...(files === undefined ? [] : [`${counted(files, 'file')} to be used`]),
      ];
      return `gave ${counted(datasets.length, 'dataset')} ${listed(changes)}`;
    },
    sets: {
      workload: ({ datasets, ...change }, subject) =>
        plainValues(
          Object.fromEntries(datasets.map((id) => [datasetName(id), { ...datasetIn(subject, id), ...change }])),
        ),
    },
  },
  FilesAdded: {
    what: ({ dataset_id, files, pseudo, status }) =>
      `added ${counted(files?.length ?? pseudo?.count ?? 0, 'file')} to the dataset ${dataset_id}, ${status}`,
  },
  FilesReopened: { what: ({ files }) => `made ${filesText(files)} ready to be used again` },
  FilesAmended: {
    what: ({ files, status }) =>
      `changed the attributes of ${filesText(files)}${status === undefined ? '' : `, now ${status}`}`,
  },
};
