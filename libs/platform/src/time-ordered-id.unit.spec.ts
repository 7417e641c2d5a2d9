import { timeOrderedId } from './time-ordered-id.js';

describe('timeOrderedId', () => {
  it('gives ids that never repeat and sort by when they were made', () => {
    const ids = Array.from({ length: 200_000 }, timeOrderedId);
    expect(ids.every((id) => /^[0-9a-f]{32}$/.test(id))).toBe(true);
    expect(ids.every((id, index) => index === 0 || id > (ids[index - 1] ?? ''))).toBe(true);
  });
});
