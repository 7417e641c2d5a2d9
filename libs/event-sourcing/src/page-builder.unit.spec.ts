import { PageBuilder } from './page-builder.js';

describe('PageBuilder', () => {
  it('is full when its entries are as long as a page', () => {
    const page = new PageBuilder(Infinity);
    page.add('x', 65_535);
    expect(page.isFull).toBe(false);
    page.add('y', 1);
    expect(page.isFull).toBe(true);
    expect(page.page('behind').entries).toHaveLength(2);
  });

  it('is full when its time is over, though nothing was found', () => {
    const page = new PageBuilder(0);
    expect(page.isFull).toBe(true);
    expect(page.page('behind')).toEqual({ entries: [], next: 'behind' });
  });
});
