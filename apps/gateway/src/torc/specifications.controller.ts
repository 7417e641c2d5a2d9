import { Controller } from '@nestjs/common';
import { CreateFromSpecification, ExportSpecification } from '#contracts/torc/specifications.js';
import type { CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { asText } from './list-framing.js';
import { EXAMPLE_SPECIFICATION, SPECIFICATION_TEMPLATE } from './specification-texts.js';
import { specificationRoutes as routes } from './specifications.routes.js';
import { TorcAnswers } from './torc-answers.js';

@Controller()
export class SpecificationsController {
  constructor(private readonly answers: TorcAnswers) {}

  @Serves(routes.create)
  create(@ValidatedCall() call: CallOf<typeof routes.create>): Promise<RouteResponse> {
    return this.answers.document(CreateFromSpecification, call);
  }

  @Serves(routes.getExample)
  getExample(): RouteResponse {
    return EXAMPLE_SPECIFICATION;
  }

  @Serves(routes.getTemplate)
  getTemplate(): RouteResponse {
    return SPECIFICATION_TEMPLATE;
  }

  @Serves(routes.export)
  export(@ValidatedCall() call: CallOf<typeof routes.export>): Promise<RouteResponse> {
    return this.answers.pages(ExportSpecification, call, asText());
  }
}
