import { command, type Nothing, type Page, query } from '#bus/contract.js';

/** Body of `POST /grids`: raw JSON of an object whose known members are of their types (contract 11). */
export const RegisterGrid = command<{ description: string }, { grid_id: string }>('pilots', 'grid.register');
export const GetGrid = query<{ grid_id: string }, { document: string }>('pilots', 'grid.get');
/** Entries are `"<grid_id>":{...}` texts in creation order. */
export const ListGrids = query<{ cursor?: string }, Page>('pilots', 'grids.list');
/** `fields` is raw JSON of an object; replies the post-image. */
export const ReportGrid = command<{ grid_id: string; fields: string }, { document: string }>('pilots', 'grid.report');

/** Fields by which pilots are found, each to the letter (contract 12.2). */
export interface PilotFilters {
  readonly grid_id?: string;
  readonly queue_host?: string;
  readonly queue_version?: string;
  readonly host?: string;
  readonly version?: string;
  readonly site?: string;
}

/** Body of `POST /pilots`: raw JSON of an object whose known members are of their types (contract 12.1). */
export const StartPilot = command<{ description: string }, { pilot_id: string }>('pilots', 'pilot.start');
export const GetPilot = query<{ pilot_id: string }, { document: string }>('pilots', 'pilot.get');
/** Entries are `"<pilot_id>":{...}` texts in creation order. */
export const ListPilots = query<PilotFilters & { keys?: readonly string[]; cursor?: string }, Page>(
  'pilots',
  'pilots.list',
);
/** `fields` is raw JSON of an object; replies the post-image. */
export const ReportPilot = command<{ pilot_id: string; fields: string }, { document: string }>(
  'pilots',
  'pilot.report',
);
/** Deletes a pilot; tasks that it still held go back (contract 12.3). */
export const EndPilot = command<{ pilot_id: string }, Nothing>('pilots', 'pilot.end');
