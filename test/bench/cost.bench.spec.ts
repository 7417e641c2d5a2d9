import { startEmbedded } from '../harness/cairn-process.js';
import { eventLoopCpuMs, longestWaitMs } from '../harness/cpu-time.js';
import type { HttpClient } from '../harness/http-client.js';
import { watchPeak } from '../harness/peak-memory.js';
import { type TestCluster, useTestCluster } from '../harness/test-cluster.js';
import type { Targets } from '../e2e/hostile-requests/example.js';
import type { HostileRequest } from '../e2e/hostile-requests/generator.js';
import { inTurn, type Place, RequestTemplate } from '../e2e/hostile-requests/growing-requests.js';
import type { Shape } from '../e2e/hostile-requests/growing-values.js';
import { nameOf, type OpenApi, operationsOf } from '../e2e/hostile-requests/openapi.js';
import { logVisitorIn, prepareClients, prepareTargets } from '../e2e/hostile-requests/targets.js';

/** Torc's collections are described once, as data: the four that are left have fields of all types. */
const ALIKE =
  /^\/workflows\/\{workflow\}\/(?:aws_schedulers|compute_node_stats|events|files|job_process_stats|local_schedulers|results|scheduled_compute_nodes|slurm_schedulers)(?:\/\{key\})?$/;

/** A job of `bulk_jobs` may be as large as the body: others waited 0.16 s for it on a busy machine. */
const NOT_YET = /\/bulk_jobs$/;

/** A pattern that takes quadratic time takes tenths of a second to read a text of so many characters. */
const CHARACTERS = 24 * 1024;
/** Values that are sent together: more would be refused for their length. */
const TOGETHER_MAX = 4;

/** Values that are refused anyway get few shapes each: together they get all. */
const ALONE_SHAPES = 1;

/** What takes the event loop no longer is not looked at more closely. */
const QUICK_MS = 30;
/** No garbage and no other program makes a request take so long. */
const HOPELESS_MS = 1_000;
/** So many requests in a row that take less show that nothing else is done. */
const IDLE_PROBES = 3;
const IDLE_MS = 3;
/** What takes longer with four times the characters grows faster than in proportion. Below the floor time says nothing. */
const GROWTH_MAX = 8;
const FLOOR_MS = 8;
/** Others wait no longer than this for a response. */
const WAIT_MS_MAX = 100;
/** The best of so many attempts counts: garbage is collected at any time, and others use the machine. */
const ATTEMPTS = 4;

const MIB = 1024 * 1024;
/** Uploads are streamed: longer ones show nothing more. */
const BODY_BYTES_MAX = 4 * MIB;
/** Of everything beside the value that grows. */
const REST_BYTES = 8 * 1024;
/** A value of JSON takes more memory than its text. */
const BYTES_PER_BYTE_MAX = 24;
const GROWTH_MIB_MAX = 96;

type Values = ReadonlyMap<string, string>;

/** Requests of any size, alike but for it. */
type Growing = (characters: number) => Values;

interface Measured {
  readonly status: number;
  readonly cpuMs: number;
}

const pidOf = ({ cairn }: TestCluster): number => [...cairn.pids().values()][0] ?? 0;

/** Waits until the event loop rests: what a request leaves behind counts as well. */
const settle = async (cluster: TestCluster): Promise<void> => {
  for (let idle = 0; idle < IDLE_PROBES;) {
    const before = eventLoopCpuMs(pidOf(cluster));
    await cluster.anonymous.get('/livez');
    idle = eventLoopCpuMs(pidOf(cluster)) - before < IDLE_MS ? idle + 1 : 0;
  }
};

const leastCpuMs = async (cluster: TestCluster, action: () => Promise<unknown>, enoughMs: number): Promise<number> => {
  let least = Infinity;
  for (let attempt = 0; attempt < ATTEMPTS && least > enoughMs; attempt += 1) {
    await settle(cluster);
    const before = eventLoopCpuMs(pidOf(cluster));
    await action();
    await settle(cluster);
    const cpuMs = eventLoopCpuMs(pidOf(cluster)) - before;
    least = Math.min(least, cpuMs);
    if (cpuMs > HOPELESS_MS) break;
  }
  return least;
};

