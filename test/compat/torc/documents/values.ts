import type { ExpectAnswer } from '../../exact-answers.js';
import { keyOf, ok, refused } from '../answers.js';
import type { TorcClient } from '../torc-client.js';
import { initialized, job, newWorkflow } from '../workflow.js';

const KIB = 1024;

/** Memory strings and their bytes. */
const MEMORY: readonly (readonly [string, number])[] = [
  ...([
    ['1m', KIB ** 2],
    ['30 G', 30 * KIB ** 3],
    ['3000M', 3000 * KIB ** 2],
    ['1048576', KIB ** 2],
  ] as const),
  ...([
    ['10GB', 10 * KIB ** 3],
    ['10GiB', 10 * KIB ** 3],
    ['2t', 2 * KIB ** 4],
    ['7k', 7 * KIB],
    ['0', 0],
  ] as const),
  ...([
    ['1.5g', 1.5 * KIB ** 3],
    ['2  T', 2 * KIB ** 4],
    ['5K', 5 * KIB],
  ] as const),
];

/** Durations and their seconds. */
const DURATIONS: readonly (readonly [string, number])[] = [
  ...([
    ['P0DT1M', 60],
    ['PT60S', 60],
    ['P1D', 86_400],
    ['PT23H59M59.98765S', 86_399.98765],
  ] as const),
  ...([
    ['PT0.000012S', 0.000012],
    ['P0DT1m', 60],
    ['p0dt1m', 60],
    ['P2W', 14 * 86_400],
  ] as const),
  ...([
    ['P1DT2H3M4S', 93_784],
    ['PT1,5H', 5400],
    ['P0DT12H', 43_200],
  ] as const),
];

const WRONG_MEMORY = ['', 'g', 'much', '-1g', '1..5g', '1x', '1 5', '0x10', 'NaN', '1e3'];
const WRONG_DURATIONS = ['', 'P', 'PT', 'P1Y', 'P1M', '1h', 'PT1X', 'T1H', 'PT1M1H', 'PT-5S', '60', 'PT1.2.3S'];

