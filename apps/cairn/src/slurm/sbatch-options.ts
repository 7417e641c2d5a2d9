import type { SlurmConfig } from './batch-scheduler.js';
import { NotWords, shellWords } from '../worker/shell-words.js';

/** A scheduler configuration cannot be submitted. The message names the field. */
export class BadSlurmConfig extends Error {
  override readonly name = 'BadSlurmConfig';
}

const OPTIONS = [
  ['account', '--account'],
  ['partition', '--partition'],
  ['qos', '--qos'],
  ['walltime', '--time'],
  ['nodes', '--nodes'],
  ['gres', '--gres'],
  ['mem', '--mem'],
  ['tmp', '--tmp'],
  ['ntasks_per_node', '--ntasks-per-node'],
] as const;

/** `--wrap` and its abbreviations would run something else than the worker. */
const WRAP = /^--w(?:r(?:ap?)?)?(?:=|$)/;

const VALUE_OF_ITS_OWN = /^--[^=]+$|^-[^-]$/;

/**
 * Joins options and their values to one word each. sbatch takes a word that belongs to no option for the name of a script, and
 * whether one belongs to an option depends on the version of Slurm.
 */
const joined = (words: readonly string[]): readonly string[] => {
  const options: string[] = [];
  for (const [at, word] of words.entries()) {
    const before = words[at - 1] ?? '';
    if (word === '--') throw new NotWords('-- is no option');
    if (word.startsWith('-')) options.push(word);
    else if (!VALUE_OF_ITS_OWN.test(before)) throw new NotWords(`${word} is no option`);
    else if (before.startsWith('--')) options.push(`${options.pop() ?? ''}=${word}`);
    else if (word === '') throw new NotWords(`${before} has no value`);
    else options.push(`${options.pop() ?? ''}${word}`);
  }
  const wrap = options.find((option) => WRAP.test(option));
  if (wrap !== undefined) throw new NotWords(`${wrap} would replace the worker`);
  return options;
};

/**
 * The options of `sbatch` for a scheduler configuration, a word each (Torc contract 2.16). What the user wrote freely in `extra`
 * comes first, so that options that follow win.
 *
 * @throws BadSlurmConfig
 */
export const sbatchOptions = (config: SlurmConfig): readonly string[] => {
  const refuse = (field: string, message: string): never => {
    throw new BadSlurmConfig(`scheduler ${config.name ?? config._key}: ${field}: ${message}`);
  };
  const options = OPTIONS.flatMap(([field, option]) => {
    const value = config[field] ?? '';
    if (value === '') return [];
    if (/\p{Cc}/u.test(String(value))) refuse(field, 'it holds a line end or another control character');
    return [`${option}=${value}`];
  });
  try {
    return [...joined(shellWords(config.extra ?? '')), ...options];
  } catch (error) {
    if (error instanceof NotWords) return refuse('extra', error.message);
    throw error;
  }
};
