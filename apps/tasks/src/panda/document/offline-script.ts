import type { Job } from '../view.js';

/** A text as one word of a shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

const lines = (texts: readonly (string | false)[]): string => `${texts.filter((text) => text !== false).join('\n')}\n`;

/**
 * A shell script that runs a job by hand (contract 6.5): fetches its inputs, sets up its environment, and runs the transformation with the job's
 * parameters.
 */
export const offlineScript = ({ pandaId, attributes, files }: Job): string => {
  const { transformation, homepackage, AtlasRelease: release, cmtConfig, jobParameters, container_name } = attributes;
  const inputs = files.filter(({ type }) => type === 'input');
  const script = (transformation ?? '').split('/').at(-1) ?? '';
  const isFetched = /^https?:/u.test(transformation ?? '');
  return lines([
    '#!/bin/sh',
    `# PandaID ${pandaId}, task ${attributes.jediTaskID ?? 'none'}`,
    'set -e',
    '',
    inputs.length > 0 && '# inputs',
    ...inputs.map(
      ({ lfn, scope }) => `rucio download --no-subdir ${quoted(scope === undefined ? lfn : `${scope}:${lfn}`)}`,
    ),
    inputs.length > 0 && '',
    '# environment',
    `export PandaID=${pandaId}`,
    container_name !== null && `export CONTAINER_NAME=${quoted(container_name)}`,
    cmtConfig !== null && `export CMTCONFIG=${quoted(cmtConfig)}`,
    release !== null && `export ATLAS_RELEASE=${quoted(release)}`,
    homepackage !== null && `export HOMEPACKAGE=${quoted(homepackage)}`,
    '',
    '# transformation',
    isFetched && `curl --silent --show-error --fail --output ${quoted(script)} ${quoted(transformation ?? '')}`,
    isFetched && `chmod +x ${quoted(script)}`,
    `${isFetched ? `./${quoted(script)}` : quoted(transformation ?? 'true')} ${jobParameters ?? ''}`.trimEnd(),
  ]);
};
