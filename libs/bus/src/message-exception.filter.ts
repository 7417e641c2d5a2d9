import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { of, type Observable } from 'rxjs';
import { DomainError } from '#platform/domain-error.js';
import type { Log } from '#platform/logging.js';
import type { Answer, Message } from './contract.js';

/** What a client learns of an unexpected failure. */
export const NEUTRAL = new DomainError('internal', 'internal', 'internal error').toValue();

/** A refusal that was thrown is answered as one; anything else is logged here and leaves the process as neutral text. */
@Catch()
export class MessageExceptionFilter implements ExceptionFilter {
  constructor(private readonly log: Log) {}

  catch(exception: unknown, host: ArgumentsHost): Observable<Answer<never>> {
    if (exception instanceof DomainError) return of({ error: exception.toValue() });
    const { correlationId, commandId } = host.switchToRpc().getData<Message<unknown>>().context;
    this.log.error({ error: exception, correlationId, commandId }, 'a message handler failed');
    return of({ error: NEUTRAL });
  }
}
