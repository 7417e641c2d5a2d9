export const textIn = (document: unknown, name: string): string => {
  const value: unknown = valueIn(document, name);
  if (typeof value !== 'string') throw new TypeError(`no text ${name} in ${JSON.stringify(document)}`);
  return value;
};

export const numberIn = (document: unknown, name: string): number => {
  const value: unknown = valueIn(document, name);
  if (typeof value !== 'number') throw new TypeError(`no number ${name} in ${JSON.stringify(document)}`);
  return value;
};

const valueIn = (document: unknown, name: string): unknown =>
  typeof document === 'object' && document !== null && Object.hasOwn(document, name)
    ? Reflect.get(document, name)
    : undefined;
