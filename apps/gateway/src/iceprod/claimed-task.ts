import { membersOf, objectText } from '#contracts/raw-json.js';

/** Requirements that a task has by default, as raw JSON (IceProd contract 7.1). */
const REQUIREMENT_DEFAULTS: Readonly<Record<string, string>> = {
  cpu: '1',
  gpu: '0',
  memory: '2.0',
  disk: '10.0',
  time: '8.0',
};

/** Legacy callers look for a counter in the answer of a claim (IceProd contract 7.6). */
export const withQueued = (task: string): string => objectText(membersOf(task).set('queued', '1'));

/** Old pilots index all five requirements without checking (IceProd contract 7.6). */
export const withAllRequirements = (task: string): string => {
  const members = membersOf(task);
  const requirements = membersOf(members.get('requirements') ?? '{}');
  for (const [name, raw] of Object.entries(REQUIREMENT_DEFAULTS)) {
    if (!requirements.has(name)) requirements.set(name, raw);
  }
  return objectText(members.set('requirements', objectText(requirements)));
};
