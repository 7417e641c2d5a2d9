/** The file in which a pilot lists the inputs of a dataset, as the command line names it (PanDA contract 9.4, `/F`). */
export const listFileOf = (dataset: string): string => `tmpin_${dataset.replace(/\/$/u, '').split(':').at(-1) ?? ''}`;
