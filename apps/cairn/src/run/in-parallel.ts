/** Acts on all items, on at most `limit` at the same time; the first error ends it. */
export const inParallel = async <Item>(
  items: readonly Item[],
  limit: number,
  act: (item: Item) => Promise<void>,
): Promise<void> => {
  const rest = items.values();
  const loop = async (): Promise<void> => {
    for (const item of rest) await act(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, loop));
};
