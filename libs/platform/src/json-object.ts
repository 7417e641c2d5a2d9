/** Members of a JSON object. */
export type JsonMembers = Readonly<Record<string, unknown>>;

/** Neither `null` nor a list. */
export const isObject = (value: unknown): value is JsonMembers =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value that a text is; undefined when it is no JSON. */
export const valueIn = (text: string): unknown => {
  // What is left out is common, and an exception costs more than reading a document.
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};

/** The object that a text is; undefined when it is something else, or no JSON. */
export const objectIn = (text: string): JsonMembers | undefined => {
  const value = valueIn(text);
  return isObject(value) ? value : undefined;
};

/** The list that a text is; undefined when it is something else, or no JSON. */
export const listIn = (text: string): readonly unknown[] | undefined => {
  const value = valueIn(text);
  return Array.isArray(value) ? value : undefined;
};
