import { Injectable } from '@nestjs/common';
import { Attempts } from './attempts.js';

/** A network address is locked after so many unknown codes. */
const FAILURES_MAX = 20;
const LOCK_MS = 60_000;

/** Wrong codes of devices, by network address. */
@Injectable()
export class CodeAttempts extends Attempts {
  constructor() {
    super({ max: FAILURES_MAX, lockMs: LOCK_MS });
  }
}
