import { Controller } from '@nestjs/common';
import { ClaimAction, CompleteAction, ListActions } from '#contracts/torc/actions.js';
import type { CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { actionRoutes as routes } from './actions.routes.js';
import { TorcAnswers } from './torc-answers.js';

@Controller()
export class ActionsController {
  constructor(private readonly answers: TorcAnswers) {}

  @Serves(routes.list)
  async list(@ValidatedCall() call: CallOf<typeof routes.list>): Promise<RouteResponse> {
    const { documents } = await this.answers.reply(ListActions, call);
    return `{"items":[${documents.join(',')}]}`;
  }

  @Serves(routes.claim)
  claim(@ValidatedCall() { input, context }: CallOf<typeof routes.claim>): Promise<RouteResponse> {
    const { workflow, action, chosen } = input;
    return this.answers.document(ClaimAction, { input: { workflow, action, ...chosen }, context });
  }

  @Serves(routes.complete)
  complete(@ValidatedCall() { input, context }: CallOf<typeof routes.complete>): Promise<RouteResponse> {
    const { workflow, action, done } = input;
    return this.answers.document(CompleteAction, { input: { workflow, action, ...done }, context });
  }
}
