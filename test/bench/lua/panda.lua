-- PanDA's pilots, each request with the identity of one.
-- Arguments: `cycle`, number of queues, jobs of an acquisition: acquire, run and finish jobs; counts the reports of ends.
--            `heartbeat`, first and last PandaID: reports of running jobs.
--            `get`, path.
dofile("test/bench/lua/report.lua")

counted = 0
local mode, queues, atOnce, first, last
local site = 0
-- Reports to send. The end of a job comes a while after its start, also while others wait for theirs.
local starts, firstStart, lastStart = {}, 1, 0
local ends, firstEnd, lastEnd = {}, 1, 0
local APART = 64

function init(args)
  mode = args[1]
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["X-SSL-Client-Verify"] = "SUCCESS"
  wrk.headers["X-SSL-Client-S-DN"] = "/CN=Bench Pilot"
  wrk.headers["X-VOMS-FQAN"] = "/wlcg/Role=production"
  if mode == "cycle" then
    queues, atOnce = tonumber(args[2]), args[3]
  elseif mode == "heartbeat" then
    first, last = tonumber(args[2]), tonumber(args[3])
    site = first
  else
    site = wrk.format("GET", args[2])
  end
end

local function acquire()
  site = (site + 1) % queues
  return wrk.format("POST", "/api/v1/pilot/acquire_jobs", nil,
    '{"site_name":"SITE_' .. site .. '","prod_source_label":"user","memory":4000,"node":"bench","n_jobs":' .. atOnce .. "}")
end

local function update(id, fields)
  return wrk.format("POST", "/api/v1/pilot/update_job", nil, '{"job_id":' .. id .. "," .. fields .. "}")
end

local function finished(id, files)
  local report = ""
  for file in string.gmatch(files, "[^,]+") do
    report = report .. (report == "" and "" or ",") .. '\\"' .. file .. '\\":{\\"guid\\":\\"g\\",\\"fsize\\":1024,\\"adler32\\":\\"0a1b2c3d\\"}'
  end
  return update(id, '"job_status":"finished","attempt_nr":1,"n_events":5,"job_output_report":"{' .. report .. '}"')
end

function request()
  if mode == "get" then return site end
  if mode == "heartbeat" then
    site = site < last and site + 1 or first
    return update(site, '"job_status":"running","attempt_nr":1,"cpu_consumption_time":' .. os.time() .. ',"max_rss":' .. site)
  end
  if firstStart - firstEnd > APART then
    local call = ends[firstEnd]
    ends[firstEnd] = nil
    firstEnd = firstEnd + 1
    counted = counted + 1
    return call
  end
  if firstStart <= lastStart then
    local call = starts[firstStart]
    starts[firstStart] = nil
    firstStart = firstStart + 1
    return call
  end
  return acquire()
end

function response(status, headers, body)
  if mode ~= "cycle" or status ~= 200 or not string.find(body, '"jobs":[', 1, true) then return end
  for id, files in string.gmatch(body, '"PandaID":(%d+).-"outFiles":"([^"]+)"') do
    lastStart = lastStart + 1
    starts[lastStart] = update(id, '"job_status":"running","attempt_nr":1,"node":"bench"')
    lastEnd = lastEnd + 1
    ends[lastEnd] = finished(id, files)
  end
end
