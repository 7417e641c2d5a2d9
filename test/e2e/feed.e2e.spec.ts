import { eventually } from '#platform/testing/eventually.js';
import { newDataset, newJob, newTask } from '../compat/iceprod/fixtures.js';
import { MODES } from '../harness/cairn-process.js';
import { type Got, SseFollower } from '../harness/sse-follower.js';
import { useTestCluster } from '../harness/test-cluster.js';
import { gotOf, historyOf } from '../harness/told-history.js';

const FOLLOWERS = 40;

describe.each(MODES)('GET /cairn/events ($mode)', (mode) => {
  const cluster = useTestCluster(mode);
  const stop = new AbortController();
  const following: Promise<void>[] = [];

  afterAll(async () => {
    stop.abort();
    await Promise.all(following);
  });

  const follow = async (
    username: string,
    groups: readonly string[],
    query = '',
    last: string | undefined = '0',
    until: AbortSignal = stop.signal,
  ): Promise<SseFollower> => {
    const { cairn } = cluster();
    const role = username === 'root' ? 'admin' : 'user';
    const follower = new SseFollower(cairn, await cairn.token({ username, roles: [role], groups }), query, last);
    following.push(follower.follow(until));
    return follower;
  };

  /** The events of streams with this in their names. */
  const history = async (part = ''): Promise<readonly Got[]> => {
    const told = await historyOf(cluster().cairn);
    return gotOf(told.filter(({ stream }) => stream.includes(part)));
  };

  const fill = async (dataset: string): Promise<string> => {
    const { system } = cluster();
    const job = await newJob(system, dataset);
    return newTask(system, dataset, { job_id: job });
  };

  it('tells many followers each event once and in order, from where they left off', async () => {
    const followers = await Promise.all(Array.from({ length: FOLLOWERS }, () => follow('root', [])));
    for (let round = 0; round < 3; round += 1) await fill(await newDataset(cluster().alice));
    const all = await history();
    for (const { got } of followers) await eventually(() => got, all);
    const middle = all[Math.floor(all.length / 2)]?.cursor;
    const later = await follow('root', [], '', middle);
    await eventually(() => later.got, all.slice(Math.floor(all.length / 2) + 1));
  });

  it('tells who may read the data, also when the rule changes meanwhile', async () => {
    const { alice, admin } = cluster();
    const [owner, stranger] = [await follow('alice', ['simprod']), await follow('carol', [])];
    const dataset = await newDataset(alice);
    expect((await admin.put(`/auths/${dataset}`, { read_groups: ['simprod'], write_groups: ['simprod'] })).status).toBe(
      200,
    );
    await fill(dataset);
    const secret = await history(dataset);
    await eventually(() => owner.got.map(({ id }) => id), expect.arrayContaining(secret.map(({ id }) => id)));
    expect(
      (await admin.put(`/auths/${dataset}`, { read_groups: ['simprod', 'users'], write_groups: ['simprod'] })).status,
    ).toBe(200);
    await fill(dataset);
    const shown = (await history(dataset)).slice(secret.length);
    await eventually(() => stranger.got.map(({ id }) => id), expect.arrayContaining(shown.map(({ id }) => id)));
    // Of what was recorded while the rule did not let her read, she was told nothing.
    const told = new Set(stranger.got.map(({ id }) => id));
    const hidden = secret.slice(1).filter(({ id }) => told.has(id));
    expect(hidden).toEqual([]);
  });

  it('tells what is wanted only, the same whether it is new or was missed', async () => {
    const { alice } = cluster();
    const [dataset, other] = [await newDataset(alice), await newDataset(alice)];
    const task = await fill(dataset);
    const start = (await history()).at(-1)?.cursor;
    const queries = [
      `?workload=${dataset}`,
      `?unit=${task}`,
      '?type=UnitAmended,UnitsMoved',
      '?actor=alice,root',
      '?dialect=panda',
    ];
    const live = await Promise.all(queries.map((query) => follow('root', [], query, start)));
    for (const id of [dataset, other]) {
      const moved = id === dataset ? task : await fill(other);
      const { status } = await cluster().admin.put(`/datasets/${id}/tasks/${moved}/status`, { status: 'waiting' });
      expect(status).toBe(200);
    }
    const all = await history();
    const late = await Promise.all(queries.map((query) => follow('root', [], query, start)));
    const last = all.at(-1);
    // Everybody is told of the end, and of what is between.
    for (const [index, query] of queries.entries()) {
      await eventually(() => late[index]?.got, live[index]?.got);
      const got = live[index]?.got ?? [];
      const isOfOther = got.some(({ id }) => id === last?.id);
      expect([query, got.length > 0, isOfOther]).toEqual([query, index !== 4, index === 2 || index === 3]);
    }
  });

  it('says what is wrong with a place', async () => {
    const { alice } = cluster();
    const refused = async (path: string): Promise<unknown> => (await alice.get(path)).json;
    expect(await refused('/cairn/events?workload=nobody-knows')).toMatchObject({ status: 404 });
    expect(await refused('/cairn/events?after=now')).toMatchObject({
      status: 400,
      detail: expect.stringContaining('after') as string,
    });
    expect(await refused('/cairn/events?after=987654321')).toMatchObject({
      ...{ status: 400, type: 'urn:cairn:error:feed.unknown-place' },
      detail: 'The history has no event 987654321',
    });
    expect(await refused('/cairn/events?after=1.7')).toMatchObject({
      status: 400,
      detail: 'The history has no event 1.7',
    });
    const [one, other] = await history();
    const place = (position = '', id = ''): string => `/cairn/events?after=${position}-${id}`;
    expect(await refused(place(one?.cursor, other?.id))).toMatchObject({
      ...{ status: 400, type: 'urn:cairn:error:feed.unknown-place' },
      detail: `The history has no event ${one?.cursor} with this id`,
    });
    const later = await follow('root', [], '', `${one?.cursor}-${one?.id}`);
    await eventually(() => later.got[0], other);
  });
});
