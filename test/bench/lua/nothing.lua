-- A claim that no task fits: the answer is 404. Counts these answers.
dofile("test/bench/lua/report.lua")

counted = 0
local claim

function init()
  wrk.headers["Authorization"] = "Bearer " .. os.getenv("TOKEN")
  wrk.headers["Content-Type"] = "application/json"
  claim = wrk.format("POST", "/task_actions/queue", nil, '{"requirements":{"cpu":1,"gpu":0,"memory":0.25}}')
end

function request() return claim end

function response(status)
  if status == 404 then counted = counted + 1 end
end
