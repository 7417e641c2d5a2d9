import fc from 'fast-check';
import type { UnitDifference } from '#contracts/cairn/past-view.js';
import type { UnitPlace, UnitStatus, UnitStatuses } from '#contracts/workloads.js';
import { unitDifferences } from './unit-differences.js';

const STATUSES = ['waiting', 'queued', 'failed'];

/** Units by a number that says all of their place: from 50 on they were moved from elsewhere. */
type Moment = ReadonlyMap<number, string>;

const placeOf = (unit: number): UnitPlace => [unit < 50 ? unit : null, `u${unit}`];

const anyMoment: fc.Arbitrary<Moment> = fc
  .array(fc.tuple(fc.nat({ max: 99 }), fc.constantFrom(...STATUSES)), { maxLength: 60 })
  .map((pairs) => new Map(pairs));

/** The next units of a moment, so many at a time. */
const listing = (moment: Moment, page: number, behind: UnitPlace | undefined): UnitStatuses => {
  const numbers = [...moment.keys()].sort((one, other) => one - other);
  const last = behind === undefined ? -1 : Number(behind[1].slice(1));
  const left = numbers.filter((unit) => unit > last);
  const units = left.slice(0, page).map((unit): UnitStatus => [...placeOf(unit), moment.get(unit) ?? '']);
  return { units, isLast: left.length < page };
};

describe('unitDifferences', () => {
  it('finds each unit that differs once, in order, whatever the pages', async () => {
    const anyCase = fc.record({
      ...{ from: anyMoment, to: anyMoment, page: fc.integer({ min: 1, max: 9 }) },
      ...{ limit: fc.integer({ min: 1, max: 20 }), pagesMax: fc.integer({ min: 1, max: 5 }) },
    });
    await fc.assert(
      fc.asyncProperty(anyCase, async ({ from, to, page, limit, pagesMax }) => {
        const found: UnitDifference[] = [];
        let behind: UnitPlace | undefined;
        for (let rounds = 0; ; rounds += 1) {
          expect(rounds).toBeLessThan(300);
          const at = (place: UnitPlace | undefined): Promise<readonly [UnitStatuses, UnitStatuses]> =>
            Promise.resolve([listing(from, page, place), listing(to, page, place)]);
          const part = await unitDifferences(at, behind, { limit, pagesMax });
          expect(part.entries.length).toBeLessThanOrEqual(limit);
          found.push(...part.entries);
          if (part.behind === undefined) break;
          ({ behind } = part);
        }
        const units = [...new Set([...from.keys(), ...to.keys()])].sort((one, other) => one - other);
        expect(found).toEqual(
          units
            .filter((unit) => from.get(unit) !== to.get(unit))
            .map((unit) => ({ unit_id: `u${unit}`, from: from.get(unit) ?? null, to: to.get(unit) ?? null })),
        );
      }),
    );
  });
});
