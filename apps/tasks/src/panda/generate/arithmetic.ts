/** The nesting of longer expressions could be too deep. */
const TOKENS_MAX = 200;
const TOKENS = /\d+|[-+*/()]/gu;

/**
 * The value of an expression of integers, `+ - * / ( )` and `#`, which stands for a name that is a number. Division rounds down. Undefined when it is
 * something else (PanDA contract 9.4, `${STREAM/M[expr]}`).
 */
export const valueOf = (expression: string, name: string): number | undefined => {
  const text = expression.replaceAll('#', ` ${name} `).replaceAll(/\s+/gu, ' ');
  if (text.replaceAll(TOKENS, '').trim() !== '') return undefined;
  const tokens = text.match(TOKENS) ?? [];
  if (tokens.length > TOKENS_MAX) return undefined;
  let at = 0;

  const factor = (): number => {
    const token = tokens[at++];
    if (token === '-') return -factor();
    if (token === '+') return factor();
    if (token === '(') {
      const value = sum();
      return tokens[at++] === ')' ? value : NaN;
    }
    return token === undefined ? NaN : Number(token);
  };
  const product = (): number => {
    let value = factor();
    while (tokens[at] === '*' || tokens[at] === '/') {
      const isProduct = tokens[at++] === '*';
      const other = factor();
      value = isProduct ? value * other : Math.floor(value / other);
    }
    return value;
  };
  const sum = (): number => {
    let value = product();
    while (tokens[at] === '+' || tokens[at] === '-') {
      const isSum = tokens[at++] === '+';
      const other = product();
      value = isSum ? value + other : value - other;
    }
    return value;
  };

  const value = sum();
  return at === tokens.length && Number.isSafeInteger(value) ? value : undefined;
};
