import { Injectable } from '@nestjs/common';
import { Attempts } from './attempts.js';

/** Codes that nobody was given, from one network address, after which it has to wait. */
const FAILURES_MAX = 20;
const REST_MS = 60_000;

/** Wrong codes of devices, by network address. */
@Injectable()
export class CodeAttempts extends Attempts {
  constructor() {
    super({ max: FAILURES_MAX, restMs: REST_MS });
  }
}
