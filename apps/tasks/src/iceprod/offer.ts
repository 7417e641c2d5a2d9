import { elementsOf, kindOf, membersOf } from '#contracts/raw-json.js';
import { numberOf } from './requirements.js';

type Test = (asked: string) => boolean;

const isNumeric = (raw: string): boolean => kindOf(raw) === 'number' || kindOf(raw) === 'boolean';

const valueOf = (raw: string): number => (kindOf(raw) === 'boolean' ? Number(raw === 'true') : Number(raw));

const canonical = (raw: string): string => JSON.stringify(JSON.parse(raw));

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

/** Whether a task with these requirements may run on what is offered. */
export type Offer = (requirements: string) => boolean;

/**
 * Reads an offer once (claiming rules of contract 7.6). What the offer does not mention does not matter; an offer of GPUs
 * takes only tasks that want some.
 *
 * @param requirements raw JSON of an object
 */
export const readOffer = (requirements: string): Offer => {
  const tests = [...membersOf(requirements)].map(([name, raw]): readonly [string, Test, boolean] => {
    const offered = isNumeric(raw) ? valueOf(raw) : undefined;
    if (offered === undefined) return [name, equalOrContained(raw), false];
    if (name !== 'gpu' || offered <= 0) return [name, atMost(offered), false];
    const enough = atMost(offered);
    return [name, (asked) => enough(asked) && (numberOf(asked) ?? 0) >= 1, true];
  });
  return (asked) => {
    const members = membersOf(asked);
    return tests.every(([name, test, required]) => {
      const wish = members.get(name);
      return wish === undefined ? !required : test(wish);
    });
  };
};

/** The site that an offer names. */
export const offeredSite = (requirements: string): string | undefined => {
  const raw = membersOf(requirements).get('site');
  if (raw === undefined) return undefined;
  const value = JSON.parse(raw) as unknown;
  return typeof value === 'string' ? value : raw;
};
