import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import type { Answer, Message, Page } from '#bus/contract.js';
import { ReadUnitHistory, type UnitHome } from '#contracts/cairn/history.js';
import { UnitHistory } from './unit-history.js';

@Controller()
export class HistoryController {
  constructor(private readonly unitHistory: UnitHistory) {}

  @MessagePattern(ReadUnitHistory.subject)
  async unit({ request }: Message<UnitHome & { readonly cursor?: string }>): Promise<Answer<Page>> {
    return { reply: await this.unitHistory.page(request, request.cursor) };
  }
}
