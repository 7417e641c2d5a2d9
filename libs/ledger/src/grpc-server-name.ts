import { isIP } from 'node:net';
import { ChannelCredentials } from '@grpc/grpc-js';

/** What gRPC makes a TLS connection with; its own types hide it. */
interface SecureConnector {
  readonly connectionOptions: { servername?: string | undefined };
}

interface SecureCredentials {
  _createSecureConnector: (...parameters: unknown[]) => SecureConnector;
}

/**
 * Keeps gRPC from sending the address of a server as its name, which TLS forbids: Node.js warns of it, and will refuse it one day. The
 * certificate is still compared with the address.
 */
export const sendNoAddressAsName = (): void => {
  const prototype = Object.getPrototypeOf(ChannelCredentials.createSsl()) as SecureCredentials;
  const create = prototype._createSecureConnector;
  prototype._createSecureConnector = function (...parameters): SecureConnector {
    const connector = create.apply(this, parameters);
    if (isIP(connector.connectionOptions.servername ?? '') !== 0) connector.connectionOptions.servername = undefined;
    return connector;
  };
};
