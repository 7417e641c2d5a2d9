import { FastHistogram } from './histogram.js';

describe('FastHistogram', () => {
  it('counts cumulatively, per combination of labels', () => {
    const histogram = new FastHistogram<'route'>('answer_seconds', 'Time to answer', [0.1, 1]);
    for (const seconds of [0.05, 0.1, 0.5, 7]) histogram.observe('a', () => ({ route: '/a' }), seconds);
    histogram.observe('b', () => ({ route: '/b"' }), 1);
    expect(histogram.text().trimEnd().split('\n')).toEqual([
      '# HELP answer_seconds Time to answer',
      '# TYPE answer_seconds histogram',
      'answer_seconds_bucket{route="/a",le="0.1"} 2',
      'answer_seconds_bucket{route="/a",le="1"} 3',
      'answer_seconds_bucket{route="/a",le="+Inf"} 4',
      'answer_seconds_sum{route="/a"} 7.65',
      'answer_seconds_count{route="/a"} 4',
      'answer_seconds_bucket{route="/b\\"",le="0.1"} 0',
      'answer_seconds_bucket{route="/b\\"",le="1"} 1',
      'answer_seconds_bucket{route="/b\\"",le="+Inf"} 1',
      'answer_seconds_sum{route="/b\\""} 1',
      'answer_seconds_count{route="/b\\""} 1',
    ]);
  });

  it('needs no labels', () => {
    const histogram = new FastHistogram<never>('append_seconds', 'Time', [1]);
    histogram.observe('', () => ({}), 2);
    expect(histogram.text()).toContain('append_seconds_bucket{le="1"} 0\nappend_seconds_bucket{le="+Inf"} 1\n');
    expect(histogram.text()).toContain('append_seconds_sum 2\nappend_seconds_count 1\n');
  });
});
