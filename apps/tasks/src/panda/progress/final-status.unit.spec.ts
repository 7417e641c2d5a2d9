import { type EndFacts, endStatus } from './final-status.js';

const FACTS: EndFacts = {
  status: 'prepared',
  files: 10,
  finished: 10,
  isMutable: false,
  mayBeEmpty: false,
  parent: undefined,
  goal: null,
  failsBelowGoal: false,
  becomesExhausted: false,
};

const EMPTY = { files: 0, finished: 0 };
const SOME = { finished: 9 };
const NONE = { finished: 0 };
const GOAL = { goal: 950, failsBelowGoal: true };

it.each<readonly [rule: string, facts: Partial<EndFacts>, status: string]>([
  ['1: a broken task, although all is finished', { status: 'tobroken' }, 'broken'],
  ['1: an aborted task', { status: 'toabort' }, 'aborted'],
  ['2: no files', EMPTY, 'failed'],
  ['2: no files, which is allowed', { ...EMPTY, mayBeEmpty: true }, 'done'],
  ['3: all', {}, 'done'],
  ['3: all that was done until it was finished by hand', { status: 'passed' }, 'done'],
  ['3: all, of a parent that goes on', { parent: 'running' }, 'finished'],
  ['3: all, of an exhausted parent', { parent: 'exhausted' }, 'finished'],
  ['3: all, of a parent that is done', { parent: 'done' }, 'done'],
  ['3: all, of a parent that is finished', { parent: 'finished' }, 'done'],
  ['3: all, of a parent that has failed', { parent: 'failed' }, 'failed'],
  ['3: all, of a broken parent', { parent: 'broken' }, 'failed'],
  ['3: all, of an aborted parent', { parent: 'aborted' }, 'failed'],
  ['3: all, of inputs that may grow', { isMutable: true }, 'finished'],
  ['4: nothing', NONE, 'failed'],
  ['4: nothing, finished by hand', { ...NONE, status: 'passed' }, 'failed'],
  ['5: some', SOME, 'finished'],
  ['6: some, below the goal', { ...SOME, ...GOAL }, 'failed'],
  ['6: some, below a goal that need not be reached', { ...SOME, goal: 950 }, 'finished'],
  ['6: some, at the goal', { ...SOME, ...GOAL, goal: 900 }, 'finished'],
  ['7: some, of a task that people decide about', { ...SOME, becomesExhausted: true }, 'exhausted'],
  ['7: nothing, of such a task', { ...NONE, becomesExhausted: true }, 'exhausted'],
  ['7: below the goal, of such a task', { ...SOME, ...GOAL, becomesExhausted: true }, 'exhausted'],
  ['7: all, of such a task', { becomesExhausted: true }, 'done'],
  [
    '7: some, of such a task that somebody has finished',
    { ...SOME, becomesExhausted: true, status: 'passed' },
    'finished',
  ],
])('rule %s', (_, facts, status) => {
  expect(endStatus({ ...FACTS, ...facts })).toBe(status);
});
