-- Torc's runners: they claim jobs, start and complete each. Counts the completed ones.
-- Arguments: path of the workflow, key of the compute node, jobs of a claim.
dofile("test/bench/lua/report.lua")

counted = 0
-- Calls to send. The end of a job comes before the start of another.
local starts, first, last = {}, 1, 0
local ends, ending = {}, 0
local workflow, node, claim

function init(args)
  workflow, node = args[1], args[2]
  wrk.headers["Content-Type"] = "application/json"
  claim = wrk.format("POST", workflow .. "/prepare_jobs_for_submission?limit=" .. args[3], nil,
    '{"num_cpus":' .. args[3] .. ',"memory_gb":1024.0,"num_gpus":0,"num_nodes":1,"scheduler_config_id":""}')
end

function request()
  if ending > 0 then
    ending = ending - 1
    return ends[ending + 1]
  end
  if first > last then return claim end
  local call = starts[first]
  starts[first] = nil
  first = first + 1
  return call
end

local function complete(key, rev)
  return wrk.format("POST", workflow .. "/jobs/" .. key .. "/complete_job/done/" .. rev .. "/1/" .. node, nil,
    '{"job_key":"' .. key .. '","run_id":1,"return_code":0,"exec_time_minutes":0.5,' ..
    '"completion_time":"2026-03-01T09:27:31.004512","status":"done"}')
end

function response(status, headers, body)
  if status ~= 200 then return end
  if string.find(body, '^{"jobs"') then
    for key, rev in string.gmatch(body, '"_key":"(%d+)","_id":"[^"]+","_rev":"([^"]+)"') do
      last = last + 1
      starts[last] = wrk.format("PUT", workflow .. "/jobs/" .. key .. "/start_job/" .. rev .. "/1/" .. node, nil, "")
    end
  elseif string.find(body, '"status":"submitted"', 1, true) then
    ending = ending + 1
    ends[ending] = complete(string.match(body, '"_key":"(%d+)","_id":"[^"]+","_rev":"([^"]+)"'))
  elseif string.find(body, '"status":"done"', 1, true) then
    counted = counted + 1
  end
end
