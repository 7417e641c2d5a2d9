import type { MessagePort } from 'node:worker_threads';
import { withCorrelation } from '#platform/correlation.js';
import { DomainError, type DomainErrorValue } from '#platform/domain-error.js';
import type { Log } from '#platform/logging.js';
import type { Bus } from './bus.js';
import { contractOf } from './contract.js';
import { NEUTRAL } from './message-exception.filter.js';
import { Outbox } from './outbox.js';
import type { ProcessQuestions, ThreadAnswer, ThreadMessage, ThreadRequest } from './thread-bus.js';

/** What the log says of a request that failed. */
const fieldsOf = (request: ThreadRequest): object =>
  'question' in request
    ? { question: request.question }
    : { subject: request.subject, correlationId: request.context.correlationId };

/** Answers what the gateway's thread sends through its {@link ThreadBus}: messages are sent on by the bus of the services. */
export const serveThread = (port: MessagePort, bus: Bus, questions: ProcessQuestions, log: Log): void => {
  const valueOf = (error: unknown, fields: object = {}): DomainErrorValue => {
    if (error instanceof DomainError) return error.toValue();
    log.error({ error, ...fields }, 'a message of the gateway could not be answered');
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
      outbox.send({ id, answer: { error: valueOf(error, fieldsOf(request)) } });
    }
  };
  port.on('message', (requests: readonly ThreadRequest[]) => {
    for (const request of requests) void answer(request);
  });
};
