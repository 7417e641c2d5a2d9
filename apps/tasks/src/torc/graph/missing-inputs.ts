import { DomainError } from '#platform/domain-error.js';
import { membersOf } from '#contracts/raw-json.js';
import type { EdgeName } from '#contracts/torc/edges.js';
import { fullId } from '#contracts/torc/ids.js';
import { torcErrors } from '../torc-errors.js';
import type { StateView, Workflow } from '../view.js';
import { Steps } from './steps.js';

/** `missing_user_data` (Torc contract 5.7): keys of user data that should hold something by now, in order of creation. */
export function* missingUserData(
  view: StateView,
  key: string,
): Generator<void, { keys: readonly string[] } | DomainError, void> {
  const workflow = view.workflow(key);
  if (workflow === undefined) return torcErrors.noWorkflow(key);
  const steps = new Steps();
  const consumed = yield* endsOf(view, workflow, 'consumes');
  const storedBy = yield* onlyWriters(view, workflow, 'stores', consumed);
  if (storedBy instanceof DomainError) return storedBy;
  const keys: string[] = [];
  for (const { ordinal, key: own, document } of view.documents(workflow, 'user_data')) {
    if (steps.isSlice()) yield;
    if (!consumed.has(ordinal)) continue;
    const writer = storedBy.get(ordinal);
    const isExpected = writer === undefined || view.stateAt(workflow, writer)?.status === 'done';
    if (isExpected && isEmptyObject(membersOf(document).get('data'))) keys.push(own);
  }
  return { keys };
}

/** `required_existing_files` (Torc contract 5.7, D29): ids of files that jobs need and no job produces, in order of creation. */
export function* requiredExistingFiles(
  view: StateView,
  key: string,
): Generator<void, { ids: readonly string[] } | DomainError, void> {
  const workflow = view.workflow(key);
  if (workflow === undefined) return torcErrors.noWorkflow(key);
  const needed = yield* endsOf(view, workflow, 'needs');
  const producedBy = yield* onlyWriters(view, workflow, 'produces', needed);
  if (producedBy instanceof DomainError) return producedBy;
  const ordinals = [...needed].filter((ordinal) => !producedBy.has(ordinal)).sort((a, b) => a - b);
  return { ids: ordinals.map((ordinal) => fullId('files', workflow.key, view.keyAt(workflow, ordinal))) };
}

/** Absent or null data is not missing: it is a placeholder (D26). */
const isEmptyObject = (raw: string | undefined): boolean => raw?.startsWith('{') === true && membersOf(raw).size === 0;

function* endsOf(view: StateView, workflow: Workflow, edge: EdgeName): Generator<void, ReadonlySet<number>, void> {
  const steps = new Steps();
  const ends = new Set<number>();
  for (const [, to] of view.ends(workflow, edge)) {
    ends.add(to);
    if (steps.isSlice()) yield;
  }
  return ends;
}

/** The job that writes each of these. */
function* onlyWriters(
  view: StateView,
  workflow: Workflow,
  edge: 'stores' | 'produces',
  wanted: ReadonlySet<number>,
): Generator<void, ReadonlyMap<number, number> | DomainError, void> {
  const steps = new Steps();
  const writers = new Map<number, number>();
  for (const [job, to] of view.ends(workflow, edge)) {
    if (steps.isSlice()) yield;
    if (!wanted.has(to)) continue;
    const other = writers.get(to);
    if (other !== undefined && other !== job) {
      const noun = edge === 'stores' ? 'user data' : 'file';
      const [one, two] = [other, job].map((ordinal) => view.keyAt(workflow, ordinal));
      return torcErrors.bad(`${noun} ${view.keyAt(workflow, to)} is written by two jobs, ${one} and ${two}`);
    }
    writers.set(to, job);
  }
  return writers;
}
