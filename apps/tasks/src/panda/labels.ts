/** Whether a `prodSourceLabel` is of jobs that users send: they are analysis, what others send is production. */
export const isOfUser = (label: string | null): boolean => label === 'user' || label === 'panda';
