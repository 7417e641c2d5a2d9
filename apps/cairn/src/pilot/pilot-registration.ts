import { hostname } from 'node:os';
import { textOf } from '#contracts/iceprod/config/json.js';
import { LEASE_NOT_HELD } from '#contracts/leases.js';
import { Refused } from '../worker/http-client.js';
import type { Registration } from '../worker/worker.js';
import { isRoleRefused, type RestClient } from './rest-client.js';

interface PilotDescription {
  readonly site: string;
  readonly resources: object;
  /** Time without a heartbeat after which the server releases the pilot's tasks. */
  readonly heartbeatTimeoutSeconds: number;
}

const QUEUE_VERSION = '1';
const NOT_FOUND = 404;

/** Workers are not told whether a registration that is not theirs exists. */
const isUnknown = ({ status, reason }: Refused): boolean => status === NOT_FOUND || reason === LEASE_NOT_HELD;

/** The pilot's own record on the server: `POST`, `PATCH` and `DELETE /pilots` (contract 12). */
export class PilotRegistration implements Registration {
  private pilotId: string | undefined;

  constructor(
    private readonly client: RestClient,
    private readonly description: PilotDescription,
    private readonly note: (line: string) => void,
  ) {}

  /** `undefined` on servers without pilots, and for tokens that may not register any. */
  get id(): string | undefined {
    return this.pilotId;
  }

  async register(signal: AbortSignal): Promise<void> {
    const { site, resources, heartbeatTimeoutSeconds } = this.description;
    const description = {
      queue_host: hostname(),
      queue_version: QUEUE_VERSION,
      host: hostname(),
      version: QUEUE_VERSION,
      site,
      resources,
      tasks: [],
      heartbeat_seconds: heartbeatTimeoutSeconds,
    };
    try {
      this.pilotId = textOf(await this.client.post('/pilots', description, { signal }), 'result');
      await this.client.patch(this.path, { start_date: new Date().toISOString().slice(0, -1) }, { signal });
    } catch (error) {
      if (isRoleRefused(error)) {
        this.note(`works without registration, so that nobody notices when it is lost: ${error.message}`);
        return;
      }
      if (!(error instanceof Refused)) throw error;
      // Newer IceProd servers have no pilots: the pilot works unregistered, and the server does not notice if it dies.
      this.note(`the server registers no pilots: ${error.message}`);
    }
  }

  async beat(tasks: readonly string[], signal: AbortSignal): Promise<void> {
    if (this.pilotId === undefined) return;
    try {
      await this.client.patch(this.path, { tasks }, { signal });
    } catch (error) {
      if (!(error instanceof Refused) || !isUnknown(error)) throw error;
      this.note('the server has missed this pilot, which registers again');
      await this.register(signal);
      await this.client.patch(this.path, { tasks }, { signal });
    }
  }

  async deregister(signal: AbortSignal): Promise<void> {
    if (this.pilotId === undefined) return;
    await this.client.patch(this.path, { tasks: [] }, { signal });
    await this.client.delete(this.path, { signal });
  }

  private get path(): string {
    return `/pilots/${encodeURIComponent(this.pilotId ?? '')}`;
  }
}
