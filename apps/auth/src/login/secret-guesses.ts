import { Injectable } from '@nestjs/common';
import { GuessLimit } from './guess-limit.js';

/**
 * Wrong secrets of programs, by the client (see `clientOf`) that sent them. The right secret is taken all the same: nobody guesses 32 random bytes, and
 * one program with an old secret must not lock out the others of its site.
 */
@Injectable()
export class SecretGuesses extends GuessLimit {
  constructor() {
    super({ max: 50, lockMs: 60_000 });
  }
}
