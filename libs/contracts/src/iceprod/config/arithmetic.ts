/** An integer is a bigint, a fraction a number: configs are written for Python, where `7 // 2` is `3` and `4 / 2` is `2.0`. */
export type Numeric = bigint | number;

/** Raised for text that is not an arithmetic expression; the macro then stays as it was written. */
class NotArithmetic extends Error {
  override readonly name = 'NotArithmetic';
}

/** Longest integer, as in Python, and longest text of any number. Without it a config could fill the memory with one number. */
const DIGITS_MAX = 4300;
const INTEGER_END = 10n ** BigInt(DIGITS_MAX);
/** The size of a power is estimated from the digits of its base before it is computed. */
const POWER_HEX_DIGITS_MAX = BigInt(INTEGER_END.toString(16).length);
const EXPONENT_MAX = 1024n;

/** Maximum nesting of parentheses and signs, as in Python. */
const NESTING_MAX = 200;

const TOKEN = /\s*(?:(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|(\*\*|\/\/|[-+*/%()]))/y;

const tokenize = (text: string): readonly string[] => {
  const tokens: string[] = [];
  const trimmed = text.trimEnd();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < trimmed.length) {
    const match = TOKEN.exec(trimmed);
    if (match === null) throw new NotArithmetic(text);
    tokens.push(match[1] ?? match[2] ?? '');
  }
  return tokens;
};

const floorDivide = (left: bigint, right: bigint): bigint => {
  const quotient = left / right;
  return left % right !== 0n && left < 0n !== right < 0n ? quotient - 1n : quotient;
};

const power = (base: Numeric, exponent: Numeric): Numeric => {
  if (typeof base === 'number' || typeof exponent === 'number' || exponent < 0n)
    return Number(base) ** Number(exponent);
  const hexDigitsMin = BigInt(base.toString(16).length - 1) * exponent;
  if (exponent > EXPONENT_MAX || hexDigitsMin > POWER_HEX_DIGITS_MAX) throw new NotArithmetic('a long integer');
  return base ** exponent;
};

const calculate = (operator: string, left: Numeric, right: Numeric): Numeric => {
  const value = calculated(operator, left, right);
  if (typeof value === 'bigint' && (value >= INTEGER_END || value <= -INTEGER_END)) {
    throw new NotArithmetic('a long integer');
  }
  return value;
};

const calculated = (operator: string, left: Numeric, right: Numeric): Numeric => {
  if (operator === '**') return power(left, right);
  if (['/', '//', '%'].includes(operator) && Number(right) === 0) throw new NotArithmetic('division by zero');
  if (operator === '/') return Number(left) / Number(right);
  if (typeof left === 'bigint' && typeof right === 'bigint') {
    switch (operator) {
      case '+':
        return left + right;
      case '-':
        return left - right;
      case '*':
        return left * right;
      case '//':
        return floorDivide(left, right);
      default:
        return left - right * floorDivide(left, right);
    }
  }
  const [a, b] = [Number(left), Number(right)];
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '//':
      return Math.floor(a / b);
    default:
      return a - b * Math.floor(a / b);
  }
};

/** Recursive descent with Python's precedence: `**` binds tighter than a sign on its left. */
class Parser {
  private next = 0;
  private nesting = 0;

  constructor(private readonly tokens: readonly string[]) {}

  whole(): Numeric {
    const value = this.sum();
    if (this.next < this.tokens.length) throw new NotArithmetic(this.tokens.join(' '));
    return value;
  }

  private take(...wanted: readonly string[]): string | undefined {
    const token = this.tokens[this.next];
    if (token === undefined || !wanted.includes(token)) return undefined;
    this.next += 1;
    return token;
  }

  private sum(): Numeric {
    let value = this.product();
    for (let operator = this.take('+', '-'); operator !== undefined; operator = this.take('+', '-')) {
      value = calculate(operator, value, this.product());
    }
    return value;
  }

  private product(): Numeric {
    let value = this.signed();
    for (
      let operator = this.take('*', '//', '/', '%');
      operator !== undefined;
      operator = this.take('*', '//', '/', '%')
    ) {
      value = calculate(operator, value, this.signed());
    }
    return value;
  }

  private signed(): Numeric {
    this.nesting += 1;
    if (this.nesting > NESTING_MAX) throw new NotArithmetic('too deep');
    const value = this.power();
    this.nesting -= 1;
    return value;
  }

  private power(): Numeric {
    if (this.take('-') !== undefined) return -this.signed();
    if (this.take('+') !== undefined) return this.signed();
    const base = this.atom();
    return this.take('**') === undefined ? base : calculate('**', base, this.signed());
  }

  private atom(): Numeric {
    if (this.take('(') !== undefined) {
      const value = this.sum();
      if (this.take(')') === undefined) throw new NotArithmetic('(');
      return value;
    }
    const token = this.tokens[this.next] ?? '';
    const value = parseNumeric(token);
    if (value === undefined) throw new NotArithmetic(token);
    this.next += 1;
    return value;
  }
}

/** Reads one number; `undefined` when the text is not a number, or is longer than any that Python reads. */
export const parseNumeric = (text: string): Numeric | undefined => {
  const trimmed = text.trim();
  if (trimmed.length > DIGITS_MAX) return undefined;
  if (/^[+-]?\d+$/.test(trimmed)) return BigInt(trimmed.replace(/^\+/, ''));
  return /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(trimmed) ? Number(trimmed) : undefined;
};

/** As Python's `str` writes it: a fraction never looks like an integer. */
export const formatNumeric = (value: Numeric): string => {
  if (typeof value === 'bigint' || !Number.isFinite(value)) return String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e16) return value.toFixed(1);
  return String(value).replace(/e([+-])(\d)$/, 'e$10$2');
};

/** Value of a sum of products of numbers; `undefined` for anything else. */
export const evaluate = (text: string): Numeric | undefined => {
  try {
    return new Parser(tokenize(text)).whole();
  } catch (error) {
    if (error instanceof NotArithmetic) return undefined;
    throw error;
  }
};
