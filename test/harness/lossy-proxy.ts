import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** What happens to a request whose answer is lost. */
export type Loss =
  /** The server has answered before the connection ends. */
  | 'after the answer'
  /** The connection ends as soon as the server has the request. */
  | 'at once';

export interface LossyProxy {
  readonly url: string;
  /** Requests whose answers were lost, such as `PUT /a`. */
  readonly lost: readonly string[];
  stop(): Promise<void>;
}

/** A loss `at once` gives the server this long to read the request. */
const READING_MS = 2;

const bodyOf = async (incoming: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

/**
 * Forwards requests to a server, each connection of a client over a connection of its own. The answer to every GET, PUT and
 * DELETE is lost once: the connection ends on both sides, as in a network that fails, before the client gets any of it. The
 * next identical request is answered.
 *
 * @param server its URL is read anew for each request
 * @param lossOf when the answer to a request is lost; `undefined` spares it
 */
export const startLossyProxy = async (
  server: { readonly url: string },
  lossOf: (method: string, path: string) => Loss | undefined = () => 'after the answer',
): Promise<LossyProxy> => {
  const pending = new Set<string>();
  const lost: string[] = [];
  const agents = new Map<Socket, Agent>();

  const agentOf = (socket: Socket): Agent => {
    const known = agents.get(socket);
    if (known !== undefined) return known;
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    agents.set(socket, agent);
    socket.once('close', () => {
      agent.destroy();
      agents.delete(socket);
    });
    return agent;
  };

  const forward = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const { method = '', url = '', socket } = incoming;
    const body = await bodyOf(incoming);
    const name = `${method} ${url}`;
    const identity = `${name}\n${body.toString('base64')}`;
    const isRepeat = pending.delete(identity);
    const loss = isRepeat || method === 'POST' ? undefined : lossOf(method, url);
    const agent = agentOf(socket);
    // The side of the server ends first: it has noticed before the repeat arrives.
    const lose = (): void => {
      agent.destroy();
      socket.destroy();
    };
    if (loss !== undefined) {
      pending.add(identity);
      lost.push(name);
    }
    const sending = request(`${server.url}${url}`, { method, agent, headers: incoming.headers }, (answer) => {
      if (loss === undefined) {
        outgoing.writeHead(answer.statusCode ?? 502, answer.statusMessage, answer.headers);
        answer.pipe(outgoing);
      } else answer.resume().once('end', lose);
    });
    sending.once('error', () => socket.destroy());
    sending.end(body);
    if (loss === 'at once') sending.once('finish', () => setTimeout(lose, READING_MS));
  };

  const proxy = createServer((incoming, outgoing) => {
    forward(incoming, outgoing).catch(() => incoming.socket.destroy());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    lost,
    stop: async () => {
      proxy.closeAllConnections();
      proxy.close();
      await once(proxy, 'close');
    },
  };
};
