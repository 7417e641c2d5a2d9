import { elementsOf, isDeeperThan, kindOf, membersOf } from '#contracts/raw-json.js';
import { numberOf } from '#contracts/iceprod/requirement-number.js';

type Test = (asked: string) => boolean;

/** A task without the requirement passes the test unless it is `required`. */
type NamedTest = readonly [name: string, test: Test, required: boolean];

const isNumeric = (raw: string): boolean => kindOf(raw) === 'number' || kindOf(raw) === 'boolean';

const valueOf = (raw: string): number => (kindOf(raw) === 'boolean' ? Number(raw === 'true') : Number(raw));

/** Values nested deeper than this are equal when their texts are. */
const LEVELS_MAX = 64;

const canonical = (raw: string): string => (isDeeperThan(LEVELS_MAX, raw) ? raw : JSON.stringify(JSON.parse(raw)));

const atMost =
  (offered: number): Test =>
  (asked) =>
    kindOf(asked) === 'number' && Number(asked) <= offered;

const equalOrContained = (offered: string): Test => {
  const wanted = canonical(offered);
  return (asked) =>
    canonical(asked) === wanted ||
    (kindOf(asked) === 'array' && elementsOf(asked).some((element) => canonical(element) === wanted));
};

const testsOf = (requirements: string): readonly NamedTest[] =>
  [...membersOf(requirements)].map(([name, raw]): NamedTest => {
    const offered = isNumeric(raw) ? valueOf(raw) : undefined;
    if (offered === undefined) return [name, equalOrContained(raw), false];
    if (name !== 'gpu' || offered <= 0) return [name, atMost(offered), false];
    const enough = atMost(offered);
    return [name, (asked) => enough(asked) && (numberOf(asked) ?? 0) >= 1, true];
  });

const isMet = ([name, test, required]: NamedTest, members: ReadonlyMap<string, string>): boolean => {
  const wish = members.get(name);
  return wish === undefined ? !required : test(wish);
};

/** Whether a task with these requirements may run on what is offered. */
type Offer = (requirements: string) => boolean;

/**
 * Reads an offer once (claiming rules of contract 7.6). Requirements that the offer does not mention do not matter. An offer of
 * GPUs takes only tasks that want some.
 *
 * @param requirements raw JSON of an object
 * @param defaults requirements of a task that does not state its own, as raw JSON by name
 */
export const readOffer = (requirements: string, defaults: ReadonlyMap<string, string>): Offer => {
  const tests = testsOf(requirements);
  return (asked) => {
    const members = needsOf(asked, defaults);
    return tests.every((test) => isMet(test, members));
  };
};

/** Requirements with the defaults for those that are missing, as raw JSON by name. */
export const needsOf = (requirements: string, defaults: ReadonlyMap<string, string>): ReadonlyMap<string, string> => {
  const needs = membersOf(requirements);
  for (const [name, raw] of defaults) if (!needs.has(name)) needs.set(name, raw);
  return needs;
};

/** Names of the needs that an offer does not meet. Empty when the task fits. */
export const unmetRequirements = (offered: string, needs: ReadonlyMap<string, string>): readonly string[] =>
  testsOf(offered)
    .filter((test) => !isMet(test, needs))
    .map(([name]) => name);

/** The site that an offer names; null names none. */
export const offeredSite = (requirements: string): string | undefined => {
  const raw = membersOf(requirements).get('site');
  if (raw === undefined || kindOf(raw) === 'null') return undefined;
  const value = JSON.parse(raw) as unknown;
  return typeof value === 'string' ? value : raw;
};
