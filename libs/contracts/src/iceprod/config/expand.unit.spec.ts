import { expand, expandAll, ExpansionBudget, ExpansionRefused, ExpansionTooLarge, type Scope } from './expand.js';
import { isObject, parseJson, writeJson, type JsonObject } from './json.js';

const object = (text: string): JsonObject => {
  const value = parseJson(text);
  return isObject(value) ? value : {};
};

const scope: Scope = {
  budget: new ExpansionBudget(),
  bare: [object('{"job": 17, "task": 2, "dataset": 21234, "iter": 1}')],
  steering: object(`{
    "gcdfile": "/data/Geo_$steering(mjd)_V0.i3.gz", "mjd": 57531, "emax": "1e5", "gamma": 2.0, "huge": 1152921504606846977,
    "CORSIKA::seed": "$eval($eval($(dataset)*100000 + $(job))%100000000)",
    "outfile": "$sprintf('%s_corsika.%06d.%06d',$steering(geometry),$(dataset),$(job))", "geometry": "IC86.2016",
    "tar::1": "ellipse", "subdirectory": "$sprintf('%07d-%07d',$eval($(job)//1000*1000),$eval($(job)//1000*1000+999))",
    "flag": true, "nothing": null, "list": [1, 2.5, 3], "self": "x$steering(self)", "twice": "$steering(twice)$steering(twice)"
  }`),
  options: [object('{"tag": "v3"}'), object('{"tag": "v2", "other": "x"}')],
  choose: () => 1,
};

describe('expand', () => {
  it.each([
    ['--seed $(job)', '--seed 17'],
    ['$steering(gcdfile)', '/data/Geo_57531_V0.i3.gz'],
    ['$(gcdfile)', '/data/Geo_57531_V0.i3.gz'],
    ['$steering(CORSIKA::seed)', '23400017'],
    ['Level2_$steering(outfile).i3.bz2', 'Level2_IC86.2016_corsika.021234.000017.i3.bz2'],
    ['$steering(tar::$(iter)).tar', 'ellipse.tar'],
    ['$(subdirectory)', '0000000-0000999'],
    ['$args(tag)-$options(tag)-$options(other)', 'v3-v3-x'],
    ['$eval($steering(gamma)*2)', '4.0'],
    ['$steering(gamma)', '2.0'],
    ['$steering(huge)', '1152921504606846977'],
    ['$steering(flag) $steering(nothing)', 'True None'],
    ['$sum(1,2,3) $min(4,2.5) $max($steering(list)) $len($steering(list))', '6 2.5 3 3'],
    ['$choice(a,b,c)', 'b'],
    ["$sprintf('%s, %s', 'a,b', \"c\")", 'a,b, c'],
  ])('%s', (text, expected) => {
    expect(expand(text, scope)).toBe(expected);
  });

  it.each(['$steering(unknown)', '$(unknown) and $100', '$eval(a+b)', '$unheard(x)', '$(job', "$sprintf('%d','x')"])(
    'leaves %s as it is written',
    (text) => {
      expect(expand(text, scope)).toBe(text);
    },
  );

  it.each(['$steering(self)', '$steering(twice)'])('refuses %s, which is recursive', (text) => {
    expect(() => expand(text, { ...scope, budget: new ExpansionBudget() })).toThrow(ExpansionRefused);
  });

  it.each([
    ['a text', 'x'],
    ['nothing', ''],
  ])('refuses doublings of %s', (_, seed) => {
    const doubled = Array.from({ length: 30 }, (_, at) => [`p${at}`, at === 0 ? seed : `$(p${at - 1})$(p${at - 1})`]);
    const bare = [Object.fromEntries(doubled)];
    expect(() => expand('$(p29)', { ...scope, bare, budget: new ExpansionBudget() })).toThrow(ExpansionTooLarge);
  });

  it('refuses many expansions that are too much together', () => {
    const shared = { ...scope, budget: new ExpansionBudget(10_000) };
    const expandMany = (): unknown => Array.from({ length: 100 }, () => expand('$eval(1+1)', shared));
    expect(expandMany).toThrow(ExpansionTooLarge);
  });

  it('refuses arithmetic with huge numbers that takes longer than its text shows', () => {
    const text = `$eval(${'9**1024%7+'.repeat(100_000)}1)`;
    expect(() => expand(text, { ...scope, budget: new ExpansionBudget() })).toThrow(ExpansionTooLarge);
  });

  it('takes no longer for unclosed parentheses', () => {
    const text = '$('.repeat(200_000);
    expect(expand(text, scope)).toBe(text);
    expect(expand(`${text}$(job))`, scope)).toBe(`${text.slice(0, -2)}$(17)`);
  });

  it('expands inside documents and keeps numbers as they are written', () => {
    const document = parseJson('{"a": ["$(job)", 1.0, null], "b": {"c": "$steering(emax)", "d": 1e2}}');
    expect(writeJson(expandAll(document, scope))).toBe('{"a":["17",1.0,null],"b":{"c":"1e5","d":1e2}}');
  });
});
