import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { DomainError } from '#platform/domain-error.js';
import type { Answer, Message } from '#bus/contract.js';
import type { DocumentReply } from '#contracts/torc/documents.js';
import { CreateFromSpecification } from '#contracts/torc/specifications.js';
import { Slices } from '#event-sourcing/slices.js';
import { TorcMessageHandler } from '../message-handler.js';
import { compileSpecification } from './compile.js';
import { createFromSpecification } from './create-from-specification.js';

/** Messages about specifications of workflows. */
@Controller()
export class SpecificationController {
  constructor(private readonly handler: TorcMessageHandler) {}

  @MessagePattern(CreateFromSpecification.subject)
  async create(@Payload() message: Message<{ readonly body: string }>): Promise<Answer<DocumentReply>> {
    // Checked before it waits for its turn: that needs no state, and takes long.
    const specification = await new Slices().drive(compileSpecification(message.request.body));
    if (specification instanceof DomainError) return { error: specification.toValue() };
    return this.handler.execute(message, (view, timeMicros) =>
      createFromSpecification(view, specification, timeMicros),
    );
  }
}
