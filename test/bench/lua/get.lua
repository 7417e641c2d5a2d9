-- One path, again and again. Arguments: token (may be "-").
dofile("test/bench/lua/report.lua")

function init(args)
  if args[1] ~= "-" then wrk.headers["Authorization"] = "Bearer " .. args[1] end
end
