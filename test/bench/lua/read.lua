-- GET <prefix><id> for one id after the other, in a shuffled order. Arguments: file of ids, prefix.
dofile("test/bench/lua/report.lua")

local ids, prefix
local next_id = 0

function init(args)
  wrk.headers["Authorization"] = "Bearer " .. os.getenv("TOKEN")
  ids = read_lines(args[1])
  prefix = args[2]
end

function request()
  -- 7919 is prime to any count of ids that is a power of ten: every id comes once before one comes again.
  next_id = (next_id + 7919) % #ids
  return wrk.format("GET", prefix .. ids[next_id + 1])
end
