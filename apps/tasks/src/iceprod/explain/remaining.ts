import { objectText } from '#contracts/raw-json.js';

/** Tasks of one name: how many there are of each status, and how long complete ones took on average. */
interface NamedWork {
  readonly name: string;
  readonly counts: ReadonlyMap<string, number>;
  /** Undefined while none is complete. */
  readonly meanHours: number | undefined;
}

/** `{tasks: {name: {...}}, remaining, remaining_hrs}`; hours are null while no task of the name is complete. */
export const remainingDocument = (work: readonly NamedWork[]): string => {
  let remaining = 0;
  let hours: number | null = 0;
  const members = work.map(({ name, counts, meanHours }): [string, string] => {
    const complete = counts.get('complete') ?? 0;
    const left = [...counts.values()].reduce((sum, n) => sum + n, 0) - complete;
    const leftHours = left === 0 ? 0 : meanHours === undefined ? null : left * meanHours;
    remaining += left;
    hours = hours === null || leftHours === null ? null : hours + leftHours;
    return [name, JSON.stringify({ complete, remaining: left, avg_hrs: meanHours ?? null, remaining_hrs: leftHours })];
  });
  return `{"tasks":${objectText(members)},"remaining":${remaining},"remaining_hrs":${JSON.stringify(hours)}}`;
};
