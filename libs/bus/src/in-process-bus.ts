import type { Metrics } from '#platform/metrics.js';
import { noAnswer } from './bus.js';
import type { Answer, Contract, MessageContext } from './contract.js';
import type { InProcessStrategy } from './in-process.strategy.js';
import { TransportBus } from './transport-bus.js';

/** Calls the handlers of the services that live in the same process. Messages are handed over as they are. */
export class InProcessBus extends TransportBus {
  constructor(
    private readonly strategy: InProcessStrategy,
    metrics?: Metrics,
  ) {
    super(metrics);
  }

  protected override deliver<Request, Reply>(
    { subject, service }: Contract<Request, Reply>,
    request: Request,
    context: MessageContext,
  ): Promise<Answer<Reply>> {
    return new Promise((resolve, reject) => {
      const answered = this.strategy.handle(subject, { context, request });
      if (answered === undefined) {
        resolve({ error: noAnswer(service, `nothing handles ${subject}`).toValue() });
        return;
      }
      const timer = setTimeout(
        () => resolve({ error: noAnswer(service, 'deadline passed').toValue() }),
        Math.max(0, context.deadlineMs - Date.now()),
      );
      answered.then(
        (answer) => {
          clearTimeout(timer);
          // The contract ties subject, request and reply together at both ends.
          resolve(answer as Answer<Reply>);
        },
        (error: unknown) => {
          clearTimeout(timer);
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      );
    });
  }

  protected override tellGateways(): Promise<void> {
    // The only gateway shares this bus.
    return Promise.resolve();
  }
}
