import type { DatasetFileEvents } from '#contracts/iceprod/dataset-file-events.js';
import type { LogEvents } from '#contracts/iceprod/log-events.js';
import { taskPriority } from '#contracts/iceprod/priority.js';
import { changeRequirements } from '#contracts/iceprod/requirement-change.js';
import type { TaskEvents, TaskStatEvents } from '#contracts/iceprod/task-events.js';
import { elementsOf, membersOf } from '#contracts/raw-json.js';
import type { UnitEvents } from '#contracts/work-events.js';
import { counted, type DescriptionsOf, listed, type Subject } from '../../timeline/description.js';
import { unitDescriptions } from '../../timeline/unit-descriptions.js';
import { exactly, joined, plainValues, rawValues } from '../../timeline/values.js';

/** What the documents of tasks call what the engine knows (contract 7.1). */
const TASK = {
  id: 'task_id',
  workload: 'dataset_id',
  group: 'job_id',
  groupIndex: 'job_index',
  index: 'task_index',
  name: 'name',
  depends: 'depends',
  requirements: 'requirements',
  status: 'status',
  priority: 'priority',
  lease: 'instance_id',
  site: 'site',
  failures: 'failures',
  evictions: 'evictions',
  hours: 'walltime',
  failedHours: 'walltime_err',
  failedRuns: 'walltime_err_n',
} as const;

const numberIn = ({ before }: Subject, name: string): number => Number(before.get(name) ?? 0);

/** Files that are not shown are none; the list is raw JSON. */
const filesIn = ({ before }: Subject): readonly string[] => elementsOf(before.get('files') ?? '[]');

export const taskDescriptions: DescriptionsOf<
  UnitEvents & TaskEvents & TaskStatEvents & DatasetFileEvents & LogEvents
> = {
  ...unitDescriptions(TASK),
  TaskRequirementsSet: {
    what: ({ units, mode, requirements }, words) =>
      `${mode === 'merge' ? 'set' : 'replaced'} requirements of ${words.units(units)}: ${listed([...membersOf(requirements).keys()])}`,
    sets: {
      unit: ({ mode, requirements }, { before }) =>
        rawValues({ requirements: changeRequirements(before.get('requirements') ?? '{}', mode, requirements) }),
    },
  },
  TasksPrioritized: {
    what: ({ units, weight }, words) =>
      weight === undefined
        ? `gave ${words.units(units)} the priority 0, because of tasks that they wait for`
        : `worked out priorities of ${words.units(units)} from the weight ${weight} of the dataset`,
    sets: {
      unit: ({ weight, jobs, tasks }, subject) =>
        plainValues({
          priority: taskPriority(weight, {
            taskIndex: numberIn(subject, TASK.index),
            jobIndex: numberIn(subject, TASK.groupIndex),
            jobsSubmitted: jobs,
            tasksSubmitted: tasks,
          }),
        }),
    },
  },
  TaskStatRecorded: {
    what: ({ units, task_id }, words) =>
      `recorded statistics of a run of ${units === undefined ? `the task ${task_id}` : words.units(units)}`,
  },
  FileAdded: {
    what: ({ units, task_id, file }, words) =>
      `named the ${file.movement} file ${file.remote || file.local} for ${units === undefined ? `the task ${task_id}` : words.units(units)}`,
    sets: {
      unit: ({ file }, subject) => rawValues({ files: `[${[...filesIn(subject), JSON.stringify(file)].join(',')}]` }),
    },
  },
  FilesRemoved: {
    what: ({ units, task_id }, words) =>
      `took all files off the list of ${units === undefined ? `the task ${task_id}` : words.units(units)}`,
    sets: { unit: () => rawValues({ files: '[]' }) },
  },
  LogStored: {
    what: ({ name, task_id, body }, { nouns }) =>
      `stored the log ${name} (${counted(body.size, 'byte')}) of ${task_id === undefined ? `the ${nouns.workload}` : `the ${nouns.unit} ${task_id}`}`,
    sets: {
      object: ({ log_id, dataset_id, task_id, name, fields, body }) =>
        joined(plainValues({ log_id, dataset_id, task_id, name, size: body.size }), rawValues({ fields })),
    },
  },
  LogsDeleted: {
    what: ({ logs }) => `deleted ${counted(logs.length, 'log')}`,
    sets: { object: (_, { before }) => exactly(before) },
  },
};
