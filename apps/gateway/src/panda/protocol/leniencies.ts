/** A native list in place of a text that holds one (PanDA contract 1.6). */
export const listText = (value: unknown): string | undefined =>
  Array.isArray(value) ? JSON.stringify(value) : undefined;
