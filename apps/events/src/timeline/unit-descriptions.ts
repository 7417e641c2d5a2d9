import { DomainError } from '#platform/domain-error.js';
import { idAt } from '#contracts/ids.js';
import { membersOf, mergeFields, objectText } from '#contracts/raw-json.js';
import type { GroupEvents, UnitAdded, UnitEvents, UnitsAdded } from '#contracts/work-events.js';
import { because, counted, type DescriptionsOf, listed, type Subject } from './description.js';
import { type ChangedValues, isHidden, plainValues, rawValues } from './values.js';

/** How a dialect's documents name what the engine's events set; what has no name there is not shown. */
export interface UnitNames {
  readonly id?: string;
  readonly workload?: string;
  readonly group?: string;
  readonly groupIndex?: string;
  readonly index?: string;
  readonly name?: string;
  readonly depends?: string;
  readonly requirements?: string;
  readonly label?: string;
  readonly status: string;
  readonly outcome?: string;
  readonly priority?: string;
  readonly lease?: string;
  readonly holder?: string;
  readonly site?: string;
  readonly failures?: string;
  readonly evictions?: string;
  readonly hours?: string;
  readonly failedHours?: string;
  readonly failedRuns?: string;
}

export interface GroupNames {
  readonly id: string;
  readonly workload: string;
  readonly index: string;
  readonly status: string;
}

const numberIn = ({ before }: Subject, name: string | undefined): number => {
  const value = Number(name === undefined ? 0 : (before.get(name) ?? 0));
  return Number.isFinite(value) ? value : 0;
};

/** What a client overwrote: the top-level members that the fields name. */
export const amended = (fields: string, { before }: Subject): ChangedValues => {
  const after = mergeFields(objectText([...before].filter(([name]) => !isHidden(name))), fields);
  if (after instanceof DomainError) return new Map();
  const named = new Set([...membersOf(fields).keys()].map((name) => name.split('.', 1)[0]));
  return new Map([...membersOf(after)].filter(([name]) => named.has(name)));
};

/** ` after 1.5 h`, or nothing. */
const after = (hours: number | undefined): string =>
  hours === undefined ? '' : ` after ${Number(hours.toFixed(4))} h`;

const at = (site: string | undefined): string => (site ? ` at ${site}` : '');

/** One unit of many equal groups, with the fields of `UnitAdded`. */
const unitOfMany = ({ workload_id, prefix, group_ids: groups, shapes }: UnitsAdded, index: number) => {
  const shape = shapes[index % shapes.length];
  const group = Math.floor(index / shapes.length);
  return {
    workload_id,
    unit_id: idAt(prefix, index),
    ...(groups && { group_id: idAt(groups.prefix, groups.first + group), group_index: groups.first_index + group }),
    index: index % shapes.length,
    ...shape,
    depends: shape?.depends.map((other) => idAt(prefix, group * shapes.length + other)) ?? [],
  };
};

