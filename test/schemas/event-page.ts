import type { EventSchema } from './event-schemas.js';
import { type JsonSchema, nameIn } from './json-schema.js';

const HEAD = `# Events

All types of events that Cairn records, by the dialect of their stream. \`npm run schemas\` makes this page and the JSON
Schemas from the types in \`libs/contracts/src/*/event-types.ts\`; do not edit it. A running Cairn serves the schemas
under \`/cairn/events/schemas\`.

What is said here is the member \`data\` of an event. Around it the history, the feed and webhooks put the envelope of
CloudEvents 1.0, whose \`dataschema\` names the schema with its version: \`urn:cairn:schema:iceprod:UnitsClaimed:1\` is served at
\`/cairn/events/schemas/iceprod/UnitsClaimed/1\`. Within a version members may be added, and words to those that a member
may have; leave aside what you do not know. Anything else gets a new version, and the schemas of the old ones stay.

Members with a question mark are not in every event. Ranges of ordinals are inclusive: \`[[0, 4], [9, 9]]\`.
`;

const TITLES: Readonly<Record<string, string>> = {
  iceprod: 'IceProd',
  panda: 'PanDA',
  torc: 'Torc',
  cairn: 'People, groups and what else belongs to no dialect',
};

/** Names of all members that an event may have: without a question mark those that it has in any case. */
const membersOf = (schema: JsonSchema): readonly string[] => {
  const shapes = (schema.anyOf ?? [schema]).map((shape) =>
    shape.$ref === undefined ? shape : (schema.definitions?.[nameIn(shape.$ref)] ?? {}),
  );
  const names = new Set(shapes.flatMap(({ properties = {} }) => Object.keys(properties)));
  return [...names].map((name) => (shapes.every(({ required }) => required?.includes(name)) ? name : `${name}?`));
};

const cell = (text: string): string => text.replaceAll('|', '\\|');

const row = ({ type, version, schema }: EventSchema): string => {
  const name = version === 1 ? `\`${type}\`` : `\`${type}\` (version ${version})`;
  const members = membersOf(schema).map((member) => `\`${member}\``);
  return `| ${name} | ${cell(schema.description ?? '')} | ${members.join(', ')} |`;
};

/** The page `docs/events.md`. */
export const eventPage = (events: readonly EventSchema[]): string => {
  const sections = Map.groupBy(events, ({ dialect }) => dialect);
  return [
    HEAD,
    ...[...sections].map(([dialect, ofDialect]) =>
      [
        `## ${TITLES[dialect] ?? dialect}\n`,
        // Aligned columns of a table this wide are hard to read, and change with every row.
        '<!-- prettier-ignore -->',
        '| type | what happened | members |',
        '|------|---------------|---------|',
        ...ofDialect.map(row),
        '',
      ].join('\n'),
    ),
  ].join('\n');
};
