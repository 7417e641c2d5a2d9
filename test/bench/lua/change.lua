-- PUT <prefix><id>/status, each time a real change: first all ids to waiting, then all to idle, and so on.
-- Arguments: file of ids, prefix.
dofile("test/bench/lua/report.lua")

local ids, prefix
local sent = 0

function init(args)
  wrk.headers["Authorization"] = "Bearer " .. os.getenv("TOKEN")
  wrk.headers["Content-Type"] = "application/json"
  ids = read_lines(args[1])
  prefix = args[2]
end

function request()
  local id = ids[sent % #ids + 1]
  local status = math.floor(sent / #ids) % 2 == 0 and "waiting" or "idle"
  sent = sent + 1
  return wrk.format("PUT", prefix .. id .. "/status", nil, '{"status":"' .. status .. '"}')
end
