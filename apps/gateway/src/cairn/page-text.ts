/**
 * A page as JSON: `{"<name>":[...],"next":"..."}`.
 *
 * @param more members behind, as raw JSON
 */
export const pageText = (
  name: string,
  { entries, next }: { readonly entries: readonly string[]; readonly next?: string },
  more = '',
): string => `{"${name}":[${entries.join(',')}]${next === undefined ? '' : `,"next":${JSON.stringify(next)}`}${more}}`;
