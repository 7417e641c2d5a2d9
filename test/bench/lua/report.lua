-- Ends a wrk run with one line of JSON for the bench to read; the scripts of the rows load this file.

function read_lines(path)
  local lines = {}
  for line in io.lines(path) do lines[#lines + 1] = line end
  return lines
end

threads = {}

function setup(thread)
  threads[#threads + 1] = thread
end

-- What a script counted in its global `counted` is added up over the threads.
function done(summary, latency, requests)
  local counted_sum = 0
  for _, thread in ipairs(threads) do counted_sum = counted_sum + (thread:get("counted") or 0) end
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests":%d,"seconds":%.6f,"p50Ms":%.3f,"p99Ms":%.3f,"refused":%d,"broken":%d,"counted":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout, counted_sum))
end
