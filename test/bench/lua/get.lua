-- One path, again and again. The variable TOKEN may be unset.
dofile("test/bench/lua/report.lua")

function init()
  local token = os.getenv("TOKEN")
  if token then wrk.headers["Authorization"] = "Bearer " .. token end
end
