import { collectDefaultMetrics, Counter, Registry } from 'prom-client';
import { FastHistogram } from './histogram.js';

const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/**
 * What this process measures, in Prometheus' text form at `/metrics`. Each instance counts for itself, so that tests and
 * several applications in one process do not meet. It is its own Nest token.
 */
export class Metrics {
  /** Node's own metrics, and whatever else costs nothing on the way of a request. */
  readonly registry = new Registry();

  private readonly http = new FastHistogram<'route' | 'method' | 'status'>(
    'cairn_http_request_seconds',
    'Time to answer HTTP requests',
    SECONDS,
  );
  private readonly bus = new FastHistogram<'subject'>(
    'cairn_bus_request_seconds',
    'Time until a service answered',
    SECONDS,
  );
  private readonly drain = new FastHistogram<'service'>(
    'cairn_mailbox_drain_commands',
    'Commands that were decided together',
    SIZES,
  );
  private readonly append = new FastHistogram<'service'>(
    'cairn_ledger_append_seconds',
    'Time until the events of a drain were durable',
    SECONDS,
  );
  private readonly busRefusals = new Counter({
    name: 'cairn_bus_refusals_total',
    help: 'Answers that were refusals, by kind',
    labelNames: ['subject', 'kind'] as const,
    registers: [this.registry],
  });

  private readonly strayRejections = new Counter({
    name: 'cairn_stray_rejections_total',
    help: 'Promises that were rejected and that nobody awaits',
    registers: [this.registry],
  });

  /** @param ofProcess the other metrics of the process, for a thread that measures HTTP requests only */
  constructor(private readonly ofProcess?: () => Promise<string>) {
    if (ofProcess === undefined) collectDefaultMetrics({ register: this.registry });
  }

  /** `route` is the pattern (`/tasks/:task_id`), never the path, so that the number of series stays small. */
  httpRequest(route: string, method: string, status: number, seconds: number): void {
    const statusClass = `${Math.floor(status / 100)}xx`;
    this.http.observe(`${method} ${statusClass} ${route}`, () => ({ route, method, status: statusClass }), seconds);
  }

  busRequest(subject: string, seconds: number): void {
    this.bus.observe(subject, () => ({ subject }), seconds);
  }

  strayRejection(): void {
    this.strayRejections.inc();
  }

  busRefusal(subject: string, kind: string): void {
    this.busRefusals.inc({ subject, kind });
  }

  mailboxDrain(service: string, commands: number): void {
    this.drain.observe(service, () => ({ service }), commands);
  }

  ledgerAppend(service: string, seconds: number): void {
    this.append.observe(service, () => ({ service }), seconds);
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  async text(): Promise<string> {
    const own = [this.http, this.bus, this.drain, this.append].map((histogram) => histogram.text());
    const others = this.ofProcess === undefined ? await this.registry.metrics() : await this.ofProcess();
    return [...own.filter((text) => text !== ''), others].join('\n');
  }
}