/** Contract 1.9. */
export const values = (torc: () => TorcClient, expectAnswer: ExpectAnswer): void => {
  it('memory and durations are read as the contract says', async () => {
    const workflow = await initialized(torc(), {
      resource_requirements: [
        ...MEMORY.map(([memory], index) => ({ name: `m${index}`, memory })),
        ...DURATIONS.map(([runtime], index) => ({ name: `d${index}`, runtime })),
      ],
      jobs: [
        ...MEMORY.map((_, index) => job(`m${index}`, { resource_requirements: `m${index}` })),
        ...DURATIONS.map((_, index) => job(`d${index}`, { resource_requirements: `d${index}` })),
      ],
    });
    const jobs = await workflow.documents('jobs');
    const of = (name: string, field: string): unknown =>
      (jobs.find((each) => each['name'] === name)?.['internal'] as Readonly<Record<string, unknown>>)[field];
    MEMORY.forEach(([memory, bytes], index) => {
      expectAnswer({ memory, bytes: of(`m${index}`, 'memory_bytes') }, { memory, bytes });
    });
    DURATIONS.forEach(([runtime, seconds], index) => {
      expectAnswer({ runtime, seconds: of(`d${index}`, 'runtime_seconds') }, { runtime, seconds });
    });
    // The strings themselves come back unchanged.
    const groups = await workflow.documents('resource_requirements');
    expect(groups.map(({ memory }) => memory).slice(0, MEMORY.length)).toEqual(MEMORY.map(([memory]) => memory));
    expect(groups.map(({ runtime }) => runtime).slice(MEMORY.length)).toEqual(DURATIONS.map(([runtime]) => runtime));
  });

  it('all others are refused at POST, at PUT and in specifications', async () => {
    const workflow = await newWorkflow(torc());
    const group = await workflow.added('resource_requirements', { name: 'g' });
    for (const wrong of [
      ...WRONG_MEMORY.map((memory) => ({ memory })),
      ...WRONG_DURATIONS.map((runtime) => ({ runtime })),
    ]) {
      const what = JSON.stringify(wrong);
      expectAnswer(await workflow.post('/resource_requirements', wrong), refused(400), `POST ${what}`);
      expectAnswer(
        await workflow.put(`/resource_requirements/${keyOf(group)}`, { ...group, ...wrong }),
        refused(400),
        `PUT ${what}`,
      );
      const specification = { resource_requirements: [{ name: 'g', ...wrong }], jobs: [] };
      expectAnswer(await torc().post('/workflow_specifications', specification), refused(400), `specification ${what}`);
    }
    expectAnswer(await workflow.get(`/resource_requirements/${keyOf(group)}`), ok(group));
    for (const limit of ['soon', 'P1Y', '', 'PT']) {
      expectAnswer(await workflow.claim({ num_cpus: 1, memory_gb: 1, time_limit: limit }), refused(400), limit);
    }
    for (const limit of ['-PT5S', 'PT0S', 'P1D', null]) {
      expect(await workflow.claim({ num_cpus: 1, memory_gb: 1, time_limit: limit })).toMatchObject({ status: 200 });
    }
    for (const wrong of [
      {},
      { num_cpus: 1 },
      { memory_gb: 1 },
      { num_cpus: 1, memory_gb: 1, color: 1 },
      { num_cpus: 0.5, memory_gb: 1 },
    ]) {
      expectAnswer(await workflow.claim(wrong), refused(400), JSON.stringify(wrong));
    }
  });

  it('times of files come back as the same doubles, times of clients byte for byte', async () => {
    const workflow = await newWorkflow(torc());
    for (const mtime of [
      1772355300.2321782,
      1772355300.5651662,
      0.1 + 0.2,
      5e-324,
      1.7976931348623157e308,
      -0.5,
      1e21,
    ]) {
      const file = await workflow.added('files', { path: 'p', st_mtime: mtime });
      expect(file['st_mtime']).toBe(mtime);
      const [read] = (await workflow.documents('files')).slice(-1);
      expect(read?.['st_mtime']).toBe(mtime);
    }
    for (const time of ['2026-03-01 09:15:00.123456', '2026-03-01T09:15:00.123456', ' any text é \u0001 ']) {
      const stats = await workflow.added('compute_node_stats', { hostname: 'h', timestamp: time, stats: [] });
      expect(stats['timestamp']).toBe(time);
      expect((await workflow.documents('compute_node_stats')).at(-1)?.['timestamp']).toBe(time);
    }
  });

  it('free documents keep what their writers wrote', async () => {
    const workflow = await newWorkflow(torc());
    const data =
      '{"float":1.0,"large":12345678901234567890,"exponent":1e5,"text":"\\u00e9\\ud83d\\ude00","empty":{},"none":null}';
    const posted = await workflow.torc.send('POST', workflow.at('/user_data'), `{"name":"free","data":${data}}`);
    const { _key: key } = posted.json as { readonly _key: string };
    const text = await workflow.torc.text(workflow.at(`/user_data/${key}`));
    expect(text).toContain('"float":1.0');
    expect(text).toContain('12345678901234567890');
    expect(JSON.parse(text)).toMatchObject({ data: JSON.parse(data) as unknown });
    const event = await workflow.torc.send(
      'POST',
      workflow.at('/events'),
      '{"category":"x","big":9007199254740993,"f":2.0}',
    );
    const events = await workflow.torc.text(workflow.at(`/events/${(event.json as { _key: string })._key}`));
    expect(events).toContain('"big":9007199254740993');
    expect(events).toContain('"f":2.0');
    // Integers have no decimal point, whatever the body said.
    const group = await workflow.torc.send('POST', workflow.at('/resource_requirements'), '{"num_cpus":4.0}');
    const written = await workflow.torc.text(
      workflow.at(`/resource_requirements/${(group.json as { _key: string })._key}`),
    );
    expect(written).toMatch(/"num_cpus": ?4[,}]/);
  });
};
