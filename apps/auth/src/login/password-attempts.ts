import { Injectable } from '@nestjs/common';
import { Attempts } from './attempts.js';

/** A user name is locked after so many wrong passwords in a row. While it is locked, the right one is refused too. */
const FAILURES_MAX = 10;
const LOCK_MS = 60_000;

/** Wrong passwords by user name, whatever the way to log in. */
@Injectable()
export class PasswordAttempts extends Attempts {
  constructor() {
    super({ max: FAILURES_MAX, lockMs: LOCK_MS });
  }
}
