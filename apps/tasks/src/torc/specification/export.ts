import { membersOf, objectText } from '#contracts/raw-json.js';
import type { PlainCollectionName } from '#contracts/torc/collections.js';
import { SCHEDULERS, SPECIFIED_WORKFLOW } from '#contracts/torc/specification.js';
import type { StoredAction } from '../action/action-rows.js';
import { documentText } from '../document/document-rows.js';
import type { StoredDocument, TorcView, Workflow } from '../view.js';
import { partText } from '../workflow/workflow-rows.js';
import { jobSpecification } from './job-specification.js';
import { UniqueNames } from './unique-names.js';

type ExportView = Pick<TorcView, 'documents' | 'jobs' | 'ends' | 'edgesFrom' | 'edgesTo' | 'document' | 'documentAt'>;

type Pieces = Generator<string | undefined, void, void>;

/** Pieces of a list of a specification. */
function* list<Item>(items: Iterable<Item>, textOf: (item: Item) => string): Pieces {
  let separator = '';
  yield '[';
  for (const item of items) {
    yield separator + textOf(item);
    separator = ',';
  }
  yield ']';
}

/**
 * The specification that recreates a workflow (Torc contract 5.18, D8), in pieces: joined, they are one JSON object. Where nothing is
 * yielded, the work may pause.
 */
export function* exportedSpecification(view: ExportView, workflow: Workflow, actions: readonly StoredAction[]): Pieces {
  const names = new UniqueNames();
  yield* names.read(
    view,
    workflow,
    actions.flatMap(({ jobs, scheduler }) => [...jobs, ...(scheduler === undefined ? [] : [scheduler])]),
  );

  const documents = (collection: PlainCollectionName): Pieces =>
    list(view.documents(workflow, collection), (stored: StoredDocument) => {
      const name = names.givenTo(stored.ordinal);
      const document =
        name === undefined ? stored.document : objectText(membersOf(stored.document).set('name', JSON.stringify(name)));
      return documentText(workflow, collection, { ...stored, document });
    });

  const own = [...membersOf(workflow.document)].filter(([name]) => Object.hasOwn(SPECIFIED_WORKFLOW, name));
  yield `${objectText(own).slice(0, -1)},"files":`;
  yield* documents('files');
  yield ',"resource_requirements":';
  yield* documents('resource_requirements');
  let before = ',"schedulers":{';
  for (const collection of SCHEDULERS) {
    yield `${before}"${collection}":`;
    yield* documents(collection);
    before = ',';
  }
  yield '},"user_data":';
  yield* documents('user_data');
  yield ',"jobs":';
  yield* list(view.jobs(workflow), (job) =>
    jobSpecification(view, workflow, job, (_, ordinal) => names.at(ordinal), names.givenTo(job.ordinal)),
  );
  if (actions.length > 0) {
    yield ',"actions":';
    yield* list(actions, ({ document, jobs, scheduler }) =>
      JSON.stringify({
        ...(JSON.parse(document) as object),
        ...(jobs.length > 0 && { jobs: jobs.map((ordinal) => names.at(ordinal)) }),
        ...(scheduler !== undefined && { scheduler: `slurm_schedulers/${names.at(scheduler)}` }),
      }),
    );
  }
  yield `,"config":${partText(workflow, 'config')}}`;
}
