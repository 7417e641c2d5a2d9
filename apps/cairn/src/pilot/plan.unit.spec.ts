import { readFileSync } from 'node:fs';
import { parseJson, writeJson } from '#contracts/iceprod/config/json.js';
import { CannotRun, planTask, splitWords, type Plan } from './plan.js';

const planOf = (tasks: string, about: { name?: string; steering?: string } = {}): Plan =>
  planTask({
    config: parseJson(
      `{"version": 3.2, "steering": ${about.steering ?? '{}'}, "options": {"tag": "v1"}, "tasks": ${tasks}}`,
    ),
    dataset: parseJson('{"dataset": 21234, "jobs_submitted": 100, "tasks_submitted": 300}'),
    task: parseJson(
      `{"task_id": "T", "job_id": "J", "dataset_id": "D", "job_index": 17, "task_index": 0, "name": "${about.name ?? 'a'}"}`,
    ),
    sources: '/src',
    node: '/bin/node',
  });

const modulePlan = (module: string, steering?: string): Plan =>
  planOf(`[{"name": "a", "trays": [{"modules": [${module}]}]}]`, steering === undefined ? {} : { steering });

const command = (module: string, steering?: string): readonly string[] | undefined =>
  modulePlan(module, steering).steps[0]?.command;

describe('planTask', () => {
  it('chooses the interpreter of a source', () => {
    expect(command('{"src": "x/run.mjs"}')).toEqual(['/bin/node', '/src/x/run.mjs']);
    expect(command('{"src": "run.py"}')).toEqual(['python3', '/src/run.py']);
    expect(command('{"src": "/opt/run.sh"}')).toEqual(['sh', '/opt/run.sh']);
    expect(command('{"src": "./tool"}')).toEqual(['/src/tool']);
    expect(command('{"src": "sh"}')).toEqual(['sh']);
  });

  it('accepts arguments as a line, a list, or names with values', () => {
    expect(command(`{"src": "t", "args": "--seed $(job) 'two words' --n $eval(2 * 3)"}`)).toEqual([
      't',
      '--seed',
      '17',
      'two words',
      '--n',
      '6',
    ]);
    expect(command('{"src": "t", "args": ["$(dataset)", 1.0, true]}')).toEqual(['t', '21234', '1.0', 'True']);
    expect(command('{"src": "t", "args": {"seed": "$steering(s)", "e": 1e5}}', '{"parameters": {"s": 2.50}}')).toEqual([
      't',
      '--seed=2.50',
      '--e=1e5',
    ]);
  });

  it('uses the innermost parameter and repeats trays', () => {
    const plan = planOf(
      `[{"name": "a", "parameters": {"p": "task", "q": "task"}, "trays": [
        {"iterations": 2, "parameters": {"p": "tray"}, "modules": [{"src": "t", "args": "$(iter) $(p) $(q) $args(tag)"}]}]}]`,
      { steering: '{"parameters": {"p": "steering"}}' },
    );
    expect(plan.steps.map(({ command: words }) => words.join(' '))).toEqual(['t 0 tray task v1', 't 1 tray task v1']);
  });

  it('refuses trays with too many iterations', () => {
    const tasks = (count: number): string =>
      `[{"name": "a", "trays": [{"iterations": ${count}, "modules": [{"src": "t"}]}]}]`;
    expect(planOf(tasks(1000)).steps).toHaveLength(1000);
    expect(() => planOf(tasks(1001))).toThrow(CannotRun);
  });

  it('writes configs with numbers exactly as given', () => {
    const [config] =
      modulePlan('{"src": "t", "configs": {"c.json": {"job": "$(job)", "w": 1.0}}}').steps[0]?.configs ?? [];
    expect(config?.file).toBe('c.json');
    expect(writeJson(config?.content ?? null)).toBe('{"job":"17","w":1.0}');
  });

  it('collects data of task, tray and module', () => {
    const { transfers } = planOf(
      `[{"name": "a", "data": [{"type": "job_temp", "movement": "input", "local": "in.$(job)"}],
         "trays": [{"modules": [{"src": "t", "data": [{"type": "dataset_temp", "movement": "both", "local": "x", "transfer": "maybe"},
           {"type": "permanent", "remote": "file:///data/y.gz", "movement": "output"},
           {"type": "job_temp", "local": "never", "transfer": false}]}]}]}]`,
    );
    expect(transfers).toEqual([
      { area: 'job_temp', direction: 'input', remote: 'in.17', local: 'in.17', optional: false },
      { area: 'dataset_temp', direction: 'input', remote: 'x', local: 'x', optional: true },
      { area: 'dataset_temp', direction: 'output', remote: 'x', local: 'x', optional: true },
      { area: 'permanent', direction: 'output', remote: '/data/y.gz', local: 'y.gz', optional: false },
    ]);
  });

  it.each([
    ['{"running_class": "icecube.Corsika"}', 'running_class icecube.Corsika'],
    ['{"src": "https://example.org/x.py"}', 'not a local file'],
    ['{"src": "t", "data": [{"type": "job_temp", "local": "../../etc/x"}]}', 'bad file name'],
    ['{"src": "t", "configs": {"/etc/x": {}}}', 'bad file name'],
    ['{"src": "t", "data": [{"type": "permanent", "remote": "gsiftp://host/x"}]}', 'only local files'],
    ['{"src": "t", "data": [{"type": "elsewhere", "local": "abc"}]}', 'unknown data type'],
  ])('refuses %s', (module, reason) => {
    expect(() => modulePlan(module)).toThrow(CannotRun);
    expect(() => modulePlan(module)).toThrow(reason);
  });

  it('refuses a task that is not in the config', () => {
    expect(() => planTask({ ...input('{"tasks": []}'), sources: '/', node: 'node' })).toThrow(
      'the config has no task a',
    );
  });

  // Looking back from each parenthesis took quadratic time: minutes for this line, and the test would time out.
  it('plans a long line of parentheses at once', () => {
    const args = `a$(${'('.repeat(400_000)}`;
    const letters = `$${'a'.repeat(400_000)}${'('.repeat(1000)}`;
    for (const line of [args, letters, '('.repeat(400_000)]) {
      expect(modulePlan(JSON.stringify({ src: 't', args: line })).steps[0]?.command).toHaveLength(2);
    }
  });

  it("plans the demonstration's example", () => {
    const text = readFileSync('examples/iceprod/photons-in-ice.json', 'utf8');
    const plan = planTask({
      config: parseJson(text),
      dataset: parseJson('{"dataset": 7}'),
      task: parseJson('{"name": "propagate", "job_index": 3}'),
      sources: '/src',
      node: 'node',
    });
    expect(plan.steps[0]?.command).toContain('--seed=750003');
    expect(plan.transfers.map(({ local }) => local)).toEqual(['light.000003.f64', 'absorbed.000003.f64']);
  });
});

describe('splitWords', () => {
  it('keeps quoted blanks together', () => {
    expect(splitWords(`a "b c"  --d='e f' g"h"`)).toEqual(['a', 'b c', '--d=e f', 'gh']);
  });
});

const input = (config: string) => ({
  config: parseJson(config),
  dataset: parseJson('{}'),
  task: parseJson('{"name": "a", "task_index": 0}'),
});
