/** One line of the table: an absolute figure, and its ratio to a yardstick of the same run, which decides whether the limit is met. */
export interface Row {
  readonly what: string;
  readonly figure: string;
  readonly ratio?: number;
  readonly reach: string;
  readonly isMet: boolean;
  /** Why the figure is void, such as a yardstick that did not get its core. */
  readonly void?: string;
}

type RatioResult = Pick<Row, 'ratio' | 'reach' | 'isMet'>;

/** Compares a pace with its limit: `0.4 x hello` or more. */
export const atLeast = (ratio: number, reach: number, yardstick: string): Required<RatioResult> => ({
  ratio,
  reach: `at least ${reach} x ${yardstick}`,
  isMet: ratio >= reach,
});

/** Compares a time with its limit: less than `20 x hello`. */
export const under = (ratio: number, reach: number, yardstick: string): Required<RatioResult> => ({
  ratio,
  reach: `under ${reach} x ${yardstick}`,
  isMet: ratio < reach,
});

const outcomeOf = (row: Row): string => {
  if (row.void !== undefined) return `void: ${row.void}`;
  return row.isMet ? 'met' : 'NOT MET';
};

const HEADINGS = ['what', 'figure', 'ratio', 'reach', ''];

/** All rows under each other, columns aligned. */
export const renderTable = (rows: readonly Row[]): string => {
  const cells = [
    HEADINGS,
    ...rows.map((row) => [row.what, row.figure, row.ratio?.toPrecision(3) ?? '', row.reach, outcomeOf(row)]),
  ];
  const widths = HEADINGS.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  const lines = cells.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  lines.splice(1, 0, widths.map((width) => '-'.repeat(width)).join('  '));
  return lines.join('\n');
};

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
};

/** The value that a share of all does not exceed. */
export const percentile = (values: readonly number[], share: number): number =>
  [...values].sort((left, right) => left - right)[Math.max(0, Math.ceil(values.length * share) - 1)] ?? NaN;

/** Whole numbers with separators, small ones with digits. */
export const figure = (value: number, unit: string): string =>
  `${value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3)} ${unit}`;
