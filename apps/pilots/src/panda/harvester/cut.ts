/** Leaves room for the rest of an event. */
const EVENT_CHARACTERS_MAX = 60 * 1024;

/** Cuts a list so that each part fits into an event, which takes 256 KiB: a character has at most four bytes. */
export const cut = <Item>(items: readonly Item[]): readonly (readonly Item[])[] => {
  const parts: Item[][] = [];
  let room = 0;
  for (const item of items) {
    const size = JSON.stringify(item).length + 1;
    if (parts.length === 0 || size > room) {
      parts.push([]);
      room = EVENT_CHARACTERS_MAX;
    }
    parts.at(-1)?.push(item);
    room -= size;
  }
  return parts;
};
