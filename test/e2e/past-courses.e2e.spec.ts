import { setTimeout as delay } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { loadEnvironment } from '#platform/environment.js';
import { createLog } from '#platform/logging.js';
import type { Ledger, Position } from '#ledger/ledger.js';
import { ref } from '#ledger/ref.js';
import { Moment as OpenMoment } from '../../apps/cairn/src/past/moment.js';
import { openPastBlobs } from '../../apps/cairn/src/past/past-blobs.js';
import { ViewKeeper } from '../../apps/cairn/src/past/view-keeper.js';
import { pastOf } from '../../apps/events/src/past/streams-of-past.js';
import { Random } from '../chaos/random.js';
import { TorcClient } from '../compat/torc/torc-client.js';
import { usePanda } from '../compat/panda/use-panda.js';
import { startEmbedded } from '../harness/cairn-process.js';
import { openTestLedger } from '../harness/open-test-ledger.js';
import { VARIABLES } from '../harness/test-cluster.js';
import { type Course, textOf } from './past-courses/course.js';
import { iceprodCourse } from './past-courses/iceprod-course.js';
import { pandaCourse } from './past-courses/panda-course.js';
import { torcCourse } from './past-courses/torc-course.js';

/** `PAST_COURSES=20 npm run -s jest -- past-courses` tries more. The first of a dialect meets statuses in the order of the whole history, others not. */
const COURSES = Number(process.env['PAST_COURSES'] ?? 2);
const SEED = 20_261_129;
const CHANGES = 15;
/** So many of the moments are asked for, in any order and some of them again. */
const QUESTIONS = 4;
/** So close together, moments take over copies also where hardly anything has happened. */
const DISTANCES = { checkpoints: 1_000, copies: 2, step: 3 };
const CALLER = { username: 'auditor', roles: ['admin', 'system'], groups: [] };
/** Stages of a task go on by themselves. */
const REST_MS = 100;

/** Names of the documents that `/at` answers. */
const DOCUMENTS = ['workload', 'document', 'unit'];

/** What the API answered, and where the ledger ended then. */
interface Moment {
  readonly position: Position;
  readonly unit: string;
  readonly documents: readonly string[];
  /** By their paths. */
  readonly lists: readonly (readonly [path: string, text: string])[];
}

describe('the past of random courses', () => {
  const panda = usePanda({ start: startEmbedded }, { ...VARIABLES, TORC_ACCESS: 'open' });
  const { cluster } = panda;
  let ledger: Ledger;

  beforeAll(async () => {
    ledger = await openTestLedger(cluster().cairn);
  });

  afterAll(() => ledger.close());

  const begin = {
    iceprod: (): Promise<Course> => iceprodCourse(cluster().system),
    panda: (): Promise<Course> => pandaCourse(panda),
    torc: (random: Random): Promise<Course> => torcCourse(new TorcClient(cluster().anonymous), random),
  };

  /** What is answered while nothing happens. */
  const note = async (course: Course, unit: string): Promise<Moment> => {
    const { workload, document, lists } = course;
    const answers = (): Promise<readonly string[]> =>
      Promise.all([
        textOf(cluster().system, `/cairn/workloads/${workload}`),
        ...[document, course.documentOfUnit(unit), ...lists].map((path) => course.read(path)),
      ]);
    for (;;) {
      const [position, before] = [await ledger.head(), await answers()];
      await delay(REST_MS);
      const texts = await answers();
      const isAtRest = (await ledger.head()) === position && texts.every((text, index) => text === before[index]);
      if (!isAtRest) continue;
      const [documents, ofLists] = [texts.slice(0, DOCUMENTS.length), texts.slice(DOCUMENTS.length)];
      return { position, unit, documents, lists: lists.map((path, index) => [path, ofLists[index] ?? '']) };
    }
  };

  /** What a view shows whose moments go back and on by taking over copies. */
  const checkView = async (course: Course, dialect: 'iceprod' | 'panda' | 'torc', moments: readonly Moment[]) => {
    const environment = loadEnvironment({ ...VARIABLES, CAIRN_DATA_DIR: cluster().cairn.dataDir, TORC_ACCESS: 'open' });
    const log = createLog(environment, 'test');
    const stored = await openPastBlobs(environment, log);
    const keeper = new ViewKeeper(ledger, stored.blobs, environment, log, DISTANCES);
    const takeOver = jest.spyOn(OpenMoment.prototype, 'moveTo');
    const workload = ref(dialect, 'main', course.workload);
    for (const { position, unit, documents, lists } of moments) {
      const ask = async (asked: string, url: string): Promise<string> =>
        (await keeper.ask({ past: pastOf(workload, position), dialect: asked, url, caller: CALLER })).body;
      const paths = [course.document, course.documentOfUnit(unit), ...lists.map(([path]) => path)];
      const shown = [await ask('cairn', `/cairn/workloads/${workload}`)];
      for (const path of paths) shown.push(await ask(dialect, path));
      expect(shown).toEqual([...documents, ...lists.map(([, text]) => text)]);
      await keeper.standBehind(() => false);
    }
    await Promise.all(takeOver.mock.results.map(({ value }) => value));
    expect(takeOver).toHaveBeenCalled();
    takeOver.mockRestore();
    await keeper.close();
    await stored.close();
  };

  const courses = (['iceprod', 'panda', 'torc'] as const).flatMap((dialect) =>
    Array.from({ length: COURSES }, (_, index) => ({ dialect, index })),
  );

  it.each(courses)('is what the API of $dialect answered then ($index)', async ({ dialect, index }) => {
    const random = new Random(SEED + index);
    const course = await begin[dialect](random);
    const moments = [await note(course, course.units[0] ?? '')];
    for (let change = 0; change < CHANGES; change += 1) {
      await course.change(random);
      moments.push(await note(course, random.pick(course.units) ?? ''));
    }
    expect(new Set(moments.map(({ position }) => position)).size).toBeGreaterThan(CHANGES / 2);

    const at = (query: string): Promise<string> =>
      textOf(cluster().system, `/cairn/history/workloads/${course.workload}/at?${query}`);
    for (let question = 0; question < QUESTIONS; question += 1) {
      const moment = random.pick(moments);
      if (moment === undefined) continue;
      const { position, unit, documents, lists } = moment;
      const shown = await at(`position=${position}&unit=${unit}`);
      const members = DOCUMENTS.map((name, index) => `"${name}":${documents[index] ?? ''}`);
      expect(shown.slice(shown.indexOf('"workload":'))).toBe(`${members.join(',')}}`);
      for (const [path, text] of lists) {
        const answer = await at(`position=${position}&path=${encodeURIComponent(path)}`);
        expect(answer.slice(answer.indexOf('"answer":'))).toBe(`"answer":{"status":200,"body":${text}}}`);
      }
    }
    // From the end back to the middle in any case.
    const some = [
      moments.at(-1),
      moments[Math.floor(CHANGES / 2)],
      ...Array.from({ length: QUESTIONS }, () => random.pick(moments)),
    ];
    await checkView(
      course,
      dialect,
      some.filter((moment) => moment !== undefined),
    );
  });
});
