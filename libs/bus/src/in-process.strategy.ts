import { MessageServer } from './message.server.js';

/** Handlers of all modules of this process, called directly by {@link InProcessBus}. */
export class InProcessStrategy extends MessageServer {
  override listen(callback: () => void): void {
    callback();
  }

  override close(): void {
    // Nothing is held: handlers belong to their modules.
  }
}