/** What is wrong with the time of an action on so many characters; undefined when it grows in proportion, if it counts at all. */
const growthProblem = async (
  cluster: TestCluster,
  action: (characters: number) => Promise<unknown>,
  characters: number,
): Promise<{ readonly cpuMs: number; readonly problem?: string }> => {
  const cpuMs = await leastCpuMs(cluster, () => action(characters), QUICK_MS);
  if (cpuMs <= QUICK_MS) return { cpuMs };
  // What the action takes whatever the size does not count.
  const baseMs = await leastCpuMs(cluster, () => action(4), FLOOR_MS);
  const quarterMs = await leastCpuMs(cluster, () => action(characters / 4), baseMs + cpuMs / GROWTH_MAX / 2);
  if (cpuMs - baseMs <= GROWTH_MAX * Math.max(quarterMs - baseMs, FLOOR_MS)) return { cpuMs };
  const problem = `${Math.round(quarterMs)} ms grow to ${Math.round(cpuMs)} ms with four times the characters`;
  return { cpuMs, problem };
};

/**
 * Values of growing size in every place that a declared route has. Time is that of the event loop on a CPU, in a Cairn of one
 * process, where every service makes all others wait.
 */
describe('the cost of requests', () => {
  const cluster = useTestCluster({ start: startEmbedded });
  let visitor: HttpClient | undefined;
  let templates: readonly RequestTemplate[] = [];
  let pid = 0;

  beforeAll(async () => {
    const { anonymous } = cluster();
    pid = pidOf(cluster());
    const targets: Targets = { ...(await prepareClients(cluster())), ...(await prepareTargets(cluster())) };
    visitor = await logVisitorIn(cluster());
    // Deletions come last: the others need what they delete.
    templates = operationsOf((await anonymous.get('/openapi.json')).json as OpenApi)
      .filter(({ route }) => !ALIKE.test(route))
      .toSorted((one, other) => Number(one.method === 'DELETE') - Number(other.method === 'DELETE'))
      .map((operation, turn) => new RequestTemplate(operation, targets, turn));
  }, 60_000);

  const senderOf = ({ sender }: HostileRequest): HttpClient => {
    if (sender === 'user') return cluster().alice;
    if (sender === 'visitor') return visitor ?? cluster().anonymous;
    return sender === 'forger' ? cluster().nobody : cluster()[sender];
  };

  const statusOf = async (request: HostileRequest): Promise<number> => {
    const { method, path, body, headers } = request;
    try {
      return (await senderOf(request).send(method, path, { body, headers })).status;
    } catch {
      // A head that is too large, or a body that nobody reads, ends the connection.
      return 0;
    }
  };

  const measured = async (request: HostileRequest): Promise<Measured> => {
    const before = eventLoopCpuMs(pid);
    const status = await statusOf(request);
    return { status, cpuMs: eventLoopCpuMs(pid) - before };
  };

  /** As {@link growthProblem}, of requests; and whether others wait too long for them. */
  const timeProblem = async (
    template: RequestTemplate,
    growing: Growing,
    characters: number,
  ): Promise<string | undefined> => {
    const { cpuMs, problem } = await growthProblem(
      cluster(),
      (size) => statusOf(template.request(growing(size))),
      characters,
    );
    if (problem !== undefined || cpuMs <= WAIT_MS_MAX) return problem;
    let waitMs = Infinity;
    for (let attempt = 0; attempt < ATTEMPTS && waitMs > WAIT_MS_MAX; attempt += 1) {
      const request = template.request(growing(characters));
      waitMs = Math.min(waitMs, await longestWaitMs(cluster(), () => statusOf(request)));
    }
    return waitMs > WAIT_MS_MAX ? `others wait ${Math.round(waitMs)} ms` : undefined;
  };

  /** Resolves with the time of the request in which memory grew least, and what is wrong with that growth. */
  const memoryProblem = async (
    request: HostileRequest,
  ): Promise<{ readonly cpuMs: number; readonly problem: string | undefined }> => {
    const mibMax = GROWTH_MIB_MAX + (BYTES_PER_BYTE_MAX * Buffer.byteLength(request.body ?? '')) / MIB;
    let [least, leastMs] = [Infinity, Infinity];
    for (let attempt = 0; attempt < ATTEMPTS && least > mibMax; attempt += 1) {
      const growth = watchPeak(pid);
      leastMs = Math.min(leastMs, (await measured(request)).cpuMs);
      least = Math.min(least, growth());
    }
    return { cpuMs: leastMs, problem: least > mibMax ? `memory grows by ${Math.round(least)} MiB` : undefined };
  };

  const growingIn =
    (places: readonly Place[], shape: Shape): Growing =>
    (characters) =>
      new Map(places.map(({ name, charactersMax }) => [name, shape.of(Math.min(characters, charactersMax))]));

  /** Places whose values are read to their end, and the others: there a value may hide the next one, so they are measured one by one. */
  const split = async (template: RequestTemplate): Promise<readonly [together: Place[], alone: Place[]]> => {
    const [together, alone]: [Place[], Place[]] = [[], []];
    for (const place of template.places) {
      const isShared = place.takes === 'text' && place.charactersMax >= CHARACTERS && !place.name.startsWith('header');
      const isFree = isShared && (await statusOf(template.request(new Map([[place.name, 'a']])))) < 300;
      (isFree ? together : alone).push(place);
    }
    return [together, alone];
  };

  /** The body itself, all lists in it and one of the objects, each with the most common shape and another one. */
  const largest = ({ places }: RequestTemplate, turn: number): readonly (readonly [Place, Shape])[] => {
    const objects = places.filter(({ takes }) => takes === 'members');
    const lists = places.filter(({ takes }) => takes === 'elements');
    return [...lists, ...objects.slice(-1), ...inTurn(objects.slice(0, -1), turn, 1)].flatMap((place) =>
      [...place.shapes.slice(0, 1), ...inTurn(place.shapes.slice(1), turn, 1)].map((shape) => [place, shape] as const),
    );
  };

  it('grows in proportion to the size of any value', async () => {
    expect(templates.length).toBeGreaterThan(163 + 136 - 54);
    const problems = new Set<string>();

    let before: (() => Promise<void>) | undefined;
    const measure = async (template: RequestTemplate, places: readonly Place[], shape: Shape): Promise<boolean> => {
      const growing = growingIn(places, shape);
      const what = `${nameOf(template.operation)} ${places.map(({ name }) => name).join(', ')}: ${shape.name}`;
      const examine = async (): Promise<void> => {
        const problem = await timeProblem(template, growing, CHARACTERS).catch(String);
        if (problem !== undefined) problems.add(`${what}: ${problem}`);
      };
      const { status, cpuMs } = await measured(template.request(growing(CHARACTERS)));
      if (status >= 500) problems.add(`${what}: status ${status}`);
      if (cpuMs > QUICK_MS) {
        await examine();
        // It may have been what the request before had left behind.
        await before?.();
      }
      before = examine;
      return status < 300;
    };

    for (const [turn, template] of templates.entries()) {
      // The first ones tell enough; each may take minutes.
      if (problems.size > 0) break;
      const [together, alone] = await split(template);
      for (const [index, place] of alone.entries()) {
        const shapes = new Set([...place.shapes.slice(0, 1), ...inTurn(place.shapes, turn + index, ALONE_SHAPES)]);
        for (const shape of shapes) await measure(template, [place], shape);
      }
      for (const shape of new Set(together.flatMap(({ shapes }) => shapes))) {
        const places = together.filter(({ shapes }) => shapes.includes(shape));
        for (let from = 0; from < places.length; from += TOGETHER_MAX) {
          const some = places.slice(from, from + TOGETHER_MAX);
          if (await measure(template, some, shape)) continue;
          for (const place of some) await measure(template, [place], shape);
        }
      }
    }
    expect([...problems]).toEqual([]);
  }, 300_000);

  it('stays small for bodies as large as their routes accept them', async () => {
    const problems: string[] = [];
    for (const [turn, template] of templates.entries()) {
      const { bodyLimits, route } = template.operation;
      if (bodyLimits === undefined || NOT_YET.test(route)) continue;
      for (const [{ name, takes }, shape] of largest(template, turn)) {
        const most = takes === 'elements' ? bodyLimits.values : Math.min(bodyLimits.values, bodyLimits.names);
        const characters = Math.min(
          Math.min(bodyLimits.bytes, BODY_BYTES_MAX) - REST_BYTES,
          0.98 * most * (shape.charactersPerValue ?? Infinity),
        );
        const growing: Growing = (size) => new Map([[name, shape.of(size)]]);
        const { cpuMs, problem: memory } = await memoryProblem(template.request(growing(characters)));
        const time = cpuMs > WAIT_MS_MAX ? await timeProblem(template, growing, characters) : undefined;
        const problem = memory ?? time;
        if (problem !== undefined) problems.push(`${nameOf(template.operation)} ${name}: ${shape.name}: ${problem}`);
      }
    }
    expect(problems).toEqual([]);
  }, 300_000);
});
