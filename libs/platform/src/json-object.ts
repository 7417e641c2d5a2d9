/** Members of a JSON object. */
export type JsonMembers = Readonly<Record<string, unknown>>;

/** Neither `null` nor a list. */
export const isObject = (value: unknown): value is JsonMembers =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The object that a text is; undefined when it is something else, or no JSON. */
export const objectIn = (text: string): JsonMembers | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
};
