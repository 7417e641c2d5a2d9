import { envelopeText, jsonText, legacyAnswer } from './answers.js';
import { failure, RawJson, success } from './function.js';

describe('an envelope', () => {
  it('has exactly three keys', () => {
    expect(envelopeText(success())).toBe('{"success":true,"message":"","data":null}');
    expect(envelopeText(failure('"no"'))).toBe('{"success":false,"message":"\\"no\\"","data":null}');
    expect(envelopeText(success(undefined))).toBe('{"success":true,"message":"","data":null}');
  });

  it('takes texts of services as they are, wherever they stand', () => {
    const jobs = new RawJson('[{"PandaID": 1.0}]');
    expect(envelopeText(success(jobs))).toBe('{"success":true,"message":"","data":[{"PandaID": 1.0}]}');
    expect(envelopeText(success({ StatusCode: 0, jobs, left: undefined }))).toBe(
      '{"success":true,"message":"","data":{"StatusCode":0,"jobs":[{"PandaID": 1.0}]}}',
    );
    expect(jsonText([1, 'a', true, null, { b: [jobs] }])).toBe('[1,"a",true,null,{"b":[[{"PandaID": 1.0}]]}]');
  });
});

describe('an answer of the legacy API', () => {
  const fields = {
    StatusCode: 0,
    text: 'a b&c',
    list: [1, { a: null }],
    raw: new RawJson('[1, 2]'),
    no: null,
    yes: true,
  };

  it('is URL-encoded text for clients that do not ask for JSON', () => {
    expect(legacyAnswer({ kind: 'fields', fields }, false)).toEqual({
      status: 200,
      contentType: 'text/plain; charset=utf-8',
      body: 'StatusCode=0&text=a+b%26c&list=%5B1%2C%7B%22a%22%3Anull%7D%5D&raw=%5B1%2C+2%5D&no=None&yes=True',
    });
  });

  it('is JSON for others', () => {
    expect(legacyAnswer({ kind: 'fields', fields }, true)).toEqual({
      status: 200,
      contentType: 'application/json',
      body: '{"StatusCode":0,"text":"a b&c","list":[1,{"a":null}],"raw":[1, 2],"no":null,"yes":true}',
    });
  });

  it.each([true, false])('may be JSON or text whatever they ask for (%j)', (wantsJson) => {
    expect(legacyAnswer({ kind: 'json', value: [true, 'OK'] }, wantsJson)).toMatchObject({
      contentType: 'application/json',
      body: '[true,"OK"]',
    });
    expect(legacyAnswer({ kind: 'text', text: 'True' }, wantsJson)).toMatchObject({ status: 200, body: 'True' });
    expect(legacyAnswer({ kind: 'refused', status: 404 }, wantsJson)).toMatchObject({ status: 404, body: 'not found' });
    expect(legacyAnswer({ kind: 'refused', status: 403 }, wantsJson)).toMatchObject({ status: 403, body: 'forbidden' });
  });
});
