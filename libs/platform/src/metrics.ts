import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client';

const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/**
 * What this process measures, in Prometheus' text form at `/metrics`. Each instance has its own registry, so that tests
 * and several applications in one process do not meet. It is its own Nest token.
 */
export class Metrics {
  readonly registry = new Registry();

  private readonly http = new Histogram({
    name: 'cairn_http_request_seconds',
    help: 'Time to answer HTTP requests',
    labelNames: ['route', 'method', 'status'] as const,
    buckets: SECONDS,
    registers: [this.registry],
  });

  private readonly bus = new Histogram({
    name: 'cairn_bus_request_seconds',
    help: 'Time until a service answered',
    labelNames: ['subject'] as const,
    buckets: SECONDS,
    registers: [this.registry],
  });

  private readonly busRefusals = new Counter({
    name: 'cairn_bus_refusals_total',
    help: 'Answers that were refusals, by kind',
    labelNames: ['subject', 'kind'] as const,
    registers: [this.registry],
  });

  private readonly drain = new Histogram({
    name: 'cairn_mailbox_drain_commands',
    help: 'Commands that were decided together',
    labelNames: ['service'] as const,
    buckets: SIZES,
    registers: [this.registry],
  });

  private readonly append = new Histogram({
    name: 'cairn_ledger_append_seconds',
    help: 'Time until an append was durable',
    buckets: SECONDS,
    registers: [this.registry],
  });

  /** Label children are looked up by hashing their labels, which costs more than observing: keep what was looked up. */
  private readonly kept = new Map<string, Observer>();

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** `route` is the pattern (`/tasks/:task_id`), never the path, so that the number of series stays small. */
  httpRequest(route: string, method: string, status: number, seconds: number): void {
    const statusClass = `${Math.floor(status / 100)}xx`;
    this.observer(`http ${method} ${route} ${statusClass}`, () =>
      this.http.labels({ route, method, status: statusClass }),
    ).observe(seconds);
  }

  busRequest(subject: string, seconds: number): void {
    this.observer(`bus ${subject}`, () => this.bus.labels({ subject })).observe(seconds);
  }

  busRefusal(subject: string, kind: string): void {
    this.busRefusals.inc({ subject, kind });
  }

  mailboxDrain(service: string, commands: number): void {
    this.observer(`drain ${service}`, () => this.drain.labels({ service })).observe(commands);
  }

  ledgerAppend(seconds: number): void {
    this.append.observe(seconds);
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }

  private observer(key: string, make: () => Observer): Observer {
    const known = this.kept.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.kept.set(key, made);
    return made;
  }
}

interface Observer {
  observe(value: number): void;
}
