import { isObject, type JsonMembers, objectIn } from '#platform/json-object.js';

/** What a pilot says of one file (PanDA contract 4.2.5). */
export interface ReportedFile {
  readonly guid?: string;
  readonly fsize?: number;
  /** `ad:<adler32>`, else `md:<md5>`. */
  readonly checksum?: string;
  readonly events?: number;
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

const wholeOf = (value: unknown): number | undefined => {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
};

const checksumOf = ({ adler32, md5sum }: JsonMembers): string | undefined => {
  const [adler, md5] = [textOf(adler32), textOf(md5sum)];
  if (adler !== undefined) return `ad:${adler}`;
  return md5 === undefined ? undefined : `md:${md5}`;
};

const fileOf = (fields: JsonMembers): ReportedFile => {
  const [guid, fsize, checksum, events] = [
    ...([textOf(fields['guid']), wholeOf(fields['fsize'])] as const),
    ...([checksumOf(fields), wholeOf(fields['events'])] as const),
  ];
  return {
    ...(guid !== undefined && { guid }),
    ...(fsize !== undefined && { fsize }),
    ...(checksum !== undefined && { checksum }),
    ...(events !== undefined && { events }),
  };
};

/** Files of an output report by their names; undefined when it cannot be read. */
export const readOutputReport = (text: string | undefined): ReadonlyMap<string, ReportedFile> | undefined => {
  const report = objectIn(text ?? '');
  if (report === undefined) return undefined;
  const files = new Map<string, ReportedFile>();
  for (const [name, fields] of Object.entries(report)) {
    if (!isObject(fields)) continue;
    files.set(name, fileOf(fields));
  }
  return files;
};

/** Numbers of events by name of file, as the job's metadata has them: `files.output[].subFiles[].nentries`. */
export const eventsInMetadata = (text: string | undefined): ReadonlyMap<string, number> => {
  const events = new Map<string, number>();
  const files = objectIn(text ?? '')?.['files'];
  const outputs = isObject(files) ? files['output'] : undefined;
  for (const output of Array.isArray(outputs) ? (outputs as readonly unknown[]) : []) {
    const parts = isObject(output) ? output['subFiles'] : undefined;
    for (const part of Array.isArray(parts) ? (parts as readonly unknown[]) : []) {
      if (!isObject(part)) continue;
      const [name, count] = [textOf(part['name']), wholeOf(part['nentries'])];
      if (name !== undefined && count !== undefined) events.set(name, count);
    }
  }
  return events;
};