/** Meanings of the events that all dialects share, with the names of one. */
export const unitDescriptions = (names: UnitNames): DescriptionsOf<UnitEvents> => {
  type Named = { readonly [Name in keyof UnitNames]?: unknown };
  /** Values by the dialect's names; requirements are raw JSON. */
  const set = ({ requirements, ...plain }: Named): Map<string, string> => {
    const known = Object.entries(plain).flatMap(([key, value]) => {
      const name = names[key as keyof UnitNames];
      return name === undefined ? [] : [[name, value] as const];
    });
    const documents = typeof requirements === 'string' && names.requirements !== undefined;
    return new Map([
      ...plainValues(Object.fromEntries(known)),
      ...(documents ? rawValues({ [names.requirements]: requirements }) : []),
    ]);
  };
  const added = ({
    workload_id: workload,
    unit_id: id,
    group_id: group,
    group_index: groupIndex,
    lease_id: lease,
    ...unit
  }: Partial<UnitAdded>): Map<string, string> =>
    set({
      ...{ site: '', failures: 0, evictions: 0, hours: 0, failedHours: 0, failedRuns: 0 },
      ...{ workload, id, group, groupIndex, lease: lease ?? '', ...unit },
    });
  return {
    UnitAdded: {
      what: ({ units }, words) => `added ${words.units(units)}`,
      sets: { unit: (data) => added(data) },
    },
    UnitsAdded: {
      what: ({ units }, words) => `added ${words.units(units)}`,
      sets: { unit: (data, { index }) => added(unitOfMany(data, index)) },
      unitData: unitOfMany,
    },
    UnitsClaimed: {
      what: ({ units, site, holder }, words) =>
        `claimed ${words.units(units)}${at(site)}${holder === undefined ? '' : ` for ${holder}`}`,
      sets: { unit: ({ status, lease_id, holder, site }) => set({ status, lease: lease_id, holder, site }) },
    },
    UnitStarted: {
      what: ({ units, site }, words) => `started to run ${words.units(units)}${at(site)}`,
      sets: { unit: ({ status, site }) => set({ status, site }) },
    },
    UnitFailed: {
      what: ({ units, status, hours, reason, site }, words) =>
        `reported that ${words.units(units)} failed${at(site)}${after(hours)}, now ${status}${because(reason)}`,
      sets: {
        unit: ({ status, outcome, hours, requirements, site }, subject) =>
          set({
            ...{ status, outcome, requirements, site, lease: '' },
            failures: numberIn(subject, names.failures) + 1,
            ...(hours !== undefined && {
              failedHours: numberIn(subject, names.failedHours) + hours,
              failedRuns: numberIn(subject, names.failedRuns) + 1,
            }),
          }),
      },
    },
    UnitSucceeded: {
      what: ({ units, hours, site, status }, words) =>
        `reported that ${words.units(units)} succeeded${at(site)}${after(hours)}, now ${status}`,
      sets: { unit: ({ status, outcome, hours, site }) => set({ status, outcome, hours, site, lease: '' }) },
    },
    UnitsMoved: {
      what: ({ units, status, clears = [] }, words) =>
        `set ${words.units(units)} to ${status}${clears.length > 0 ? ` and cleared ${listed(clears)}` : ''}`,
      sets: {
        unit: ({ status, outcome, clears = [] }) =>
          set({
            ...{ status, outcome },
            ...(clears.includes('lease') && { lease: '' }),
            ...(clears.includes('site') && { site: '' }),
            ...(clears.includes('failures') && { failures: 0 }),
          }),
      },
    },
    UnitsEvicted: {
      what: ({ units, status, reason }, words) =>
        `took ${words.units(units)} back from the ${words.nouns.worker}, now ${status}${because(reason)}`,
      sets: {
        unit: ({ status }, subject) => set({ status, lease: '', evictions: numberIn(subject, names.evictions) + 1 }),
      },
      follows: () => ['WorkerEnded'],
    },
    UnitAmended: {
      what: ({ units, fields }, words) => `overwrote ${listed([...membersOf(fields).keys()])} of ${words.units(units)}`,
      sets: { unit: ({ fields }, subject) => amended(fields, subject) },
    },
    UnitsLinked: {
      what: ({ units, links }, words) =>
        `made ${words.units(units)} wait for others (${counted(links.length, 'link')})`,
    },
    UnitsUnlinked: {
      what: ({ units, links }, words) =>
        `let ${words.units(units)} wait for others no more (${counted(links.length, 'link')})`,
    },
    UnitsRemoved: {
      what: ({ units }, words) => `removed ${words.units(units)}`,
      sets: { unit: (_, { before }) => new Map([...before.keys()].map((name) => [name, undefined])) },
    },
  };
};

/** Meanings of the events of groups, with the names of a dialect. */
export const groupDescriptions = (names: GroupNames): DescriptionsOf<GroupEvents> => ({
  GroupsAdded: {
    what: ({ groups }, words) => `added ${words.groups(groups)}`,
    sets: {
      group: ({ workload_id, first_index, status, ids }, { index }) =>
        plainValues({
          [names.id]: 'id' in ids ? ids.id : idAt(ids.prefix, index),
          [names.workload]: workload_id,
          [names.index]: first_index + index,
          [names.status]: status,
        }),
    },
  },
  GroupsMoved: {
    what: ({ groups, status }, words) => `set ${words.groups(groups)} to ${status}`,
    sets: { group: ({ status }) => plainValues({ [names.status]: status }) },
  },
  GroupAmended: {
    what: ({ groups, fields }, words) =>
      `overwrote ${listed([...membersOf(fields).keys()])} of ${words.groups(groups)}`,
    sets: { group: ({ fields }, subject) => amended(fields, subject) },
  },
});
