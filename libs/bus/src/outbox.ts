import type { MessagePort } from 'node:worker_threads';
import { nextLoopTurn } from '#platform/loop-turn.js';

/** Messages for another thread. Those of one turn of the event loop leave together, so that the other thread is woken once. */
export class Outbox<Message> {
  private waiting: Message[] = [];

  /** @param refuse called with a message that cannot be copied to another thread, such as one that holds a function */
  constructor(
    private readonly port: MessagePort,
    private readonly refuse: (message: Message, error: unknown) => void,
  ) {}

  send(message: Message): void {
    this.waiting.push(message);
    if (this.waiting.length === 1) void nextLoopTurn().then(() => this.post());
  }

  private post(): void {
    const messages = this.waiting;
    this.waiting = [];
    try {
      this.port.postMessage(messages);
    } catch {
      // One of them is to blame; the others must not wait for ever.
      for (const message of messages) this.postAlone(message);
    }
  }

  private postAlone(message: Message): void {
    try {
      this.port.postMessage([message]);
    } catch (error) {
      this.refuse(message, error);
    }
  }
}
