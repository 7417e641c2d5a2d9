import type { Agent } from 'node:http';
import { type Answer, HttpClient } from '../../harness/http-client.js';

/** How often the client's HTTP library sends a request again. */
const REPEATS_MAX = 3;

const REPEATED = ['GET', 'PUT', 'DELETE'];

/** Repeats GET, PUT and DELETE, never POST, when a connection ends before the answer begins (contract 1.4). */
export class RepeatingClient extends HttpClient {
  /** How often requests were repeated. */
  repeats = 0;

  constructor(server: { readonly url: string }, agent: Agent) {
    super(server, undefined, agent);
  }

  override async send(...sent: Parameters<HttpClient['send']>): Promise<Answer> {
    const [method] = sent;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await super.send(...sent);
      } catch (error) {
        if (!REPEATED.includes(method) || attempt === REPEATS_MAX) throw error;
        this.repeats += 1;
      }
    }
  }
}
