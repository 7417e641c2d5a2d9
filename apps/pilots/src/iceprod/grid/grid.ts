import { DomainError } from '#platform/domain-error.js';
import { ref, streamName } from '#ledger/ref.js';
import { isTooLargeForEvent, membersOf } from '#contracts/raw-json.js';
import type { SiteEvents } from '#contracts/worker-events.js';
import type { Decision } from '#event-sourcing/command.js';
import {
  afterReport,
  growthProblem,
  hasNews,
  newDocument,
  reportProblem,
  timeText,
  tooLarge,
} from '../document/report.js';

export const gridStream = (gridId: string): string => streamName('site', ref('iceprod', 'main', gridId));

/** The document of a grid that registers, as raw JSON (IceProd contract 11). */
export const registeredGrid = (
  { site_id: id, username, description }: SiteEvents['SiteRegistered'],
  timeMicros: number,
): string => {
  const given = membersOf(description);
  const known = new Map([
    ['grid_id', JSON.stringify(id)],
    ['host', given.get('host') ?? '""'],
    ['queues', given.get('queues') ?? '{}'],
    ['version', given.get('version') ?? '""'],
    ['start_date', timeText(timeMicros)],
    ['last_update', timeText(timeMicros)],
    ['debug', given.get('debug') ?? 'false'],
    ['username', JSON.stringify(username)],
  ]);
  return newDocument(known, description);
};

/** The document after a report of the grid. */
export const reportedGrid = (document: string, fields: string, timeMicros: number): string | DomainError =>
  afterReport(document, fields, 'grid_id', timeMicros);

export const gridNotFound = (): DomainError => new DomainError('not-found', 'grid.not-found', 'Grid not found');

/** `POST /grids` */
export const registerGrid = (data: SiteEvents['SiteRegistered']): Decision<{ grid_id: string }> =>
  isTooLargeForEvent(data.description)
    ? tooLarge('Grid')
    : {
        events: [{ stream: gridStream(data.site_id), type: 'SiteRegistered', data }],
        reply: { grid_id: data.site_id },
      };

/** `PATCH /grids/{grid_id}`. A report without news is no event: the caller records the heartbeat. */
export const reportGrid = (
  document: string | undefined,
  { grid_id: id, fields }: { readonly grid_id: string; readonly fields: string },
  timeMicros: number,
): Decision<{ document: string }> => {
  const problem = reportProblem(fields);
  if (problem !== undefined) return problem;
  if (document === undefined) return gridNotFound();
  const after = reportedGrid(document, fields, timeMicros);
  if (after instanceof DomainError) return after;
  const growth = growthProblem(document, after);
  if (growth !== undefined) return growth;
  if (!hasNews(document, after)) return { events: [], reply: { document: after } };
  const data: SiteEvents['SiteReported'] = { site_id: id, fields };
  return { events: [{ stream: gridStream(id), type: 'SiteReported', data }], reply: { document: after } };
};
