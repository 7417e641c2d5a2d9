import { Injectable } from '@nestjs/common';
import type { Handlers, LegacyAnswer } from '../protocol/function.js';
import type { systemLegacy } from './system.legacy.js';

@Injectable()
export class SystemLegacyHandlers implements Handlers<typeof systemLegacy> {
  isAlive(): LegacyAnswer {
    return { kind: 'text', text: 'alive=yes' };
  }
}
