import type { DatabaseSync } from 'node:sqlite';
import type { PandaEvents, PandaUnitEvents } from '#contracts/panda/events.js';
import type { Ranges } from '#contracts/work-events.js';
import type { EventOf } from '#event-sourcing/event-of.js';
import type { AppliedEvent, Projection, ProjectionWriter } from '#event-sourcing/projection.js';
import { UnitReader } from '../engine/unit-row.js';
import { keyOf } from '../workload/member-key.js';
import type { WorkloadId } from '../workload/workloads.js';
import { COUNT_TABLES, JOB_CLASS_COLUMNS } from './count/job-counts.js';
import { DATASET_INDEXES, DATASET_TABLE, DatasetRows } from './file/dataset-rows.js';
import { FILE_INDEXES, FILE_TABLE } from './file/file-rows.js';
import { FileWriter } from './file/file-writer.js';
import type { JobEvent } from './job/job.js';
import { JOB_INDEXES, JOB_TABLES } from './job/job-rows.js';
import { JobWriter } from './job/job-writer.js';
import { SEQUENCE_TABLE, Sequences } from './sequences.js';
import { taskIdOf } from './streams.js';
import type { TaskEvent } from './task/task.js';
import { TASK_INDEXES, TASK_TABLES } from './task/task-rows.js';
import { TaskWriter } from './task/task-writer.js';
import { TEXT_TABLES, Texts } from './text/texts.js';
import { memberName, workloadName } from '../workload/told-names.js';

type Events = PandaEvents & PandaUnitEvents;

const EVENT_TYPES: readonly (keyof Events)[] = [
  ...(['TaskSubmitted', 'TaskMoved', 'TaskAmended', 'TextStored', 'TextContinued'] as const),
  ...(['DatasetsAdded', 'DatasetsMoved', 'FilesAdded', 'FilesReopened', 'FilesAmended'] as const),
  ...(['JobsCreated', 'JobFilesAdded', 'JobsAmended', 'JobsPrioritized', 'JobsPlaced'] as const),
  ...(['CommandRegistered', 'CommandExecuted', 'CommandDropped'] as const),
  ...(['UnitsClaimed', 'UnitStarted', 'UnitsMoved', 'UnitSucceeded', 'UnitFailed'] as const),
];

/** What the jobs of a class have in common, by its number. */
const classOf = (id: string): string => `(
  SELECT o.site || ' ' || o.cloud || ' ' || o.label || ' ' || o.share || ' ' || o.processing_type || ' ' || o.resource_type
  FROM panda_job_class o WHERE o.id = ${id})`;

/** Tasks of PanDA with their datasets, files, jobs and texts, and numbers of jobs. The engine's tables have come before. */
export const pandaProjection: Projection = {
  name: 'panda',
  version: 5,
  streamPrefixes: ['work-panda.'],
  eventTypes: EVENT_TYPES,
  tables: TASK_TABLES + TEXT_TABLES + DATASET_TABLE + FILE_TABLE + JOB_TABLES + COUNT_TABLES + SEQUENCE_TABLE,
  names: {
    'panda_task.workload': workloadName('t.workload'),
    // The log of a task is numbered among those of all tasks.
    'panda_status_log.number':
      '(SELECT count(*) FROM panda_status_log o WHERE o.task = t.task AND o.number <= t.number)',
    'panda_task_text.owner': workloadName('t.owner'),
    'panda_job_text.owner': memberName('t.owner'),
    'panda_job.key': memberName('t.key'),
    'panda_job.common': '(SELECT o.attributes FROM panda_job_common o WHERE o.id = t.common)',
    'panda_job.class': classOf('t.class'),
    'panda_job_common.id': 't.attributes',
    'panda_home.workload': workloadName('t.workload'),
    'panda_job_class.id': classOf('t.id'),
    'panda_job_count.class': classOf('t.class'),
    'panda_ended.class': classOf('t.class'),
  },
  numbered: { panda_job_class: JOB_CLASS_COLUMNS },
  indexes: TASK_INDEXES + DATASET_INDEXES + FILE_INDEXES + JOB_INDEXES,
  attach: (database) => new PandaWriter(database),
};

class PandaWriter implements ProjectionWriter {
  private readonly reader: UnitReader;
  private readonly sequences: Sequences;
  private readonly tasks: TaskWriter;
  private readonly files: FileWriter;
  private readonly jobs: JobWriter;
  private readonly taskTexts: Texts;
  private readonly jobTexts: Texts;

  constructor(database: DatabaseSync) {
    this.reader = new UnitReader(database);
    this.sequences = new Sequences(database);
    this.tasks = new TaskWriter(database, new DatasetRows(database));
    this.files = new FileWriter(database);
    this.jobs = new JobWriter(this.reader, this.files, this.sequences);
    this.taskTexts = new Texts(database, 'task');
    this.jobTexts = new Texts(database, 'job');
  }

  apply({ stream, type, data, metadata: { timeMicros } }: AppliedEvent): void | Generator<void, void, void> {
    const { workload_id: name } = data;
    const workload = this.reader.workloads.ensure(stream, typeof name === 'string' ? name : undefined);
    const taskId = taskIdOf(this.reader.workloads.nameOf(workload));
    // Only the deciders of this service write these events, so that their types are known.
    const event = { type, data } as object as EventOf<Events>;
    switch (event.type) {
      case 'TaskSubmitted':
        this.tasks.submitted(workload, event.data, timeMicros);
        this.sequences.raise('task', event.data.task_id);
        this.sequences.flush();
        return;
      case 'TextStored':
      case 'TextContinued':
        this.text(workload, event);
        return;
      case 'DatasetsAdded':
        this.files.datasetsAdded(taskId ?? 0, event.data);
        for (const { dataset_id: id } of event.data.datasets) this.sequences.raise('dataset', id);
        this.sequences.flush();
        return;
      case 'DatasetsMoved':
        this.files.datasetsMoved(event.data);
        return;
      case 'FilesAdded': {
        const { first_file_id: first, files, pseudo } = event.data;
        this.sequences.raise('file', first + (files?.length ?? 0) + (pseudo?.count ?? 0) - 1);
        this.sequences.flush();
        return this.files.filesAdded(event.data);
      }
      case 'FilesReopened':
        return this.files.filesReopened(event.data);
      case 'FilesAmended':
        return this.files.filesAmended(event.data);
      case 'JobsCreated':
        return this.jobs.created(workload, taskId, event.data, timeMicros);
      case 'JobFilesAdded':
        this.jobs.filesAdded(workload, event.data);
        return;
      case 'TaskMoved':
      case 'TaskAmended':
      case 'CommandRegistered':
      case 'CommandExecuted':
      case 'CommandDropped':
        if (taskId !== undefined) this.tasks.changed(taskId, event satisfies TaskEvent, timeMicros);
        return;
      default:
        return this.jobs.changed(workload, event.data.units, event satisfies JobEvent, timeMicros);
    }
  }

  flush(): void {
    this.jobs.flushCounts();
  }

  forget(): void {
    this.reader.forget();
    this.sequences.forget();
    this.files.forget();
    this.jobs.forget();
  }

  private text(workload: WorkloadId, { type, data }: EventOf<Pick<Events, 'TextStored' | 'TextContinued'>>): void {
    const ordinal = firstOf(data.units);
    const texts = ordinal === undefined ? this.taskTexts : this.jobTexts;
    const owner = ordinal === undefined ? workload : keyOf(workload, ordinal);
    if (type === 'TextStored') texts.stored(owner, data);
    else texts.continued(owner, data);
  }
}

const firstOf = (units: Ranges | undefined): number | undefined => units?.[0]?.[0];
