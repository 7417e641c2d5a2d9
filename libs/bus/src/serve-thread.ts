import type { MessagePort } from 'node:worker_threads';
import { withCorrelation } from '#platform/correlation.js';
import { DomainError, type DomainErrorValue } from '#platform/domain-error.js';
import type { Log } from '#platform/logging.js';
import type { Bus } from './bus.js';
import { contractOf } from './contract.js';
import { Outbox } from './outbox.js';
import type { ProcessQuestions, ThreadAnswer, ThreadMessage, ThreadRequest } from './thread-bus.js';

/** What a client learns of an unexpected failure. */
const NEUTRAL = new DomainError('internal', 'internal', 'internal error').toValue();

/** Answers what the gateway's thread sends through its {@link ThreadBus}: messages are sent on by the bus of the services. */
export const serveThread = (port: MessagePort, bus: Bus, questions: ProcessQuestions, log: Log): void => {
  const valueOf = (error: unknown): DomainErrorValue => {
    if (error instanceof DomainError) return error.toValue();
    log.error({ error }, 'a message of the gateway could not be answered');
    return NEUTRAL;
  };
  const outbox = new Outbox<ThreadAnswer>(port, ({ id }, error) =>
    outbox.send({ id, answer: { error: valueOf(error) } }),
  );
  const replyTo = ({ subject, request, context, isLaterPage }: ThreadMessage): Promise<unknown> => {
    const contract = contractOf(subject);
    if (contract === undefined) throw new Error(`nothing is declared with the subject ${subject}`);
    return withCorrelation(context.correlationId, () => bus.request(contract, request, context, isLaterPage));
  };
  const answer = async (request: ThreadRequest): Promise<void> => {
    const { id } = request;
    try {
      const reply = await ('question' in request ? questions[request.question]() : replyTo(request));
      outbox.send({ id, answer: { reply } });
    } catch (error) {
      outbox.send({ id, answer: { error: valueOf(error) } });
    }
  };
  port.on('message', (requests: readonly ThreadRequest[]) => {
    for (const request of requests) void answer(request);
  });
};
