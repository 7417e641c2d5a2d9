import { hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { KeyValueStore } from '#storage/key-value-store.js';
import { DEVICE_GRANT } from './key-value-adapter.js';

const keyOf = (deviceCode: unknown): string => `openid/device-challenge/${hash('sha256', String(deviceCode))}`;

/** A hash in base 64 (RFC 7636). */
const CHALLENGE = /^[\w-]{43}$/;

/** As a client makes it of its verifier (RFC 7636). */
const challengeOf = (verifier: string): string => Buffer.from(hash('sha256', verifier, 'buffer')).toString('base64url');

/** PKCE for devices: the library knows none, public clients use it all the same. */
@Injectable()
export class DeviceChallenges {
  constructor(private readonly keyValueStore: KeyValueStore) {}

  /** Whether the challenge of a form, if it has one, is one that a verifier can meet. */
  isUsable(form: URLSearchParams): boolean {
    const [challenge, method] = [form.get('code_challenge'), form.get('code_challenge_method')];
    return challenge === null || (CHALLENGE.test(challenge) && (method ?? 'S256') === 'S256');
  }

  /**
   * Requires the client to send the verifier of the challenge when it asks for the tokens of the device.
   *
   * @param form that holds the challenge, if the client made one
   */
  async remember(form: URLSearchParams, deviceCode: unknown, expiresAtMs: number): Promise<void> {
    const challenge = form.get('code_challenge');
    if (challenge !== null) await this.keyValueStore.put(keyOf(deviceCode), challenge, { expiresAtMs });
  }

  /** Whether a form that asks for tokens of a device comes from the client that started it; true for other forms. */
  async areMet(form: URLSearchParams): Promise<boolean> {
    if (form.get('grant_type') !== DEVICE_GRANT) return true;
    const challenge = await this.keyValueStore.get(keyOf(form.get('device_code')));
    return challenge === undefined || challengeOf(form.get('code_verifier') ?? '') === challenge;
  }
}
