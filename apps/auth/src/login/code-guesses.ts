import { Injectable } from '@nestjs/common';
import { GuessLimit } from './guess-limit.js';

/** Codes of devices that a client (see `clientOf`) sent in vain. They are short, because people type them. */
@Injectable()
export class CodeGuesses extends GuessLimit {
  constructor() {
    super({ max: 20, lockMs: 60_000 });
  }
}
