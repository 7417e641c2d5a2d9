/** One line of DESIGN section 9. */
export interface Row {
  readonly what: string;
  readonly figure: string;
  /** To the yardstick beside it. */
  readonly ratio?: number;
  readonly reach: string;
  readonly isMet: boolean;
  /** Why the figure says nothing, such as a yardstick that did not get its core. */
  readonly void?: string;
}

const verdict = (row: Row): string => {
  if (row.void !== undefined) return `void: ${row.void}`;
  return row.isMet ? 'met' : 'NOT MET';
};

const HEADINGS = ['what', 'figure', 'ratio', 'reach', ''];

/** All rows under each other, columns aligned. */
export const renderTable = (rows: readonly Row[]): string => {
  const cells = [
    HEADINGS,
    ...rows.map((row) => [row.what, row.figure, row.ratio?.toFixed(3) ?? '', row.reach, verdict(row)]),
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

/** Whole numbers with separators, small ones with digits. */
export const figure = (value: number, unit: string): string =>
  `${value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3)} ${unit}`;
