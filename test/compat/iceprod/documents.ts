import type { HttpClient, JsonAnswer } from '../../harness/http-client.js';
import { DATASET, ID, TIMESTAMP } from './fixtures.js';

export type Document = Readonly<Record<string, unknown>>;

export const anId: unknown = expect.stringMatching(ID);
export const aTime: unknown = expect.stringMatching(TIMESTAMP);

/** A dataset of alice right after its submission, with the given differences (contract 4.1). */
export const datasetDocument = (fields: Document): Document => ({
  dataset: expect.any(Number) as unknown,
  ...DATASET,
  username: 'alice',
  status: 'processing',
  priority: 0.5,
  debug: false,
  jobs_immutable: false,
  always_active: false,
  start_date: aTime,
  truncated: false,
  ...fields,
});

/** A job right after it was added (contract 6). */
export const jobDocument = (fields: Document): Document => ({
  job_index: 0,
  status: 'processing',
  status_changed: aTime,
  ...fields,
});

/** A task right after it was added (contract 7.1). */
export const taskDocument = (fields: Document): Document => ({
  task_index: 0,
  job_index: 0,
  name: 'generate',
  depends: [],
  requirements: {},
  status: 'idle',
  priority: 1,
  instance_id: '',
  status_changed: aTime,
  failures: 0,
  evictions: 0,
  walltime: 0,
  walltime_err: 0,
  walltime_err_n: 0,
  site: '',
  ...fields,
});

export const documentIn = ({ json }: JsonAnswer): Document => json as Document;

/** The id in `{"result": <id>}`. */
export const resultIn = (answer: JsonAnswer): string => String(documentIn(answer)['result']);

export const without = (document: Document, name: string): Document =>
  Object.fromEntries(Object.entries(document).filter(([each]) => each !== name));

const documentAt = async (client: HttpClient, path: string): Promise<Document> => {
  const answer = await client.get(path);
  expect(answer.status).toBe(200);
  return documentIn(answer);
};

export const readDataset = (client: HttpClient, id: string): Promise<Document> => documentAt(client, `/datasets/${id}`);

export const readTask = (client: HttpClient, id: string): Promise<Document> => documentAt(client, `/tasks/${id}`);
