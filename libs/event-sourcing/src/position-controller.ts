import { Controller, Inject, type Type } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import type { Answer, Message, Nothing, ServiceName } from '#bus/contract.js';
import { WaitForPosition, type PositionRequest, VISIBLE_WITHIN_MS } from '#bus/visibility.js';
import type { Position } from '#ledger/ledger.js';
import { ReadModel } from './read-model.js';

/** Answers {@link WaitForPosition}: empty when the tables show everything up to the position, else a refusal. */
export const answerWhenReached = async (
  readModel: Pick<ReadModel, 'waitForPosition'>,
  position: Position,
): Promise<Answer<Nothing>> =>
  (await readModel.waitForPosition(position, VISIBLE_WITHIN_MS))
    ? { reply: {} }
    : {
        error: {
          kind: 'unavailable',
          code: 'read-model.behind',
          message: 'The change stands but does not show everywhere yet',
        },
      };

/** The Nest controller with which a service answers {@link WaitForPosition} from the {@link ReadModel} of its module. */
export const positionController = (service: ServiceName): Type => {
  @Controller()
  class PositionController {
    constructor(@Inject(ReadModel) private readonly readModel: ReadModel) {}

    @MessagePattern(WaitForPosition(service).subject)
    wait({ request }: Message<PositionRequest>): Promise<Answer<Nothing>> {
      return answerWhenReached(this.readModel, request.position);
    }
  }
  return PositionController;
};
