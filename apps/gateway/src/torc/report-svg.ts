import type { ReportedGroup, ReportedJob, ReportedUse, WorkflowReport } from '#contracts/torc/workflows.js';
import { type Html, html } from '../route/html.js';

const WIDTH = 900;
const MARGIN = 20;
/** Where bars begin: names stand left of them. */
const BARS_AT = 240;
const BARS_WIDTH = 520;
const ROW = 22;
const BAR = 14;
/** Rows of one part. */
const ROWS_MAX = 40;
const NAME_CHARACTERS_MAX = 30;

const COLOURS = { text: '#222', quiet: '#666', frame: '#ddd', bar: '#3b7dbd', over: '#c0392b' } as const;

/** At most two decimals. */
const figure = (value: number): string => String(Math.round(value * 100) / 100);

const countOf = (jobs: number): string => `${jobs} ${jobs === 1 ? 'job' : 'jobs'}`;

/** XML cannot hold these, even escaped. */
const UNSPEAKABLE = /[\p{Cc}\ufffe\uffff]/gu;

/** A name that somebody gave, as a picture shows it. */
const shortened = (name: string): string => {
  const short = name.length > NAME_CHARACTERS_MAX ? `${name.slice(0, NAME_CHARACTERS_MAX - 1)}…` : name;
  return short.toWellFormed().replace(UNSPEAKABLE, ' ');
};

const text = (x: number, y: number, content: string, more: { size?: number; colour?: string } = {}): Html =>
  html`<text
    x="${String(x)}"
    y="${String(y)}"
    font-size="${String(more.size ?? 12)}"
    fill="${more.colour ?? COLOURS.text}"
    >${content}</text
  >`;

const rectangle = (x: number, y: number, width: number, colour: string): Html =>
  html`<rect
    x="${figure(x)}"
    y="${String(y)}"
    width="${figure(Math.max(width, 1))}"
    height="${String(BAR)}"
    fill="${colour}"
  />`;

/** A part of the drawing, as high as its rows. */
interface Part {
  readonly rows: number;
  draw(top: number): Html;
}

const heading = (title: string): Part => ({
  rows: 2,
  draw: (top) => text(MARGIN, top + ROW + 12, title, { size: 15 }),
});

const line = (content: string): Part => ({
  rows: 1,
  draw: (top) => text(MARGIN, top + 14, content, { colour: COLOURS.quiet }),
});

const jobRow = ({ job_id, name, minutes, start_minutes: start }: ReportedJob, total: number): Part => ({
  rows: 1,
  draw: (top) => {
    const scale = total > 0 ? BARS_WIDTH / total : 0;
    const [x, width] = [BARS_AT + start * scale, minutes * scale];
    return html`${text(MARGIN, top + 12, shortened(name ?? job_id))}${rectangle(x, top, width, COLOURS.bar)}${text(
      BARS_AT + BARS_WIDTH + 10,
      top + 12,
      `${figure(minutes)} min`,
      { colour: COLOURS.quiet },
    )}`;
  },
});

const useRow = (label: string, unit: string, { requested, used, jobs_over: over }: ReportedUse): Part => ({
  rows: 1,
  draw: (top) => {
    const isOver = over > 0;
    const share = used === null || requested === 0 ? 0 : used / requested;
    const said = used === null ? 'not measured' : `${figure(used)} of ${figure(requested)} ${unit}`;
    return html`${text(MARGIN + 12, top + 12, label)}${rectangle(BARS_AT, top, BARS_WIDTH / 2, COLOURS.frame)}${
      used === null
        ? undefined
        : rectangle(BARS_AT, top, (Math.min(share, 2) * BARS_WIDTH) / 2, isOver ? COLOURS.over : COLOURS.bar)
    }${text(BARS_AT + BARS_WIDTH + 10, top + 12, isOver ? `${said}; ${over} over` : said, {
      colour: isOver ? COLOURS.over : COLOURS.quiet,
    })}`;
  },
});

const groupRows = ({ name, jobs, jobs_measured: measured, ...use }: ReportedGroup): readonly Part[] => [
  line(`${shortened(name ?? 'without a name')}: ${countOf(jobs)}, ${measured} with a result`),
  useRow('CPUs', 'CPUs', use.cpus),
  useRow('memory', 'GiB', use.memory_gb),
  useRow('runtime', 'min', use.runtime_minutes),
];

const summary = ({
  jobs,
  failed_jobs,
  work_minutes,
  elapsed_minutes,
  critical_path,
}: WorkflowReport): readonly Part[] => {
  const counts = Object.entries(jobs).filter(([, count]) => count > 0);
  const elapsed = elapsed_minutes === null ? 'nothing has run' : `${figure(elapsed_minutes)} min elapsed`;
  return [
    line(`Jobs: ${counts.map(([status, count]) => `${count} ${status}`).join(', ') || 'none'}; ${failed_jobs} failed`),
    line(
      `Time: ${elapsed}, ${figure(work_minutes)} min of work, ${figure(critical_path.minutes)} min on the critical path of ${countOf(critical_path.length)}`,
    ),
  ];
};

/** A report as a picture: the critical path as a time line, and for each group what its jobs used of what they asked for. */
export const reportSvg = (report: WorkflowReport): string => {
  const { critical_path: path, groups } = report;
  const longest = path.jobs
    .toSorted((one, other) => other.minutes - one.minutes)
    .slice(0, ROWS_MAX)
    .sort((one, other) => one.start_minutes - other.start_minutes);
  const parts: readonly Part[] = [
    heading(
      `Workflow ${report.workflow_key}${report.name === null ? '' : ` ${shortened(report.name)}`}, run ${report.run_id}`,
    ),
    ...summary(report),
    heading('Critical path'),
    ...longest.map((job) => jobRow(job, path.minutes)),
    heading('Greatest use by one job, of what was requested (grey)'),
    ...groups.slice(0, ROWS_MAX).flatMap(groupRows),
  ];
  let top = 0;
  const drawn = parts.map((part) => {
    const at = top;
    top += part.rows * ROW;
    return part.draw(at);
  });
  return html`<svg
    xmlns="http://www.w3.org/2000/svg"
    width="${String(WIDTH)}"
    height="${String(top + MARGIN)}"
    font-family="sans-serif"
  >
    <rect width="100%" height="100%" fill="#fff" />
    ${drawn}
  </svg>`.text;
};
