import { readFileSync, statSync } from 'node:fs';
import { CannotStart } from './cannot-start.js';

/** Permission bits of everybody who is neither the owner nor in the group of a file. */
const OTHERS = 0o007;

interface Reading {
  readonly mayBeEmpty?: boolean;
}

/**
 * The text of a file that a variable names.
 *
 * @throws CannotStart when it cannot be read, or is empty and must not be
 */
export const readFileSetting = (variable: string, file: string, { mayBeEmpty = false }: Reading = {}): string => {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CannotStart(`${variable} is "${file}", which cannot be read: ${why}`, { cause });
  }
  if (!mayBeEmpty && text.trim() === '') throw new CannotStart(`${variable} is "${file}", which is empty`);
  return text;
};

/**
 * As {@link readFileSetting}, for a file that holds a secret. Its group may read it, because mounted secrets belong to
 * root and to the group of the process.
 *
 * @throws CannotStart also when everybody on this machine may use it
 */
export const readSecretFileSetting = (variable: string, file: string, reading?: Reading): string => {
  const text = readFileSetting(variable, file, reading);
  if ((statSync(file).mode & OTHERS) !== 0) {
    throw new CannotStart(`${variable} is "${file}", which every user of this machine may open; chmod 600 it`);
  }
  return text;
};
