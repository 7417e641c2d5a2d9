import { type Json, parseJson } from '#contracts/iceprod/config/json.js';

const CONFIGS_MAX = 4;

/** The configs that were parsed last: a materialization needs the same one for each job. */
export class ParsedConfigs {
  private readonly parsed = new Map<string, Json>();

  parse(text: string): Json {
    const known = this.parsed.get(text);
    if (known !== undefined) return known;
    const config = parseJson(text);
    this.parsed.set(text, config);
    const [oldest] = this.parsed.keys();
    if (this.parsed.size > CONFIGS_MAX && oldest !== undefined) this.parsed.delete(oldest);
    return config;
  }
}
