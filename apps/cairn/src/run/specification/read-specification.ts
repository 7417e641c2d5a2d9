import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import JSON5 from 'json5';
import { parse as parseYaml } from 'yaml';
import { UsageError } from '../../command-line.js';

/** A document as a parser gives it. */
export type Fields = Readonly<Record<string, unknown>>;

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const YAML_FILES: ReadonlySet<string> = new Set(['.yaml', '.yml']);

/** JSON5 contains JSON, but its parser is slow: it is for what plain JSON is not. */
const parseJson5 = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return JSON5.parse(text);
  }
};

/**
 * Reads a workflow specification (Torc contract 2.20): YAML in files whose names say so, JSON or JSON5 in all others.
 *
 * @throws UsageError when the file cannot be read or has no jobs
 */
export const readSpecification = (file: string): Fields => {
  let value: unknown;
  try {
    const text = readFileSync(file, 'utf8');
    value = YAML_FILES.has(extname(file).toLowerCase()) ? parseYaml(text, { merge: true }) : parseJson5(text);
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${(error as Error).message}`);
  }
  if (!isFields(value)) throw new UsageError(`${file} holds no workflow specification: it must be an object`);
  if (!Array.isArray(value['jobs'])) {
    throw new UsageError(`${file} holds no workflow specification: it must have a list of jobs`);
  }
  return value;
};
