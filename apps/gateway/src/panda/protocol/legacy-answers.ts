import type { LegacyAnswer } from './function.js';

export const fields = (values: Readonly<Record<string, unknown>>): LegacyAnswer => ({ kind: 'fields', fields: values });

export const json = (value: unknown): LegacyAnswer => ({ kind: 'json', value });

/** Whether it is done, and the result or the reason. */
export const tuple = (isDone: boolean, rest: unknown): LegacyAnswer => json([isDone, rest]);
