import type { TaskCommandName } from '#contracts/panda/events.js';
import { TASK_STATUSES, type TaskStatus } from '#contracts/panda/statuses.js';
import type { CommandOptions } from '#contracts/panda/task-commands.js';
import { isExecutable, refusalOf } from './command-table.js';

const FORMS = ['kill', 'finish', 'retry', 'incexec', 'pause', 'resume', 'avalanche', 'release'] as const;

/** The table of contract 4.1.5, a row for each status: K(ill), F(inish), (re)T(ry), I(ncexec), P(ause), (resum)E, A(valanche), R(elease), to a S(ite), to a N(ucleus). */
const ROWS: Readonly<Record<TaskStatus, string>> = {
  registered: 'K F P S',
  topreprocess: 'K F P S',
  preprocessing: 'K F P S',
  defined: 'K F P R S N',
  staging: 'K F P E S',
  staged: 'K F P S',
  assigning: 'K F P R S N',
  ready: 'K F P R S N',
  pending: 'K F P R S N',
  scouting: 'K F P A R S N',
  scouted: 'K F P S N',
  running: 'K F P R S N',
  throttled: 'K F P E S',
  merging: 'K F P S',
  prepared: 'P S',
  done: 'I S',
  finished: 'T I S',
  failed: 'T I',
  aborting: 'P S',
  toabort: 'P S',
  aborted: 'I',
  finishing: 'K F P S',
  passed: 'K F P S',
  tobroken: 'K F P S',
  broken: '',
  exhausted: 'K F T I P S N',
  paused: 'K F E S',
  toretry: 'K F P S',
  toincexec: 'K F P S',
  rerefine: 'K F P S',
  toreassign: 'K F P S',
  reassigning: 'K F P S',
};

const LETTERS: Readonly<Record<(typeof FORMS)[number], string>> = {
  ...{ kill: 'K', finish: 'F', retry: 'T', incexec: 'I', pause: 'P', resume: 'E', avalanche: 'A', release: 'R' },
};

const ordered = (name: TaskCommandName, options: CommandOptions = {}, isProduction = true) => ({
  ...{ name, options, isProduction },
});

describe.each(TASK_STATUSES)('a task in %s status', (status) => {
  const accepted = ROWS[status].split(' ');

  it.each(FORMS)('accepts or refuses %s', (name) => {
    expect(refusalOf(ordered(name), status) === undefined).toBe(accepted.includes(LETTERS[name]));
  });

  it('accepts or refuses a reassignment by its form', () => {
    for (const [options, letter] of [
      [{ site: 'A' }, 'S'],
      [{ site: '' }, 'S'],
      [{}, 'S'],
      [{ cloud: 'A' }, 'N'],
      [{ nucleus: '' }, 'N'],
    ] as const) {
      expect(refusalOf(ordered('reassign', options), status) === undefined).toBe(accepted.includes(letter));
    }
  });
});

it('lets the production role alone retry an exhausted task', () => {
  expect(refusalOf(ordered('retry', {}, false), 'exhausted')).toBe('and production role is missing');
  expect(refusalOf(ordered('retry', {}, false), 'failed')).toBeUndefined();
});

it('carries out a retry that has waited while its task was aborted, and nothing else that is refused', () => {
  expect(isExecutable(ordered('retry'), 'aborted')).toBe(true);
  expect(isExecutable(ordered('finish'), 'aborted')).toBe(false);
  expect(isExecutable(ordered('retry'), 'done')).toBe(false);
});
