import { atLeast, median, renderTable, under } from './table.js';

describe('the table of the bench', () => {
  it('computes the median of the rounds', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });

  it('shows for each row whether it is met, not met or void', () => {
    const table = renderTable([
      { what: 'a', figure: '1 /s', ratio: 0.5, reach: '0.35', isMet: true },
      { what: 'bb', figure: '2 /s', reach: '3 /s', isMet: false },
      { what: 'c', figure: '2 /s', reach: '3 /s', isMet: true, void: 'hello used 20 % of a core' },
    ]);
    expect(table.split('\n').map((line) => line.split(/ {2,}/).at(-1))).toEqual(
      ['reach', '-----', 'met', 'NOT MET', 'void: hello used 20 % of a core'].map((cell, index) =>
        index === 1 ? '-'.repeat('void: hello used 20 % of a core'.length) : cell,
      ),
    );
  });

  it('decides by ratios', () => {
    expect(atLeast(0.4, 0.4, 'hello')).toEqual({ ratio: 0.4, reach: 'at least 0.4 x hello', isMet: true });
    expect(atLeast(0.39, 0.4, 'hello').isMet).toBe(false);
    expect(under(7.9, 8, 'rows')).toEqual({ ratio: 7.9, reach: 'under 8 x rows', isMet: true });
    expect(under(8, 8, 'rows').isMet).toBe(false);
  });
});
