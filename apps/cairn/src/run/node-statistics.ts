import { cpus, freemem, totalmem } from 'node:os';

interface Extremes {
  readonly average: number;
  readonly minimum: number;
  readonly maximum: number;
}

const extremes = (values: readonly number[]): Extremes => ({
  average: values.reduce((sum, value) => sum + value, 0) / values.length,
  minimum: Math.min(...values),
  maximum: Math.max(...values),
});

/** Processor times of the machine since its start. */
const processorTimes = (): { readonly busy: number; readonly all: number } =>
  cpus().reduce(
    (sum, { times }) => {
      const all = times.user + times.nice + times.sys + times.idle + times.irq;
      return { busy: sum.busy + all - times.idle, all: sum.all + all };
    },
    { busy: 0, all: 0 },
  );

/** Kept samples; when there are more, the oldest go. */
const SAMPLES_MAX = 10_000;

/** How busy the machine is while a runner works: elements of `stats` of Torc contract 2.7. */
export class NodeStatistics {
  private last = processorTimes();
  private readonly cpuPercents: number[] = [];
  private readonly memoryPercents: number[] = [];
  private readonly timer: NodeJS.Timeout;

  constructor(intervalMs: number) {
    this.timer = setInterval(() => this.sample(), intervalMs).unref();
  }

  /** Ends the measurement with one last sample. */
  end(wanted: { readonly cpu?: boolean; readonly memory?: boolean }): readonly object[] {
    clearInterval(this.timer);
    this.sample();
    return [
      ...(wanted.cpu === true ? [this.entry('cpu', 'cpu_percent', this.cpuPercents)] : []),
      ...(wanted.memory === true ? [this.entry('memory', 'percent', this.memoryPercents)] : []),
    ];
  }

  private sample(): void {
    const now = processorTimes();
    const all = now.all - this.last.all;
    this.cpuPercents.push(all > 0 ? (100 * (now.busy - this.last.busy)) / all : 0);
    this.memoryPercents.push(100 * (1 - freemem() / totalmem()));
    this.last = now;
    for (const values of [this.cpuPercents, this.memoryPercents]) if (values.length > SAMPLES_MAX) values.shift();
  }

  private entry(type: string, field: string, values: readonly number[]): object {
    const { average, minimum, maximum } = extremes(values);
    return {
      resource_type: type,
      average: { [field]: average },
      minimum: { [field]: minimum },
      maximum: { [field]: maximum },
      num_samples: values.length,
    };
  }
}
