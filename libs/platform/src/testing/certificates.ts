import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface Certificates {
  /** File with the authority's certificate. */
  readonly ca: string;
  /** File with a certificate for this machine, for servers and clients. */
  readonly cert: string;
  readonly key: string;
  readonly remove: () => Promise<void>;
}

/** Files with a certificate that is its own authority, as programs other than ours need them. */
export const makeCertificates = async (subjects = 'DNS:localhost,IP:127.0.0.1'): Promise<Certificates> => {
  const folder = await mkdtemp(join(tmpdir(), 'cairn-certificates-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const words =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost ' +
    `-addext subjectAltName=${subjects} -addext extendedKeyUsage=serverAuth,clientAuth`;
  await promisify(execFile)('openssl', [...words.split(' '), '-keyout', key, '-out', cert]);
  return { ca: cert, cert, key, remove: () => rm(folder, { recursive: true, force: true }) };
};
