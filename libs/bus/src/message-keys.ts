import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { CannotStart } from '#platform/cannot-start.js';
import type { Environment } from '#platform/environment.js';
import { readFileSetting, readSecretFileSetting } from '#platform/file-setting.js';
import { objectIn } from '#platform/json-object.js';
import { perProcess, PROCESSES, type ProcessName } from './contract.js';

/** The private keys of a process and the public keys of all. Each list has at least one; the first is used to send. */
export interface MessageKeys {
  readonly name: ProcessName;
  readonly own: readonly KeyObject[];
  readonly of: Readonly<Record<ProcessName, readonly KeyObject[]>>;
}

/** The private keys in a file of PEM. */
export const PRIVATE_PEM = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/g;
const RAW_KEY = /^[\w-]{43}$/;

/** The 32 bytes of a public key in base 64, as the file of public keys has them. */
export const rawPublicKey = (key: KeyObject): string => {
  const { x } = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' });
  return x ?? '';
};

/** Names a key in messages. */
export const keyIdOf = (key: KeyObject): string => rawPublicKey(key).slice(0, 10);

const privateKeysIn = (file: string): readonly KeyObject[] => {
  const wrong = new CannotStart(
    `BUS_PRIVATE_KEY is "${file}", which holds no X25519 key in PEM; make keys by cairn bus keys`,
  );
  const texts = readSecretFileSetting('BUS_PRIVATE_KEY', file).match(PRIVATE_PEM) ?? [];
  if (texts.length === 0) throw wrong;
  return texts.map((text) => {
    let key: KeyObject;
    try {
      key = createPrivateKey(text);
    } catch {
      throw wrong;
    }
    if (key.asymmetricKeyType !== 'x25519') throw wrong;
    return key;
  });
};

const publicKey = (x: string): KeyObject => createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x }, format: 'jwk' });

const isListOfKeys = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.length > 0 && value.every((key) => typeof key === 'string' && RAW_KEY.test(key));

/** Reads the file of public keys: a JSON object with a list of keys for each process. */
export const publicKeysIn = (file: string): MessageKeys['of'] => {
  const text = readFileSetting('BUS_PUBLIC_KEYS', file);
  const lists = objectIn(text);
  return perProcess((name) => {
    const list = lists?.[name];
    if (isListOfKeys(list)) return list.map(publicKey);
    throw new CannotStart(
      `BUS_PUBLIC_KEYS is "${file}", which has no list of keys for ${name}; make keys by cairn bus keys`,
    );
  });
};

export type MessageKeySettings = Partial<Pick<Environment, 'BUS_PRIVATE_KEY' | 'BUS_PUBLIC_KEYS'>>;

/**
 * The keys that a process protects its messages with.
 *
 * @returns undefined when none are configured
 * @throws CannotStart when a file is unusable, or when others do not know this process's key
 */
export const readMessageKeys = (settings: MessageKeySettings, name: ProcessName): MessageKeys | undefined => {
  const { BUS_PRIVATE_KEY: privateFile, BUS_PUBLIC_KEYS: publicFile } = settings;
  if (privateFile === undefined || publicFile === undefined) return undefined;
  const keys: MessageKeys = { name, own: privateKeysIn(privateFile), of: publicKeysIn(publicFile) };
  const known = keys.of[name].map(rawPublicKey);
  const sending = keys.own.slice(0, 1).map(rawPublicKey);
  if (!sending.every((key) => known.includes(key))) {
    throw new CannotStart(`BUS_PUBLIC_KEYS has another key for ${name} than the first in BUS_PRIVATE_KEY`);
  }
  return keys;
};

export const isProcessName = (text: string): text is ProcessName => PROCESSES.some((name) => name === text);
