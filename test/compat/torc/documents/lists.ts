import type { ExpectAnswer } from '../../exact-answers.js';
import { type Document, keyOf, list, refused } from '../answers.js';
import type { TorcClient } from '../torc-client.js';
import { initialized, job, newWorkflow } from '../workflow.js';

/** Contract 1.3, 1.6. */
export const lists = (torc: () => TorcClient, expectAnswer: ExpectAnswer): void => {
  it('pages continue each other in creation order, also after updates', async () => {
    const workflow = await newWorkflow(torc(), { jobs: Array.from({ length: 7 }, (_, index) => job(`job ${index}`)) });
    await workflow.setStatus('job 2', 'disabled');
    const jobs = await workflow.documents('jobs');
    expect(jobs.map(({ name }) => name)).toEqual(Array.from({ length: 7 }, (_, index) => `job ${index}`));
    const pages: Document[] = [];
    for (let skip = 0; skip < 7; skip += 3) {
      const page = await workflow.get(`/jobs?skip=${skip}&limit=3`);
      expectAnswer(page, list(jobs.slice(skip, skip + 3), { skip, total: 7 }), `skip ${skip}`);
      pages.push(...(page.json as { items: readonly Document[] }).items);
    }
    expect(pages).toEqual(jobs);
    expectAnswer(await workflow.get('/jobs?skip=7'), list([], { skip: 7, total: 7 }));
    expectAnswer(await workflow.get('/jobs?skip=1000000'), list([], { skip: 1_000_000, total: 7 }));
    // `limit=0` just counts (D34).
    expectAnswer(await workflow.get('/jobs?limit=0'), list([], { total: 7 }));
    expectAnswer(await workflow.get('/jobs?limit=5000000'), list(jobs));
    // Numbers may be written as floats.
    expectAnswer(await workflow.get('/jobs?skip=2.0&limit=1.0'), list(jobs.slice(2, 3), { skip: 2, total: 7 }));
    const uninitialized = jobs.filter(({ status }) => status === 'uninitialized');
    expectAnswer(
      await workflow.get('/jobs?status=uninitialized&skip=1&limit=2'),
      list(uninitialized.slice(1, 3), { skip: 1, total: 6 }),
    );
    expectAnswer(
      await workflow.get('/jobs/find_by_status/uninitialized?skip=5&limit=9'),
      list(uninitialized.slice(5), { skip: 5, total: 6 }),
    );
    expectAnswer(await workflow.get('/jobs/find_by_status/gone'), list([]));
    expectAnswer(await workflow.get('/jobs?status=gone'), list([]));
  });

  it('matches are sorted before they are cut into pages', async () => {
    const workflow = await newWorkflow(torc());
    const files: Document[] = [];
    for (const fields of [
      { path: 'c', st_mtime: 10 },
      { path: 'B', st_mtime: 9.5 },
      { path: 'a' },
      { path: 'é', st_mtime: 10 },
      { path: '10' },
      { path: '9', st_mtime: -1 },
    ]) {
      files.push(await workflow.added('files', fields));
    }
    const at = (...places: readonly number[]): readonly (Document | undefined)[] => places.map((place) => files[place]);
    for (const [query, places] of [
      // Strings by code point, numbers numerically, ties in creation order, documents without the field last.
      ['sort_by=path', [4, 5, 1, 2, 0, 3]],
      ['sort_by=path&reverse_sort=true', [3, 0, 2, 1, 5, 4]],
      ['sort_by=st_mtime', [5, 1, 0, 3, 2, 4]],
      ['sort_by=st_mtime&reverse_sort=true', [2, 4, 0, 3, 1, 5]],
      ['sort_by=st_mtime&reverse_sort=FALSE', [5, 1, 0, 3, 2, 4]],
      ['sort_by=nothing', [0, 1, 2, 3, 4, 5]],
      ['sort_by=nothing&reverse_sort=false', [0, 1, 2, 3, 4, 5]],
    ] as const) {
      expectAnswer(await workflow.get(`/files?${query}`), list(at(...places)), query);
      const page = list(at(...places.slice(2, 4)), { skip: 2, total: 6 });
      expectAnswer(await workflow.get(`/files?${query}&skip=2&limit=2`), page, `${query}, a page`);
    }
    expectAnswer(await workflow.get('/files?path=a&sort_by=path'), list(at(2)));
    const jobs: Document[] = [];
    for (const flag of [true, false, true]) {
      jobs.push(await workflow.added('jobs', { command: 'c', supports_termination: flag }));
    }
    const [one, two, three] = jobs;
    expectAnswer(await workflow.get('/jobs?sort_by=supports_termination'), list([two, one, three]));
    expectAnswer(await workflow.get('/jobs?sort_by=supports_termination&reverse_sort=true'), list([one, three, two]));
  });

  it('parameters that do not parse are refused, unknown ones ignored', async () => {
    const workflow = await newWorkflow(torc(), { jobs: [job('a')] });
    for (const query of [
      ...['limit=abc', 'limit=', 'skip=', 'skip=x', 'limit=1.5', 'skip=-1', 'limit=-1', 'reverse_sort=maybe'],
      ...['reverse_sort=', 'supports_termination=maybe', 'supports_termination='],
    ]) {
      expectAnswer(await workflow.get(`/jobs?${query}`), refused(400), query);
    }
    for (const query of ['run_id=x', 'run_id=', 'return_code=1.5', 'return_code=x']) {
      expectAnswer(await workflow.get(`/results?${query}`), refused(400), query);
    }
    const jobs = await workflow.documents('jobs');
    for (const query of [
      'color=red',
      'limit=10&offset=5',
      'supports_termination=False',
      'supports_termination=FALSE',
    ]) {
      expectAnswer(await workflow.get(`/jobs?${query}`), list(jobs), query);
    }
    for (const query of ['only_uninitialized=perhaps', 'clear_ephemeral_user_data=', 'only_uninitialized=2']) {
      expectAnswer(await workflow.post(`/initialize_jobs?${query}`), refused(400), query);
    }
    expectAnswer(await workflow.get('/jobs'), list(jobs));
    await workflow.initialize('?only_uninitialized=TRUE&clear_ephemeral_user_data=False');
    for (const query of ['limit=-1', 'limit=x', 'limit=', 'sort_method=size', 'sort_method=']) {
      expectAnswer(await workflow.claim(undefined, `?${query}`), refused(400), query);
    }
    expectAnswer(await workflow.post('/prepare_next_jobs_for_submission?limit=-1'), refused(400));
    expectAnswer(await workflow.post('/reset_job_status?failed_only=sometimes'), refused(400));
    expectAnswer(await workflow.post('/process_changed_job_inputs?dry_run=x'), refused(400));
    expectAnswer(await workflow.get('/events_after_timestamp/0?limit=-1'), refused(400));
  });

  it('lists about one job or file are paged like all others', async () => {
    const workflow = await initialized(torc(), {
      files: ['f', 'g', 'h'].map((name) => ({ name, path: name })),
      jobs: [
        job('root', { output_files: ['f', 'g', 'h'] }),
        job('x', { input_files: ['f'] }),
        job('y', { input_files: ['f'], blocked_by: ['x'] }),
        job('z', { input_files: ['f'], blocked_by: ['y'] }),
        job('last', { blocked_by: ['z', 'x'] }),
      ],
    });
    const [root = {}, x, y, z, last] = await workflow.documents('jobs');
    const files = await workflow.documents('files');
    const produced = `/files/produced_by_job/${keyOf(root)}`;
    expectAnswer(await workflow.get(produced), list(files));
    expectAnswer(await workflow.get(`${produced}?skip=1&limit=1`), list(files.slice(1, 2), { skip: 1, total: 3 }));
    const needing = `/jobs/find_by_needs_file/${keyOf(files[0] ?? {})}`;
    expectAnswer(await workflow.get(needing), list([x, y, z]));
    expectAnswer(await workflow.get(`${needing}?skip=1&limit=1`), list([y], { skip: 1, total: 3 }));
    expectAnswer(await workflow.get(`${needing}?skip=2`), list([z], { skip: 2, total: 3 }));
    const downstream = `/downstream_jobs/${keyOf(root)}`;
    // Breadth first, each once, without the job itself.
    expectAnswer(await workflow.get(downstream), list([x, y, z, last]));
    expectAnswer(await workflow.get(`${downstream}?skip=3&limit=5`), list([last], { skip: 3, total: 4 }));
    expectAnswer(await workflow.get(`/downstream_jobs/${keyOf(last ?? {})}`), list([]));
    for (const path of [
      '/jobs/find_by_needs_file/nobodys',
      '/files/produced_by_job/nobodys',
      '/downstream_jobs/nobodys',
    ]) {
      expectAnswer(await workflow.get(path), refused(404), path);
    }
  });
};
