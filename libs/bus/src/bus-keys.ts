import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nkeys } from '@nats-io/transport-node';
import { PRIVATE_FILE, PRIVATE_FOLDER } from '#platform/private-files.js';
import { PROCESSES, type ProcessName } from './contract.js';
import { PRIVATE_PEM, rawPublicKey } from './message-keys.js';

/** Names of the files that {@link makeBusKeys} writes. */
export const BUS_KEY_FILES = {
  /** In the folder of each process: `BUS_PRIVATE_KEY`. */
  privateKey: 'message-key.pem',
  /** In the folder of each process: `NATS_NKEY_SEED`. */
  nkeySeed: 'nats.nk',
  /** For all processes: `BUS_PUBLIC_KEYS`. */
  publicKeys: 'public-keys.json',
  /** For the broker, which includes it before the permissions. */
  natsUsers: 'nats-users.conf',
} as const;

/** A step of the replacement of a message key. After each, all processes get the new files and are restarted. */
export type RotationStep = 'add' | 'use' | 'drop';

/** The variable of the broker's configuration with the public nkey of a process. */
export const nkeyVariable = (name: ProcessName): string => `${name.toUpperCase()}_NKEY`;

const newKey = (): KeyObject => generateKeyPairSync('x25519').privateKey;

const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

const write = (file: string, text: string, mode: number): void => {
  writeFileSync(`${file}.new`, text, { mode });
  chmodSync(`${file}.new`, mode);
  renameSync(`${file}.new`, file);
};

const PUBLIC_FILE = 0o644;

const messageKeys = (file: string): readonly KeyObject[] => {
  if (!existsSync(file)) return [newKey()];
  return (readFileSync(file, 'utf8').match(PRIVATE_PEM) ?? []).map((text) => createPrivateKey(text));
};

const rotated = (keys: readonly KeyObject[], step: RotationStep): readonly KeyObject[] => {
  switch (step) {
    case 'add':
      return [...keys, newKey()];
    case 'use':
      return keys.toReversed();
    case 'drop':
      return keys.slice(0, 1);
  }
};

/** The public nkey of a process, whose seed is made when it is missing. */
const nkeyOf = (file: string): string => {
  if (existsSync(file))
    return nkeys.fromSeed(new TextEncoder().encode(readFileSync(file, 'utf8').trim())).getPublicKey();
  const pair = nkeys.createUser();
  write(file, `${new TextDecoder().decode(pair.getSeed())}\n`, PRIVATE_FILE);
  return pair.getPublicKey();
};

/**
 * Makes what processes need to trust each other: a folder for each with its secrets, a file with the public keys of all, and the
 * users of the broker. What is there already stays; `rotation` takes the next step of replacing the message key of a process.
 */
export const makeBusKeys = (
  folder: string,
  rotation?: { readonly process: ProcessName; readonly step: RotationStep },
): void => {
  mkdirSync(folder, { recursive: true, mode: PRIVATE_FOLDER });
  const publicKeys: Record<string, readonly string[]> = {};
  const users: string[] = [];
  for (const name of PROCESSES) {
    const own = join(folder, name);
    mkdirSync(own, { recursive: true, mode: PRIVATE_FOLDER });
    const file = join(own, BUS_KEY_FILES.privateKey);
    const before = messageKeys(file);
    const keys = rotation?.process === name ? rotated(before, rotation.step) : before;
    write(file, keys.map(pemOf).join(''), PRIVATE_FILE);
    publicKeys[name] = keys.map(rawPublicKey);
    users.push(`${nkeyVariable(name)}: "${nkeyOf(join(own, BUS_KEY_FILES.nkeySeed))}"`);
  }
  write(join(folder, BUS_KEY_FILES.publicKeys), `${JSON.stringify(publicKeys, null, 2)}\n`, PUBLIC_FILE);
  write(join(folder, BUS_KEY_FILES.natsUsers), `${users.join('\n')}\n`, PUBLIC_FILE);
};
