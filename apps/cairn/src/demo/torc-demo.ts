import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Child, startScript } from './child.js';

const EXAMPLES = 'examples/torc';
/** Of the 1,000 jobs of the example. */
const SWEEP_JOBS = 100;
/** When the runner is killed. */
const KILLED_AFTER_JOBS = 30;
/** How {@link Child.ended} tells the end by a signal. */
const KILLED = -1;
/** Largest distance from the known number, in standard errors. */
const PULL_MAX = 4;
/** Particle Data Group, in microseconds. */
const MUON_LIFETIME = 2.197;

interface Demonstration {
  /** Path of `main.js`, compiled. */
  readonly main: string;
  /** Is removed at the end. */
  readonly folder: string;
  /** Gets the processes that are started. */
  readonly children: Child[];
  readonly print: (line?: string) => void;
}

/** Names of jobs that the report of a run says are done, one for each time. */
const doneJobs = (report: string): readonly string[] =>
  (existsSync(report) ? readFileSync(report, 'utf8') : '')
    .split('\n')
    // What stands behind the last line end is still being written.
    .slice(0, -1)
    .map((line) => JSON.parse(line) as { readonly name: string; readonly return_code: number })
    .filter(({ return_code: code }) => code === 0)
    .map(({ name }) => name);

/**
 * Runs examples of Torc with `cairn run`: a diamond of jobs that depend on each other's files, and a sweep of parameters whose runner
 * is killed in the middle. Resolves with whether the results are right.
 */
export const demonstrateTorc = async ({ main, folder, children, print }: Demonstration): Promise<boolean> => {
  const work = join(folder, 'torc');
  cpSync(EXAMPLES, work, { recursive: true });
  const run = (words: readonly string[], onLine: (line: string) => void): Child => {
    const child = startScript(main, ['run', ...words, '--workdir', work, '--poll', '0.2'], { onLine });
    children.push(child);
    return child;
  };
  const show = (line: string): void => print(`  ${line}`);

  print("Torc: the lifetime of the muon, by four jobs that need each other's files (cairn run diamond.json5)");
  const diamondCode = await run([join(work, 'diamond.json5')], show).ended;
  if (diamondCode !== 0) {
    print(`  the runner ended with code ${String(diamondCode)}`);
    return false;
  }
  const [lifetime = NaN, error = NaN] = readFileSync(join(work, 'out/lifetime.txt'), 'utf8').split(' ').map(Number);
  const pull = (lifetime - MUON_LIFETIME) / error;
  print(`  lifetime  ${lifetime.toFixed(3)} ± ${error.toFixed(3)} µs, known ${String(MUON_LIFETIME)} µs`);

  print();
  print(
    `Torc: the logistic map at ${String(SWEEP_JOBS)} growth rates; the runner is killed on the way (cairn run sweep.yaml)`,
  );
  const sweep = join(work, 'sweep.yaml');
  writeFileSync(sweep, readFileSync(sweep, 'utf8').replaceAll(/(?<=1:|n=)1000/g, String(SWEEP_JOBS)));
  const report = join(work, 'sweep.run/report.jsonl');
  const first = run([sweep], () => {
    if (doneJobs(report).length >= KILLED_AFTER_JOBS) first.process.kill('SIGKILL');
  });
  const firstCode = await first.ended;
  const before = doneJobs(report).length;
  if (firstCode !== KILLED) {
    print(`  the runner ended with code ${String(firstCode)} after ${String(before)} jobs, before it was killed`);
    return false;
  }
  print(`  killed after ${String(before)} jobs`);
  const code = await run([sweep, '--resume'], (line) => {
    if (!line.startsWith('done')) show(line);
  }).ended;
  if (code !== 0) {
    print(`  the second runner ended with code ${String(code)}`);
    return false;
  }
  const done = doneJobs(report);
  print(`  the second runner ran ${String(done.length - before)} jobs (cairn run sweep.yaml --resume)`);
  const picture = readFileSync(join(work, 'out/bifurcation.svg'), 'utf8');
  print(`  out/bifurcation.svg has ${String(picture.length)} bytes`);
  return new Set(done).size === SWEEP_JOBS && Math.abs(pull) <= PULL_MAX;
};
