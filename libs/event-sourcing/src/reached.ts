import { Controller, Inject, type Type } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import type { Answer, Message, Nothing, ServiceName } from '#bus/contract.js';
import { Reached, type ReachedRequest, VISIBLE_WITHIN_MS } from '#bus/visibility.js';
import type { Position } from '#ledger/ledger.js';
import { ReadModel } from './read-model.js';

/** Answers {@link Reached}: empty when the tables show everything up to the position, else a refusal. */
export const answerReached = async (
  readModel: Pick<ReadModel, 'reached'>,
  position: Position,
): Promise<Answer<Nothing>> =>
  (await readModel.reached(position, VISIBLE_WITHIN_MS))
    ? { reply: {} }
    : {
        error: {
          kind: 'unavailable',
          code: 'read-model.behind',
          message: 'The change stands but does not show everywhere yet',
        },
      };

/** The Nest controller with which a service answers {@link Reached} from the {@link ReadModel} of its module. */
export const reachedController = (service: ServiceName): Type => {
  @Controller()
  class ReachedController {
    constructor(@Inject(ReadModel) private readonly readModel: ReadModel) {}

    @MessagePattern(Reached(service).subject)
    reached({ request }: Message<ReachedRequest>): Promise<Answer<Nothing>> {
      return answerReached(this.readModel, request.position);
    }
  }
  return ReachedController;
};
