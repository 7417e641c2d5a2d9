/** Booleans come first, then numbers, then texts, then the rest (Torc contract 1.6). */
const rankOf = (value: unknown): number => {
  if (typeof value === 'boolean') return 0;
  if (typeof value === 'number') return 1;
  return typeof value === 'string' ? 2 : 3;
};

/** UTF-16 units order like code points except between surrogates and the characters above them. */
const unitRank = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);

/** By code point. */
const compareTexts = (a: string, b: string): number => {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const [unitA, unitB] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (unitA !== unitB) return unitRank(unitA) - unitRank(unitB);
  }
  return a.length - b.length;
};

/** Orders values of a field: booleans false first, numbers by value, texts by code point; what is missing comes last. */
export const compareValues = (a: unknown, b: unknown): number => {
  const [hasA, hasB] = [a !== undefined && a !== null, b !== undefined && b !== null];
  if (!hasA || !hasB) return Number(hasB) - Number(hasA);
  const [rankA, rankB] = [rankOf(a), rankOf(b)];
  if (rankA !== rankB) return rankA - rankB;
  if (rankA < 2) return Number(a) - Number(b);
  return rankA === 2 ? compareTexts(a as string, b as string) : compareTexts(JSON.stringify(a), JSON.stringify(b));
};
