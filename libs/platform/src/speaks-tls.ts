import { isIP } from 'node:net';
import { connect } from 'node:tls';

const ANSWER_TIMEOUT_MS = 1000;

/** Whether a server answers a TLS handshake, whatever its certificate: for saying why it does not answer without. */
export const speaksTls = (host: string, port: number): Promise<boolean> =>
  new Promise((settle) => {
    // Nothing is sent, so the certificate does not matter.
    const options = { host, port, rejectUnauthorized: false, timeout: ANSWER_TIMEOUT_MS };
    const socket = connect(isIP(host) === 0 ? { ...options, servername: host } : options);
    const end = (answer: boolean): void => {
      socket.destroy();
      settle(answer);
    };
    socket.once('secureConnect', () => end(true));
    socket.once('timeout', () => end(false));
    // Stays for errors after the end.
    socket.on('error', () => end(false));
  });
