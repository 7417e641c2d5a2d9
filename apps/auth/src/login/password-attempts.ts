import { Injectable } from '@nestjs/common';
import { Attempts } from './attempts.js';

/** Wrong passwords in a row after which a name is left alone for a while, in which the right one does not help either. */
const FAILURES_MAX = 10;
const REST_MS = 60_000;

/** Wrong passwords by name, whichever way they came. */
@Injectable()
export class PasswordAttempts extends Attempts {
  constructor() {
    super({ max: FAILURES_MAX, restMs: REST_MS });
  }
}
